// Boot and router: picks language and colours, shows the page the address
// means, and catches what nobody else caught.
import { route, site } from '../lib/route.js';
import './announcer.js';
import { ParleyElement, define } from './element.js';
import { speak } from './language.js';
import { sheet } from './later.js';
import { followTheme } from './theme.js';
import './toasts.js';

/**
 * Makes the page of a route; its module is loaded when first needed.
 * @param {import('../lib/route.js').Route} to
 * @returns {Promise<ParleyElement & {heading?: HTMLElement}>}
 */
async function pageOf(to) {
  switch (to.page) {
    case 'landing':
      return new (await import('./landing.js')).default();
    case 'test':
      return new (await Promise.all([import('./setup-test.js'), sheet('/css/setup.css')]))[0].default();
    case 'room':
      return Object.assign(new (await import('./meeting.js')).default(), { room: to.room });
    default:
      return Object.assign(new (await import('./dead-end.js')).default(), { kind: to.page });
  }
}

class ParleyApp extends ParleyElement {
  /** @param {AbortSignal} alive */
  mounted(alive) {
    addEventListener('popstate', () => this.#back(), { signal: alive });
    this.addEventListener('go', (e) => this.go(/** @type {CustomEvent<string>} */ (e).detail), { signal: alive });
    addEventListener('error', (e) => void this.#crashed(e.error), { signal: alive });
    void this.#boot(alive);
  }

  /** The browser went back or forward; a meeting may ask first. */
  #back() {
    const page = /** @type {(Element & {held?: () => boolean}) | null} */ (this.firstElementChild);
    if (!page?.held?.()) void this.show();
  }

  /** @param {AbortSignal} alive */
  async #boot(alive) {
    if (!(await speak(alive))) return;
    await followTheme(alive);
    await this.show({ first: true });
    document.documentElement.setAttribute('data-booted', '');
  }

  /** Goes to another page of ours. @param {string} path  below the site's */
  go(path) {
    history.pushState(null, '', site.at(path));
    scrollTo(0, 0);
    void this.show();
  }

  /**
   * Shows the page of the present address. The focus follows to its heading;
   * the first page begins like any other, above the link that skips its head.
   * @param {{first?: boolean}} [options]
   */
  async show({ first = false } = {}) {
    // The server knows what is no room's name.
    const bad = first && this.getAttribute('page') === 'bad-room';
    const page = await pageOf(bad ? { page: 'bad-room' } : route(site.below(location.pathname))).catch(() => this.#broken());
    this.replaceChildren(page);
    if (!first) page.heading?.focus({ preventScroll: true });
  }

  /** A mistake of ours before anything is on the page: say so. @param {unknown} error */
  async #crashed(error) {
    if (!error || this.childElementCount) return;
    this.replaceChildren(await this.#broken());
    document.documentElement.setAttribute('data-booted', '');
  }

  /** In the place of a page that could not be loaded or made. */
  async #broken() {
    const { default: DeadEnd } = await import('./dead-end.js');
    return Object.assign(new DeadEnd(), { kind: /** @type {const} */ ('crash') });
  }
}

define('parley-app', ParleyApp);
