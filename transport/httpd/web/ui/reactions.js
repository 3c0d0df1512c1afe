// Emoji that rise over the stage and fade.
import { attr, h } from '../lib/html.js';
import { inline } from '../lib/names.js';
import { prefs } from '../lib/prefs.js';
import { ParleyElement, define } from './element.js';

/** @typedef {import('./call.js').Call} Call */

const STAY = 3600;
const MAX = 24;

export class ParleyReactions extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);

  /** @param {AbortSignal} alive */
  mounted(alive) {
    attr(this, 'aria-hidden', 'true');
    this.call.room.on('reaction', ({ participant, emoji }) => this.#fly(emoji, participant.name), { signal: alive });
  }

  /** @param {string} emoji @param {string} name */
  #fly(emoji, name) {
    if (!prefs.now.reactions || this.childElementCount >= MAX) return;
    const el = h('div', { class: 'reaction' }, h('span', { class: 'reaction-emoji' }, emoji), h('span', { class: 'reaction-name' }, inline(name, 20)));
    el.style.insetInlineStart = `${8 + Math.random() * 34}%`;
    this.append(el);
    setTimeout(() => el.remove(), STAY);
  }
}

define('parley-reactions', ParleyReactions);
