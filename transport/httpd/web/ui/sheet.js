// Style sheets that only some need: fetched when they do.
import { h } from '../lib/html.js';

/**
 * Adds a style sheet after those of the page, once. Settles when it is in
 * force, also if it can not be had: the page can be read without it, and the
 * next call tries again.
 * @param {string} href
 * @param {string} [media] for which alone it is meant
 */
export async function sheet(href, media = 'all') {
  const had = /** @type {HTMLLinkElement | null} */ (document.querySelector(`link[href="${href}"]`));
  if (had?.sheet) return;
  const link = had ?? h('link', { rel: 'stylesheet', href, media });
  if (!had) document.head.append(link);
  await new Promise((resolve) => {
    for (const type of ['load', 'error']) link.addEventListener(type, resolve, { once: true });
  });
  if (!link.sheet) link.remove();
}
