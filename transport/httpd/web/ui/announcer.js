// The one place that speaks to screen readers. Everything that must be said
// goes through say(); nothing else on the page is a live region but logs.
import { h, text } from '../lib/html.js';
import { ParleyElement, define } from './element.js';

/** Screen readers miss changes that come at once, milliseconds. */
const PAUSE = 120;
/** How long a text stays, so that it is not found later by browsing. */
const STAY = 6000;

class ParleyAnnouncer extends ParleyElement {
  #polite = h('div', { class: 'sr', role: 'status', 'aria-live': 'polite', 'aria-atomic': 'true' });
  #assertive = h('div', { class: 'sr', role: 'alert', 'aria-live': 'assertive', 'aria-atomic': 'true' });
  /** @type {string[]} */
  #queue = [];
  #timer = 0;

  mounted() {
    this.replaceChildren(this.#polite, this.#assertive);
  }

  unmounted() {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  /** @param {string} what @param {{now?: boolean}} [options] now interrupts */
  say(what, { now = false } = {}) {
    if (now) {
      this.#put(this.#assertive, what);
      return;
    }
    this.#queue.push(what);
    if (!this.#timer) this.#timer = window.setTimeout(() => this.#flush(), PAUSE);
  }

  #flush() {
    this.#timer = 0;
    this.#put(this.#polite, this.#queue.splice(0).join(' '));
  }

  /** @param {HTMLElement} region @param {string} what */
  #put(region, what) {
    // The same words twice must be a change twice.
    text(region, region.textContent === what ? `${what}\u00a0` : what);
    setTimeout(() => {
      if (region.textContent?.startsWith(what)) text(region, '');
    }, STAY);
  }
}

define('parley-announcer', ParleyAnnouncer);

/**
 * Says something to people who use a screen reader.
 * @param {string | {toString(): string}} what
 * @param {{now?: boolean}} [options] now interrupts what is being read
 */
export function say(what, options) {
  const announcer = document.querySelector('parley-announcer');
  if (announcer instanceof ParleyAnnouncer) announcer.say(String(what), options);
}
