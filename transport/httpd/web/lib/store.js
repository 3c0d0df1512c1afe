// A small observable state. Several changes within one turn of the event loop
// are told once.

/**
 * @template {object} S
 */
export class Store {
  /** @type {S} */
  #state;
  /** @type {Set<(state: S, before: S) => void>} */
  #watchers = new Set();
  /** The state last told, while a change waits to be told. @type {S | null} */
  #before = null;

  /** @param {S} initial */
  constructor(initial) {
    this.#state = initial;
  }

  /** @returns {Readonly<S>} */
  get state() {
    return this.#state;
  }

  /** Merges; keys whose value is the same object change nothing. @param {Partial<S>} change */
  set(change) {
    const keys = /** @type {(keyof S)[]} */ (Object.keys(change));
    if (keys.every((k) => Object.is(this.#state[k], change[k]))) return;
    if (!this.#before) {
      this.#before = this.#state;
      queueMicrotask(() => this.#tell());
    }
    this.#state = { ...this.#state, ...change };
  }

  /**
   * Calls fn after changes, until signal is aborted.
   * @param {(state: S, before: S) => void} fn
   * @param {AbortSignal} [signal]
   */
  watch(fn, signal) {
    if (signal?.aborted) return;
    this.#watchers.add(fn);
    signal?.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
  }

  /**
   * Calls fn now and whenever what pick returns is another value.
   * @template R
   * @param {(state: S) => R} pick
   * @param {(value: R, state: S) => void} fn
   * @param {AbortSignal} [signal]
   */
  select(pick, fn, signal) {
    let last = pick(this.#state);
    fn(last, this.#state);
    this.watch((state) => {
      const next = pick(state);
      if (Object.is(next, last)) return;
      last = next;
      fn(next, state);
    }, signal);
  }

  #tell() {
    const before = /** @type {S} */ (this.#before);
    this.#before = null;
    for (const fn of [...this.#watchers]) fn(this.#state, before);
  }
}
