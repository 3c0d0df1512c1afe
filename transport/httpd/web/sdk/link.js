// The lasting connection above sockets that come and go: requests asked for
// while there is none wait for the next one.
import { ParleyError } from './errors.js';

/** @typedef {import('./signal.js').Signal} Signal */
/** @typedef {import('./wire.js').Reply} Reply */

/** How many requests may wait for the connection to return. */
const MAX_WAITING = 100;

export class Link {
  /** @type {Signal | null} */
  #signal = null;
  /** @type {ParleyError | null} */
  #ended = null;
  /** @type {(() => void)[]} */
  #wakeups = [];

  /** The socket now, null while there is none. */
  get signal() {
    return this.#signal;
  }

  /**
   * From now on requests go through this socket; what waited goes first.
   * @param {Signal} signal
   */
  attach(signal) {
    this.#signal = signal;
    this.#wake();
  }

  /** The socket is gone; another may come. */
  detach() {
    this.#signal = null;
  }

  /**
   * No other socket will come: what waits fails.
   * @param {ParleyError} [error]
   */
  end(error = new ParleyError('not_connected')) {
    this.#signal = null;
    this.#ended = error;
    this.#wake();
  }

  /**
   * Sends a request now; fails with not_connected when that is impossible.
   * @param {string} type
   * @param {object} [fields]
   * @param {{timeoutMs?: number, signal?: AbortSignal}} [options]
   * @returns {Promise<Reply>}
   */
  async request(type, fields, options) {
    if (!this.#signal) throw new ParleyError('not_connected');
    return this.#signal.request(type, fields, options);
  }

  /**
   * Sends a request now or as soon as the connection is back, and once more
   * if it was lost on the way. For requests that may arrive twice: those that
   * set a state, and chat, whose key tells the server. If there is no other
   * connection it fails with connection_lost if it may have arrived, else with
   * what ended the connection.
   * @param {string} type
   * @param {object} [fields]
   * @param {{timeoutMs?: number}} [options]
   * @returns {Promise<Reply>}
   */
  async deliver(type, fields, options) {
    /** @type {ParleyError | undefined} */
    let lost;
    for (;;) {
      const signal = this.#signal ?? (await this.#nextSignal(lost));
      try {
        return await signal.request(type, fields, options);
      } catch (error) {
        if (!(error instanceof ParleyError) || error.code !== 'connection_lost') throw error;
        lost = error;
        // The loss may be known to the socket a moment before detach().
        if (this.#signal === signal) this.#signal = null;
      }
    }
  }

  /** @param {ParleyError} [lost] @returns {Promise<Signal>} */
  async #nextSignal(lost) {
    while (!this.#signal) {
      if (this.#ended) throw lost ?? this.#ended;
      if (this.#wakeups.length >= MAX_WAITING) throw lost ?? new ParleyError('busy');
      await new Promise((resolve) => this.#wakeups.push(() => resolve(undefined)));
    }
    return this.#signal;
  }

  #wake() {
    for (const wake of this.#wakeups.splice(0)) wake();
  }
}
