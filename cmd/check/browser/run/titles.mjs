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

/**
 * Which files may hold what is asked for: part of a file's name, of a test's, or
 * else of what is only known once the file runs.
 * @param {Record<string, string[]>} titles by file
 * @param {string} wanted
 * @returns {{files: string[], whole: boolean}} whole: all their tests are meant
 */
export function find(titles, wanted) {
  const all = Object.keys(titles);
  const named = all.filter((file) => file.includes(wanted));
  if (named.length) return { files: named, whole: true };
  const filled = (/** @type {string} */ title) => new RegExp(`^${parts(title).map(literally).join('.*')}$`).test(wanted);
  const saying = all.filter((file) => titles[file].some((title) => parts(title).some((part) => part.includes(wanted)) || (parts(title)[0] && filled(title))));
  if (saying.length) return { files: saying, whole: false };
  return { files: all.filter((file) => titles[file].some(open)), whole: false };
}

/** Whether more is filled in than the last word, the language. @param {string} title */
const open = (title) => parts(title).length > 2 || title.startsWith('${') || /\}./.test(title);
