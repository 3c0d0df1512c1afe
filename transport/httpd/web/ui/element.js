// What all of Parley's elements share: light DOM, and listeners that end when
// the element leaves the page.
import { i18n } from '../lib/i18n.js';

export class ParleyElement extends HTMLElement {
  /** @type {AbortController | null} */
  #life = null;

  connectedCallback() {
    if (this.#life) return;
    this.#life = new AbortController();
    i18n.addEventListener('change', () => this.relabelled(), { signal: this.#life.signal });
    this.mounted(this.#life.signal);
  }

  disconnectedCallback() {
    // An element that is only moved is back before the microtask runs.
    queueMicrotask(() => {
      if (this.isConnected || !this.#life) return;
      this.#life.abort();
      this.#life = null;
      this.unmounted();
    });
  }

  /** Aborted when the element has left the page. */
  get alive() {
    return this.#life?.signal ?? AbortSignal.abort();
  }

  /** Builds what is inside. @param {AbortSignal} _alive */
  mounted(_alive) {}

  /** Frees what the signal does not. */
  unmounted() {}

  /** The language has changed; messages given to h() have followed already. */
  relabelled() {}

  /**
   * Calls fn every ms until the element leaves the page.
   * @param {number} ms
   * @param {() => void} fn
   */
  every(ms, fn) {
    const timer = setInterval(fn, ms);
    this.alive.addEventListener('abort', () => clearInterval(timer), { once: true });
  }
}

/**
 * @param {string} name
 * @param {CustomElementConstructor} element
 */
export function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}

/** @param {Element} element */
export async function toggleFullscreen(element) {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await element.requestFullscreen();
  } catch {
    // Not allowed here, as in a frame without permission: nothing changes.
  }
}
