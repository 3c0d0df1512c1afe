// What is looked at. A layout changes many times while a window is resized;
// the server hears of it every 150 ms at most, and always of the last.
import { Timer } from './timers.js';

const EVERY = 150;
/** Items in one view, as in the protocol. */
const MAX_ITEMS = 256;
/** Device pixels. */
const MAX_SIDE = 8_192;

/** @typedef {{participant: string, source: 'camera' | 'screen', width: number, height: number}} WireItem */

export class View {
  #send;
  #timer = new Timer();
  /** Null until the first view: the server's own choice then holds. @type {WireItem[] | null} */
  #items = null;
  #sent = '';

  /** @param {(items: WireItem[]) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** How many seats it takes. */
  get size() {
    return this.#items?.length ?? 0;
  }

  /** @param {readonly import('./index.js').ViewItem[]} items */
  set(items) {
    this.#items = items.slice(0, MAX_ITEMS).map(toWire);
    if (!this.#timer.pending) this.#timer.set(EVERY, () => this.#flush());
  }

  /** The server has forgotten: tells it again, at once. */
  repeat() {
    this.#sent = '';
    this.#flush();
  }

  stop() {
    this.#timer.clear();
  }

  #flush() {
    this.#timer.clear();
    if (!this.#items) return;
    const text = JSON.stringify(this.#items);
    if (text === this.#sent) return;
    this.#sent = text;
    this.#send(this.#items);
  }
}

/**
 * @param {import('./index.js').ViewItem} item
 * @returns {WireItem}
 */
function toWire({ participant, source, width, height }) {
  const side = (/** @type {number} */ n) => Math.min(MAX_SIDE, Math.max(0, Math.ceil(n) || 0));
  return { participant: typeof participant === 'string' ? participant : participant.id, source, width: side(width), height: side(height) };
}
