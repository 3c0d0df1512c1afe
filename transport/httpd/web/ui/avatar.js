// The round picture of somebody without a camera, and the name beside it.
import { h, text } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { colourOf, initials } from '../lib/names.js';

/** @param {string} name @param {string} [size] class that gives the size */
export function avatar(name, size = '') {
  const el = h('span', { class: '', 'aria-hidden': 'true' });
  setAvatar(el, name, size);
  return el;
}

/** @param {HTMLElement} el @param {string} name @param {string} [size] */
export function setAvatar(el, name, size = '') {
  text(el, initials(name));
  el.className = `avatar av${colourOf(name)} ${size}`.trim();
}

/** A name; where there is no room for all of it, “(you)” stays. @param {string} name @param {boolean} self */
export function named(name, self) {
  const you = self ? t('tile.you', { name: '' }) : '';
  const whole = self ? t('tile.you', { name }) : name;
  return [h('span', { class: 'who', dir: 'auto' }, whole.slice(0, whole.length - you.length)), you && h('span', null, you)];
}
