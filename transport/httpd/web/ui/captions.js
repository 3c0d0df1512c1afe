// Caption lines over the stage, and the field in which somebody types them.
import { attr, fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { prefs } from '../lib/prefs.js';
import { icon } from '../icons/icons.js';
import { ParleyElement, define } from './element.js';

/** @typedef {import('./call.js').Call} Call */

/** Typing is sent this often at most, milliseconds. */
const EVERY = 400;

export class ParleyCaptions extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #lines = h('div', { class: 'caption-lines', role: 'log', 'aria-live': 'polite' });
  #field = h('input', { class: 'input', type: 'text', autocomplete: 'off', 'aria-label': msg('caption.field'), placeholder: msg('caption.placeholder') });
  #form = h('form', { class: 'caption-form', hidden: true });
  #timer = 0;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    attr(this.#lines, 'aria-label', msg('caption.region'));
    const { limits } = this.call.room.meeting ?? {};
    attr(this.#field, 'maxlength', limits?.captionRunes ?? 300);
    fill(
      this.#form,
      icon('caption'),
      this.#field,
      h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('bar.captionStop'), onclick: () => this.call.store.set({ captionInput: false }) }, icon('close', 'small')),
    );
    fill(this, this.#lines, this.#form);
    this.#form.addEventListener('submit', (e) => {
      e.preventDefault();
      this.#send(true);
    }, { signal: alive });
    this.#field.addEventListener('input', () => {
      this.#timer ||= window.setTimeout(() => this.#send(false), EVERY);
    }, { signal: alive });
    this.#field.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' && e.isComposing) e.preventDefault();
      if (e.key === 'Escape') this.call.store.set({ captionInput: false });
    }, { signal: alive });
    this.call.store.select((s) => s.captions, (captions) => this.#draw(captions), alive);
    this.call.store.select((s) => s.captionInput, (on) => (this.#form.hidden = !on), alive);
    alive.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** @param {readonly import('./call.js').CaptionLine[]} captions */
  #draw(captions) {
    const shown = prefs.now.captions ? captions : [];
    fill(this.#lines, ...shown.map(({ name, text }) => h('p', { dir: 'auto' }, h('strong', null, inline(name), ':'), ' ', text)));
    this.classList.toggle('has-lines', shown.length > 0);
  }

  /** @param {boolean} final */
  #send(final) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const text = this.#field.value.trim();
    if (!text && !final) return;
    if (final) this.#field.value = '';
    if (final && !text) return;
    this.call.me.caption(text, final).catch(() => {});
  }

  focusField() {
    if (!this.#form.hidden) this.#field.focus();
  }
}

define('parley-captions', ParleyCaptions);
