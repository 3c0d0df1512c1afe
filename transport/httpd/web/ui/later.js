// Parts of the page that are fetched when they are first wanted.
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { site } from '../lib/route.js';
import { toast } from './toasts.js';

/** @param {string} room @param {{start?: () => void}} [options] */
export const openShare = (room, options) => void later(import('./share.js')).then((m) => m?.openShare(room, options));

/**
 * Waits for a module; says so when the server can not be reached for it. The
 * next call tries again.
 * @template T
 * @param {Promise<T>} module
 * @returns {Promise<T | null>}
 */
export async function later(module) {
  try {
    return await module;
  } catch {
    toast({ key: 'later', kind: 'warn', icon: 'warn', text: msg('error.connect_failed') });
    return null;
  }
}

/**
 * Adds a style sheet after those of the page, once. Settles when it is in
 * force, also if it can not be had: the page can be read without it, and the
 * next call tries again.
 * @param {string} path  below the site's
 * @param {string} [media] for which alone it is meant
 */
export async function sheet(path, media = 'all') {
  const href = site.at(path);
  const had = /** @type {HTMLLinkElement | null} */ (document.querySelector(`link[href="${href}"]`));
  if (had?.sheet) return;
  const link = had ?? h('link', { rel: 'stylesheet', href, media });
  if (!had) document.head.append(link);
  await new Promise((resolve) => {
    for (const type of ['load', 'error']) link.addEventListener(type, resolve, { once: true });
  });
  if (!link.sheet) link.remove();
}
