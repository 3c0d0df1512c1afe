// Files that the page makes for the person to keep.
import { h } from '../lib/html.js';

/** How long the browser may take to begin, milliseconds. */
const BEGIN = 10_000;

/**
 * Downloads a text as a file.
 * @param {string} name
 * @param {string} type media type
 * @param {string} body
 */
export function save(name, type, body) {
  const url = URL.createObjectURL(new Blob([body], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), BEGIN);
}
