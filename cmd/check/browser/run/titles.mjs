// The names of tests as they stand in their source: what is filled in when the
// file runs is left open.

/** @param {string} source @returns {string[]} with ${…} where something is filled in */
export const titlesIn = (source) => [...source.matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs)].map(([, , title]) => title.replaceAll(/\$\{[^}]*\}/g, '${…}'));

/** Whether a test is there once for each language. @param {string} title */
export const inLanguages = (title) => title.endsWith(', ${…}');

/** @param {string} title */
const parts = (title) => title.split('${…}');

/** @param {string} text */
export const literally = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** @param {string} source @returns {Source} */
export const read = (source) => ({ titles: titlesIn(source), source });

/** @typedef {{titles: string[], source: string}} Source of a file of tests */

/**
 * Which files may hold what is asked for: part of a file's name, of a test's, or
 * else of what is only known once the file runs.
 * @param {Record<string, Source>} sources by file
 * @param {string} wanted
 * @returns {{files: string[], whole: boolean}} whole: all their tests are meant
 */
export function find(sources, wanted) {
  const all = Object.keys(sources);
  const named = all.filter((file) => file.includes(wanted));
  if (named.length) return { files: named, whole: true };
  const filled = (/** @type {string} */ title) => new RegExp(`^${parts(title).map(literally).join('.*')}$`).test(wanted);
  const saying = all.filter((file) => sources[file].titles.some((title) => parts(title).some((part) => part.includes(wanted)) || (parts(title)[0] && filled(title))));
  if (saying.length) return { files: saying, whole: false };
  return { files: all.filter((file) => sources[file].titles.some(open) && spells(sources[file].source, wanted)), whole: false };
}

/** Whether more is filled in than the last word, the language. @param {string} title */
const open = (title) => parts(title).length > 2 || title.startsWith('${') || /\}./.test(title);

/**
 * Whether a source has all the words of a text: what is filled in stands
 * somewhere in the file, unless it is a number. @param {string} source @param {string} wanted
 */
const spells = (source, wanted) => (wanted.match(/\p{L}+/gu) ?? []).every((word) => source.includes(word));
