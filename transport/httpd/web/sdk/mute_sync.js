// Keeps the server's idea of which sources are on equal to ours. Presses come
// faster than replies and outlive sockets, so what counts is the last wish,
// not every step on the way.
import { waitIfTooFast } from './too_fast.js';

/** @typedef {import('./index.js').Source} Source */

export class MuteSync {
  #deliver;
  /** @type {Map<Source, boolean>} */
  #wanted = new Map();
  /** What the server was told last. @type {Map<Source, boolean>} */
  #told = new Map();
  /** Sources with a request under way. @type {Set<Source>} */
  #busy = new Set();

  /** @param {(fields: {source: Source, muted: boolean}) => Promise<unknown>} deliver */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  /** A join told the server all of this. @param {Map<Source, boolean>} muted */
  joined(muted) {
    this.#told = new Map(muted);
    for (const source of this.#wanted.keys()) void this.#sync(source);
  }

  /**
   * @param {Source} source
   * @param {boolean} muted
   */
  set(source, muted) {
    this.#wanted.set(source, muted);
    void this.#sync(source);
  }

  /** @param {Source} source */
  async #sync(source) {
    if (this.#busy.has(source)) return;
    this.#busy.add(source);
    try {
      while (this.#wanted.get(source) !== this.#told.get(source)) {
        const muted = /** @type {boolean} */ (this.#wanted.get(source));
        if (await this.#tell(source, muted)) this.#told.set(source, muted);
      }
    } catch {
      // The stay is over, or the server does not know the source: nothing to keep equal.
    } finally {
      this.#busy.delete(source);
    }
  }

  /**
   * @param {Source} source
   * @param {boolean} muted
   * @returns {Promise<boolean>} false: was too fast, has waited, ask again
   */
  async #tell(source, muted) {
    try {
      await this.#deliver({ source, muted });
      return true;
    } catch (error) {
      await waitIfTooFast(error);
      return false;
    }
  }
}
