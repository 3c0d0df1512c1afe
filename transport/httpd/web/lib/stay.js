// What a tab keeps of the meeting it is in, so that loading it again, or going
// back to it, brings one right into the meeting with what was on and off.
// Written when the page goes away; a meeting that was left leaves nothing.
import { site } from './route.js';

/**
 * @typedef {object} Stay
 * @property {string} room
 * @property {string} name
 * @property {boolean} mic
 * @property {boolean} cam
 * @property {readonly string[]} mine ids one had
 * @property {number} began when the meeting began, server time
 */

const KEY = site.own('parley-stay');
/** For how long one is brought back: later a microphone that opens would surprise, milliseconds. */
const FRESH = 120_000;

/**
 * @param {() => Storage} storage where it is forbidden, asking for it throws
 * @param {Stay} stay
 * @param {number} now
 */
export function keepStay(storage, stay, now) {
  try {
    storage().setItem(KEY, JSON.stringify({ ...stay, at: now }));
  } catch {
    // Full or forbidden: then it is the preview.
  }
}

/**
 * The stay in this room that was just interrupted; it is given once.
 * @param {() => Storage} storage
 * @param {string} room
 * @param {number} now
 * @returns {Stay | null}
 */
export function takeStay(storage, room, now) {
  try {
    const stay = JSON.parse(storage().getItem(KEY) ?? 'null');
    storage().removeItem(KEY);
    const { room: there, name, mic, cam, mine, began, at } = stay;
    if (there !== room || typeof name !== 'string' || !name || !(now - at >= 0 && now - at < FRESH)) return null;
    return { room, name, mic: mic === true, cam: cam === true, mine: Array.isArray(mine) ? mine.map(String) : [], began: Number.isFinite(began) ? began : Infinity };
  } catch {
    return null; // none, or no storage
  }
}
