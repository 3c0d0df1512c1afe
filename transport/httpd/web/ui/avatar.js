// The round picture of somebody without a camera.
import { h, text } from '../lib/html.js';
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
