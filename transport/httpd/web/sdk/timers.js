// Small helpers around time.

/** Runs tasks one after another, in the order they were asked for. */
export class Lane {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @template T
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  run(task) {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}

/**
 * One timer that can be set again and cleared.
 */
export class Timer {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #id;

  get pending() {
    return this.#id !== undefined;
  }

  /**
   * Replaces the time set before.
   * @param {number} ms
   * @param {() => void} fn
   */
  set(ms, fn) {
    this.clear();
    this.#id = setTimeout(() => {
      this.#id = undefined;
      fn();
    }, ms);
  }

  clear() {
    clearTimeout(this.#id);
    this.#id = undefined;
  }
}
