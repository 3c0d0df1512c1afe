// The sounds of a meeting as notes: [frequency Hz, start ms, length ms]. They
// are played by oscillators, so there is no file to load.

/** @typedef {'join' | 'leave' | 'hand' | 'chat' | 'alert'} Kind */
/** @typedef {readonly [hz: number, at: number, ms: number]} Note */

/** @type {Readonly<Record<Kind | 'test', readonly Note[]>>} */
export const TONES = {
  join: [[523, 0, 110], [784, 100, 170]],
  leave: [[659, 0, 110], [440, 100, 170]],
  hand: [[587, 0, 90], [740, 90, 90], [880, 180, 160]],
  chat: [[988, 0, 120]],
  alert: [[440, 0, 160], [440, 220, 160]],
  test: [[523, 0, 280], [659, 280, 280], [784, 560, 280], [1047, 840, 560]],
};

/** Above this many people, joins and leaves are silent. */
export const QUIET_ABOVE = 12;

/**
 * Whether a sound is to be heard.
 * @param {Kind} kind
 * @param {{sounds: Readonly<Record<string, boolean>>, people: number}} state
 */
export function audible(kind, { sounds, people }) {
  if (sounds[kind] === false) return false;
  return !((kind === 'join' || kind === 'leave') && people > QUIET_ABOVE);
}

/** Length of a tone, milliseconds. @param {readonly Note[]} notes */
export const lengthOf = (notes) => Math.max(...notes.map(([, at, ms]) => at + ms));
