// What was said, and saying something.
import { ParleyError } from './errors.js';

/** @typedef {import('./index.js').ChatMessage} ChatMessage */

/** How many texts are kept; older ones are forgotten. */
const KEPT = 1_000;

/**
 * How long after a join what looks after one's own texts is loaded, as long as the
 * server is there to give it, and how often that is tried.
 */
const LOAD_AFTER = 2_000;
const TRIES = 30;

export class Chat {
  #deliver;
  #emit;
  /** Comes with its module. @type {import('./outgoing.js').Outgoing | null} */
  #outgoing = null;
  /** @type {ChatMessage[]} */
  #messages = [];
  /** Ids of the kept texts. @type {Set<string>} */
  #known = new Set();
  /** Who one is and was in this meeting. @type {Set<string>} */
  #own = new Set();

  /**
   * @param {(fields: object, options: {timeoutMs: number}) => Promise<import('./wire.js').Reply>} deliver
   * @param {import('./events.js').Emit} emit
   */
  constructor(deliver, emit) {
    this.#deliver = deliver;
    this.#emit = emit;
  }

  /** @returns {readonly ChatMessage[]} */
  get messages() {
    return this.#messages;
  }

  /**
   * @param {string} text
   * @param {{to?: string, key?: string}} [options]
   * @returns {Promise<ChatMessage>}
   */
  async send(text, { to = '', key = crypto.randomUUID() } = {}) {
    return (this.#outgoing ?? (await this.#load())).send({ key, text, to });
  }

  get outgoing() {
    return this.#outgoing?.texts ?? [];
  }

  /** @param {string} key */
  discard(key) {
    this.#outgoing?.discard(key);
  }

  /** The connection is back, or gone for good. */
  wake() {
    this.#outgoing?.wake();
  }

  /** A join gave one this id. @param {string} id */
  entered(id) {
    this.#own.add(id);
    if (!this.#outgoing) setTimeout(() => void this.#load().catch(() => {}), LOAD_AFTER);
  }

  async #load() {
    for (let n = 0; !this.#outgoing; n++) {
      const module = await import('./outgoing.js').catch(() => null);
      if (module) this.#outgoing ??= new module.Outgoing(this.#deliver, this.#emit, (message) => this.add(message));
      else if (n === TRIES) throw new ParleyError('connect_failed');
      else await new Promise((resolve) => setTimeout(resolve, LOAD_AFTER));
    }
    return this.#outgoing;
  }

  /**
   * Takes a text from the server, which may bring it twice: as an event and
   * as the reply to its sender.
   * @param {ChatMessage} message
   * @returns {ChatMessage}
   */
  add(message) {
    const known = this.#known.has(message.id) && this.#messages.find(({ id }) => id === message.id);
    if (known) return known;
    this.#insert(message);
    this.#emit('chatMessage', { message });
    if (this.#own.has(message.participant)) this.#outgoing?.said(message);
    return message;
  }

  /**
   * Takes the history that comes with a join.
   * @param {ChatMessage[]} history
   * @param {boolean} announce  what is new in it was said while away
   */
  addHistory(history, announce) {
    for (const message of history) {
      if (this.#known.has(message.id)) continue;
      if (announce) this.add(message);
      else this.#insert(message);
    }
  }

  clear() {
    this.#messages = [];
    this.#known.clear();
    this.#own.clear();
    this.#outgoing?.clear();
  }

  /** @param {ChatMessage} message */
  #insert(message) {
    let at = this.#messages.length;
    while (at > 0 && this.#messages[at - 1].at > message.at) at--;
    this.#messages.splice(at, 0, message);
    this.#known.add(message.id);
    if (this.#messages.length > KEPT) this.#known.delete(/** @type {ChatMessage} */ (this.#messages.shift()).id);
  }
}
