// The title of the window; it follows the language.
import { text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';

/**
 * @param {import('../lib/i18n.js').Key} key
 * @param {import('../lib/i18n.js').Params} [params]
 */
export function title(key, params) {
  const el = document.querySelector('title');
  if (el) text(el, msg(key, params));
}
