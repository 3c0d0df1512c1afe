// Events: real CustomEvents, and on() for people who want only the detail.

/**
 * @template {object} Events  name → detail
 */
export class Emitter extends EventTarget {
  /**
   * Calls fn with the event's detail.
   * @template {keyof Events & string} K
   * @param {K} name
   * @param {(detail: Events[K]) => void} fn
   * @param {{signal?: AbortSignal, once?: boolean}} [options]
   * @returns {() => void} stops it
   */
  on(name, fn, options) {
    const listener = (/** @type {Event} */ event) => fn(/** @type {CustomEvent<Events[K]>} */ (event).detail);
    this.addEventListener(name, listener, options);
    return () => this.removeEventListener(name, listener);
  }
}

/**
 * How the parts of a room announce things.
 * @typedef {<K extends keyof import('./index.js').RoomEvents>(name: K, detail: import('./index.js').RoomEvents[K]) => void} Emit
 */

/**
 * Listens and returns a function that stops listening.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: Event) => void} fn
 * @param {AddEventListenerOptions} [options]
 */
export function listen(target, type, fn, options) {
  target.addEventListener(type, fn, options);
  return () => target.removeEventListener(type, fn, options);
}
