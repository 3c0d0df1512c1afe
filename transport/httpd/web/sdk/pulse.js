// Whether the server still says anything. A process that was stopped or waits
// for its disk keeps its sockets open: nothing is closed, and nothing comes.
// Whoever hears nothing asks; who gets no answer, and hears nothing else
// either, tells so. Where sound or pictures come there is nothing to ask.
//
//   answering ──nothing heard, asked──▶ (waits) ──▶ late ──▶ silent
//       ▲                                  │          │         │
//       └──────────── anything came ───────┴──────────┴─────────┘
//
// It only tells. Giving up the socket and trying again is for others, later:
// thousands who leave a server that is merely slow make it slower.
// Loaded with path_guard.js, for when it is wanted the server gives nothing.
import { Timer } from './timers.js';

/** @typedef {import('./index.js').ServerState} ServerState */

/** Nothing was heard for so long: the server is asked, milliseconds. */
const QUIET = 1_200;
/** A question without an answer for so long: the answer is late, and the server is silent. */
const LATE = 700;
const SILENT = 3_400;
/** How often it is looked whether something came after all, where nothing says so. */
const LOOK = 500;
/** A look so late tells that this page stood still, and what came waits to be read. */
const OVERSLEPT = 1_000;

/**
 * @typedef {object} PulseHost
 * @property {() => number} now      monotonic, milliseconds
 * @property {() => number} heardAt  when anything came last, by any way, as far as is known
 * @property {() => Promise<void>} listen  finds out what came without being told
 * @property {() => import('./signal.js').Signal | null} signal  the socket now
 * @property {() => boolean} hidden  nobody looks at the page
 * @property {(state: ServerState) => void} tell
 */

export class Pulse {
  #host;
  #timer = new Timer();
  /** @type {ServerState} */
  #state = 'answering';
  /** When the question was asked that has no answer, 0 for none. */
  #askedAt = 0;
  /** When the next look should be. */
  #dueAt = 0;

  /** @param {PulseHost} host */
  constructor(host) {
    this.#host = host;
  }

  get state() {
    return this.#state;
  }

  /** There is a socket that the server has taken up. */
  attached() {
    this.#answered();
    this.#look();
  }

  /** Something came. */
  heard() {
    if (this.#askedAt) this.#look();
  }

  /** Somebody else asked. */
  asked() {
    if (this.#askedAt) return;
    const at = this.#host.now();
    this.#askedAt = at;
    this.#again(at);
  }

  stop() {
    this.#timer.clear();
  }

  /** Without a socket others tell enough: the state stays as it is. */
  #look() {
    const { now, heardAt, signal } = this.#host;
    const socket = signal();
    if (!socket) return this.#timer.clear();
    const at = now();
    const overslept = at - this.#dueAt > OVERSLEPT;
    if (this.#askedAt && heardAt() >= this.#askedAt) this.#answered();
    if (this.#askedAt) this.#wait(at, overslept);
    else if (at - heardAt() >= QUIET && !this.#host.hidden()) void this.#ask(socket);
    return this.#again(at);
  }

  /** @param {import('./signal.js').Signal} socket */
  async #ask(socket) {
    const { now, heardAt, signal, listen } = this.#host;
    await listen();
    if (this.#askedAt || socket !== signal() || now() - heardAt() < QUIET) return;
    this.asked();
    socket.request('ping').catch(() => {}); // a refusal is heard, too; a loss is told by the socket
  }

  /** @param {number} at @param {boolean} overslept */
  #wait(at, overslept) {
    if (overslept) this.#askedAt = at;
    const waited = at - this.#askedAt;
    if (waited >= SILENT) this.#become('silent');
    else if (waited >= LATE && this.#state === 'answering') this.#become('late');
  }

  #answered() {
    this.#askedAt = 0;
    this.#become('answering');
  }

  /** @param {number} at */
  #again(at) {
    const { heardAt } = this.#host;
    const ends = this.#askedAt ? [this.#askedAt + LATE, this.#askedAt + SILENT, at + LOOK] : [Math.max(heardAt() + QUIET, at + LOOK / 5)];
    this.#dueAt = Math.min(...ends.filter((end) => end > at));
    this.#timer.set(this.#dueAt - at, () => this.#look());
  }

  /** @param {ServerState} state */
  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#host.tell(state);
  }
}
