// Announcing people in batches: ten who come within a second are one sentence.
// Pure but for the timer that is given.

/**
 * @template T
 */
export class Batch {
  #wait;
  #tell;
  /** @type {T[]} */
  #items = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {number} wait milliseconds @param {(items: T[]) => void} tell */
  constructor(wait, tell) {
    this.#wait = wait;
    this.#tell = tell;
  }

  /** @param {T} item */
  add(item) {
    this.#items.push(item);
    this.#timer ??= setTimeout(() => this.flush(), this.#wait);
  }

  /** Takes an item back that has not been told; false when it has. @param {(item: T) => boolean} test */
  take(test) {
    const at = this.#items.findIndex(test);
    if (at >= 0) this.#items.splice(at, 1);
    return at >= 0;
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length) this.#tell(this.#items.splice(0));
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#items = [];
  }
}
