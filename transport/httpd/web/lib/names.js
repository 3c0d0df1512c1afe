// How a person is drawn without a camera: initials and a colour that stay the
// same, and names made safe to stand inside sentences.

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
/**
 * Overrides and isolates, zero-width characters, line breaks, other controls.
 * Joiners stay where they join: letters of some scripts, and emoji.
 */
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|(?<![\p{L}\p{M}\p{Emoji_Modifier}\p{Extended_Pictographic}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{Extended_Pictographic}])/gu;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** @param {string} s */
function graphemes(s) {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(s)].map((g) => g.segment);
}

/**
 * Up to two characters: Latin initials of the first and last word, for Chinese,
 * Japanese and Korean names the last two characters.
 * @param {string} name
 */
export function initials(name) {
  const clean = name.slice(0, 200).replace(INVISIBLE, '').trim();
  if (!clean) return '?';
  if (CJK.test(clean)) {
    const letters = graphemes(clean).filter((g) => CJK.test(g));
    return letters.slice(-2).join('');
  }
  const words = clean.split(/[\s._-]+/).filter((w) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(w));
  if (!words.length) return graphemes(clean)[0];
  const first = firstLetter(words[0]);
  const last = words.length > 1 ? firstLetter(words[words.length - 1]) : '';
  return (first + last).toLocaleUpperCase();
}

/** @param {string} word */
function firstLetter(word) {
  return graphemes(word).find((g) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(g)) ?? '';
}

/** How many avatar colours the style sheet has. */
export const COLOURS = 10;

/**
 * A number 0 … COLOURS-1 that is always the same for a name.
 * @param {string} seed
 */
export function colourOf(seed) {
  let hash = 2166136261;
  for (const c of seed) hash = Math.imul(hash ^ /** @type {number} */ (c.codePointAt(0)), 16777619);
  return (hash >>> 0) % COLOURS;
}

/**
 * A name to stand inside a sentence: on one line, bounded, unable to turn the
 * direction of what is around it.
 * @param {string} name
 * @param {number} [max] characters
 */
export function inline(name, max = 40) {
  const clean = name.replace(INVISIBLE, ' ').replace(/\s+/g, ' ').trim();
  const letters = [...clean];
  const short = letters.length > max ? `${letters.slice(0, max - 1).join('')}…` : clean;
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u.test(short) ? FIRST_STRONG_ISOLATE + short + POP_ISOLATE : short;
}
