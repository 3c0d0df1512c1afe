// What a person chose, kept in this browser only. Reading never throws: a
// damaged or forbidden storage gives the defaults.
import { site } from './route.js';

/** @typedef {import('./kept.js').Prefs} Prefs */
/** @typedef {import('./kept.js').Recent} Recent */

/** @type {Readonly<Prefs>} */
export const DEFAULTS = Object.freeze({
  name: '',
  mic: true,
  cam: true,
  micId: '',
  camId: '',
  speakerId: '',
  theme: 'system',
  lang: '',
  selfView: 'auto',
  corner: 'br',
  layout: 'auto',
  mirror: true,
  captions: true,
  reactions: true,
  announceReactions: false,
  announceChat: true,
  silentMicWarning: true,
  lowerHandWhenSpeaking: true,
  askWhenAlone: true,
  dataSaver: false,
  shortcuts: true,
  keys: {},
  soundVolume: 0.5,
  sounds: { join: true, leave: true, hand: true, chat: true, alert: true },
  audio: { noiseSuppression: true, echoCancellation: true, autoGainControl: true, voiceIsolation: false, music: false },
  blur: false,
  recent: [],
  v: 2,
});

const FIRST_KEY = 'parley';
const KEY = site.own(FIRST_KEY);
const MAX_RECENT = 8;

/** @param {unknown} v @returns {v is Record<string, unknown>} */
const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

/**
 * Stored text → preferences; every value of the wrong type is replaced by
 * its default.
 * @param {string | null} stored
 * @returns {Prefs}
 */
export function parsePrefs(stored) {
  /** @type {unknown} */
  let raw = null;
  try {
    raw = JSON.parse(stored ?? 'null');
  } catch {
    // Damaged: the defaults.
  }
  const out = /** @type {Record<string, unknown>} */ (structuredClone(DEFAULTS));
  if (!isObject(raw)) return /** @type {any} */ (out);
  for (const [key, fallback] of Object.entries(out)) {
    const value = raw[key];
    if (key === 'recent') out[key] = cleanRecent(value);
    else if (isObject(fallback) && isObject(value)) out[key] = merge(key, fallback, value);
    else if (typeof value === typeof fallback && !isObject(fallback)) out[key] = value;
  }
  // The first version kept the default along with what was chosen: dark says nothing there.
  if (isObject(raw.sounds) && !raw.v && raw.theme === 'dark') out.theme = DEFAULTS.theme;
  return /** @type {any} */ (out);
}

/** @param {string} key @param {Record<string, unknown>} fallback @param {Record<string, unknown>} value */
function merge(key, fallback, value) {
  const wanted = key === 'keys' ? 'string' : 'boolean';
  return { ...fallback, ...Object.fromEntries(Object.entries(value).filter(([, v]) => typeof v === wanted)) };
}

/** @param {unknown} value */
function cleanRecent(value) {
  if (!Array.isArray(value)) return [];
  return value
    .filter((v) => isObject(v) && typeof v.room === 'string' && typeof v.at === 'number')
    .map((v) => ({ room: v.room, at: v.at, ...(typeof v.key === 'string' && { key: v.key }) }))
    .slice(0, MAX_RECENT);
}

/**
 * Puts a room at the head of the recent ones.
 * @param {readonly Recent[]} recent
 * @param {Recent} last
 */
export function withRecent(recent, last) {
  const same = (/** @type {Recent} */ r) => r.room === last.room || (r.key ?? r.room) === last.key;
  return [last, ...recent.filter((r) => !same(r))].slice(0, MAX_RECENT);
}

/** Preferences in the browser's storage; fires 'change'. */
class PrefStore extends EventTarget {
  /** @type {Storage | null} */
  #storage = null;
  /** @type {Prefs} */
  #prefs = parsePrefs(null);

  constructor() {
    super();
    try {
      this.#storage = globalThis.localStorage ?? null;
      const own = this.#storage?.getItem(KEY) ?? null;
      this.#prefs = parsePrefs(own ?? this.#storage?.getItem(FIRST_KEY) ?? null);
      // The first key is of the server at the root: what somebody likes holds here, too,
      // but not where he was.
      if (own === null && KEY !== FIRST_KEY) this.#prefs = { ...this.#prefs, recent: [] };
    } catch {
      // Storage is forbidden here: choices last as long as the page.
    }
  }

  /** @returns {Readonly<Prefs>} */
  get now() {
    return this.#prefs;
  }

  /** @param {Partial<Prefs>} change */
  set(change) {
    this.#prefs = { ...this.#prefs, ...change };
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#prefs));
    } catch {
      // Full or forbidden: as above.
    }
    this.dispatchEvent(new Event('change'));
  }
}

export const prefs = new PrefStore();
