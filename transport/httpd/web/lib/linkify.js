// Finds links in what people write. The result is pieces of text, never
// markup; only http and https become links.

/** @typedef {{text: string, href?: string}} Piece */

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/giu;
const TRAILING = /[.,;:!?'"”’。，；：！？、」』）》】]+$/u;

/**
 * @param {string} text
 * @returns {Piece[]}
 */
export function linkify(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = trim(match[0]);
    const href = safeHref(shown);
    if (!href) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index) });
    pieces.push({ text: shown, href });
    at = match.index + shown.length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** Leaves out what belongs to the sentence: full stops, an unopened bracket. @param {string} link */
function trim(link) {
  let out = link.replace(TRAILING, '');
  while (out.endsWith(')') && count(out, ')') > count(out, '(')) out = out.slice(0, -1).replace(TRAILING, '');
  return out;
}

/** @param {string} s @param {string} c */
const count = (s, c) => s.split(c).length - 1;

/** @param {string} link */
function safeHref(link) {
  try {
    const url = new URL(link);
    const plain = (url.protocol === 'https:' || url.protocol === 'http:') && !url.username && !url.password;
    return plain ? url.href : null;
  } catch {
    return null;
  }
}
