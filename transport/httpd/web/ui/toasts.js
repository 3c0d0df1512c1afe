// Short notes in a corner, with at most two actions. They are also spoken;
// those with an action stay until their time is over and nobody points at them,
// or until what they ask is settled. They stand clear of the names on tiles.
import { icon } from '../icons/icons.js';
import { liftOver } from '../lib/dodge.js';
import { fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { say } from './announcer.js';
import { ParleyElement, define } from './element.js';

/**
 * @typedef {object} Toast
 * @property {string | import('../lib/i18n.js').Msg} text
 * @property {string} [key] replaces the toast that has the same key
 * @property {import('../icons/icons.js').IconName} [icon]
 * @property {'info' | 'warn' | 'bad'} [kind]
 * @property {{label: import('../lib/i18n.js').Msg, run: () => void}[]} [actions]
 * @property {number} [ms] how long it stays; 0 until dismissed
 * @property {boolean} [silent] not spoken, because it is said elsewhere
 * @property {() => boolean} [settled] whether what it asks has been done some other way
 */

const MAX = 4;
/** What notes keep clear of. */
const KEEP = '.tile-pill, .pager, .alone';
/** Milliseconds between two looks at what is below and what is settled. */
const LOOK = 300;

class ParleyToasts extends ParleyElement {
  #lift = 0;
  /** Whether what a note asks is settled. @type {WeakMap<Element, () => boolean>} */
  #settled = new WeakMap();

  mounted() {
    this.every(LOOK, () => {
      for (const el of [...this.children]) if (this.#settled.get(el)?.()) this.#remove(el);
      this.#dodge();
    });
    this.setAttribute('role', 'region');
    this.setAttribute('popover', 'manual');
    fill(this);
    this.#label();
  }

  relabelled() {
    this.#label();
  }

  #label() {
    this.setAttribute('aria-label', String(msg('toasts.label')));
  }

  /** @param {Toast} toast @returns {() => void} takes it away */
  show({ text, key = '', icon: name, kind = 'info', actions = [], ms = actions.length ? 12_000 : 5_000, silent = false, settled }) {
    if (key) this.#find(key)?.remove();
    const el = h('div', { class: `toast ${kind}`, 'data-key': key || null });
    const gone = () => this.#remove(el);
    const buttons = actions.map(({ label, run }) =>
      h('button', { class: 'btn small', type: 'button', onclick: () => (gone(), run()) }, label),
    );
    fill(
      el,
      name ? icon(name) : null,
      h('p', { dir: 'auto' }, text),
      ...buttons,
      h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('app.dismiss'), onclick: gone }, icon('close', 'small')),
    );
    this.append(el);
    while (this.childElementCount > MAX) this.firstElementChild?.remove();
    this.#raise();
    if (!silent) say(text, { now: kind === 'bad' });
    if (ms) this.#expire(el, ms, gone);
    if (settled) this.#settled.set(el, settled);
    return gone;
  }

  /** @param {Element} el */
  #remove(el) {
    el.remove();
    if (!this.childElementCount && this.matches(':popover-open')) this.hidePopover();
  }

  /** To the top of the top layer, above a dialog that is open. */
  #raise() {
    if (!this.showPopover) return;
    if (this.matches(':popover-open')) this.hidePopover();
    this.showPopover();
    this.#dodge();
  }

  /** Tiles move while a note is shown. */
  #dodge() {
    if (!this.childElementCount) return;
    const { left, right, top, bottom } = this.getBoundingClientRect();
    const home = { left, right, top: top + this.#lift, bottom: bottom + this.#lift };
    const names = [...document.querySelectorAll(KEEP)].map((el) => el.getBoundingClientRect()).filter((r) => r.width);
    this.#lift = liftOver(home, names);
    this.style.translate = this.#lift ? `0 ${-this.#lift}px` : '';
  }

  /** @param {string} key */
  #find(key) {
    return [...this.children].find((c) => c.getAttribute('data-key') === key);
  }

  /** @param {HTMLElement} el @param {number} ms @param {() => void} gone */
  #expire(el, ms, gone) {
    const wait = () => {
      if (!el.isConnected) return;
      if (el.matches(':hover, :focus-within')) setTimeout(wait, 1500);
      else gone();
    };
    setTimeout(wait, ms);
  }

  /** @param {string} key */
  take(key) {
    this.#find(key)?.remove();
  }

  /** Takes all away: the page they were about is over. */
  clear() {
    for (const el of [...this.children]) this.#remove(el);
  }
}

define('parley-toasts', ParleyToasts);

const shelf = () => /** @type {ParleyToasts | null} */ (document.querySelector('parley-toasts'));

/** @param {Toast} toast */
export const toast = (toast) => shelf()?.show(toast) ?? (() => {});

/** Takes the toast with this key away. @param {string} key */
export const untoast = (key) => shelf()?.take(key);

/** Takes all notes away. */
export const untoastAll = () => shelf()?.clear();
