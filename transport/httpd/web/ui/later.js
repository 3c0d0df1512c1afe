// Parts of a meeting that are fetched when they are first wanted.
import { msg } from '../lib/i18n.js';
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
