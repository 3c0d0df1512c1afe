// What a person chose, kept in this browser only. Reading never throws: a
// damaged or forbidden storage gives the defaults.

/** @typedef {{room: string, key?: string, at: number}} Recent a room by the name people see, and by its key */

/**
 * @typedef {object} Prefs
 * @property {string} name
 * @property {boolean} mic join with the microphone on
 * @property {boolean} cam join with the camera on
 * @property {string} micId
 * @property {string} camId
 * @property {string} speakerId
 * @property {'dark' | 'light' | 'system'} theme
 * @property {string} lang
 * @property {'auto' | 'tile' | 'float' | 'hidden'} selfView
 * @property {'tl' | 'tr' | 'bl' | 'br'} corner where a floating self-view sits
 * @property {'auto' | 'grid' | 'speaker'} layout
 * @property {boolean} mirror
 * @property {boolean} captions
 * @property {boolean} reactions show reactions flying
 * @property {boolean} announceReactions
 * @property {boolean} announceChat
 * @property {boolean} silentMicWarning
 * @property {boolean} lowerHandWhenSpeaking
 * @property {boolean} askWhenAlone whether still there, after a long time
 * @property {boolean} dataSaver receive sound and shared screens only
 * @property {boolean} shortcuts
 * @property {Record<string, string>} keys remapped shortcuts: action → key
 * @property {number} soundVolume 0 … 1
 * @property {Record<string, boolean>} sounds kind → on
 * @property {{noiseSuppression: boolean, echoCancellation: boolean, autoGainControl: boolean, voiceIsolation: boolean, music: boolean}} audio music: the sound as it is, without the others
 * @property {boolean} blur
 * @property {Recent[]} recent newest first
 * @property {number} v version of what is stored; absent in the first
 */

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

const KEY = 'parley';
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
      this.#prefs = parsePrefs(this.#storage?.getItem(KEY) ?? null);
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
