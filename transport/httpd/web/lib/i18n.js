// Languages: which one to show, and how a message with parameters becomes a
// text. Pure but for the small object at the end, which holds the choice.
//
// Messages are flat: key → text. A text may hold {name} and
// {n, plural, one {# person} other {# people}}, where # is n; plural categories come from
// Intl.PluralRules, so Chinese only ever needs "other".
//
// Only the chosen language is loaded: it has every text, which the type check
// makes sure of.
import { dateLocale, numberLocale, regionOf } from './region.js';

/** @typedef {keyof typeof import('../i18n/en.js').default} Key */
/** @typedef {Record<string, string | number>} Params */
/** @typedef {Record<Key, string>} Catalogue */
/** @typedef {'en' | 'zh-Hans'} Language */

/** @type {readonly {code: Language, name: string}[]} */
export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'zh-Hans', name: '简体中文' },
];

/** @type {Record<Language, () => Promise<{default: Catalogue}>>} */
const LOAD = { en: () => import('../i18n/en.js'), 'zh-Hans': () => import('../i18n/zh-Hans.js') };

const PLURAL = /\{(\w+), plural,((?:\s*\w+ \{[^{}]*\})+)\}/g;
const BRANCH = /(\w+) \{([^{}]*)\}/g;
const PARAM = /\{(\w+)\}/g;

/**
 * Maps a language tag to a language we have, or null. Every Chinese is shown
 * simplified Chinese, which is nearer than English.
 * @param {string | null | undefined} tag BCP 47, any case, also with _
 * @returns {Language | null}
 */
export function matchLanguage(tag) {
  const primary = (tag ?? '').toLowerCase().split(/[-_]/)[0];
  if (primary === 'zh') return 'zh-Hans';
  return primary === 'en' ? 'en' : null;
}

/**
 * The first wish that can be met: ?lang=, then the stored choice, then the
 * browser's languages, then English.
 * @param {{query?: string | null, stored?: string | null, browser?: readonly string[]}} wishes
 * @returns {Language}
 */
export function chooseLanguage({ query, stored, browser = [] }) {
  for (const tag of [query, stored, ...browser]) {
    const found = matchLanguage(tag);
    if (found) return found;
  }
  return 'en';
}

/**
 * Fills a message. Parameters are inserted as they are: they are never
 * parsed, so a name that looks like a placeholder stays a name.
 * @param {string} text
 * @param {Params} params
 * @param {string} language
 */
export function format(text, params, language) {
  const rules = new Intl.PluralRules(language);
  const flat = text.replace(PLURAL, (_, name, branches) => {
    const n = Number(params[name] ?? 0);
    const wanted = rules.select(n);
    let other = '';
    for (const [, category, value] of branches.matchAll(BRANCH)) {
      if (category === wanted) return value.replace('#', String(n));
      if (category === 'other') other = value;
    }
    return other.replace('#', String(n));
  });
  return flat.replace(PARAM, (whole, name) => (name in params ? String(params[name]) : whole));
}

/** A text that is not decided yet: it follows the language. */
export class Msg {
  /**
   * @param {Key} key
   * @param {Params} [params]
   */
  constructor(key, params = {}) {
    this.key = key;
    this.params = params;
  }

  toString() {
    return i18n.t(this.key, this.params);
  }
}

/** The chosen language; fires 'change' on itself. */
export class I18n extends EventTarget {
  /** @type {Language} */
  #language = 'en';
  /** Null until a language has been loaded. @type {Catalogue | null} */
  #texts = null;
  #region;

  /** @param {readonly string[]} [wishes] language tags that tell the region: the browser's */
  constructor(wishes = browserTags()) {
    super();
    this.#region = regionOf(wishes);
  }

  get language() {
    return this.#language;
  }

  /** Shows a language; rejects when it can not be loaded. @param {Language} language */
  async use(language) {
    this.#texts = (await LOAD[language]()).default;
    this.#language = language;
    this.dispatchEvent(new Event('change'));
  }

  /**
   * The first of the languages that can be loaded; rejects when none can.
   * @param {...Language} languages
   */
  async useFirst(...languages) {
    const [first, ...rest] = languages;
    try {
      await this.use(first);
    } catch (cause) {
      if (!rest.length) throw cause;
      await this.useFirst(...rest);
    }
  }

  /**
   * Empty before the first language is there.
   * @param {Key} key
   * @param {Params} [params]
   */
  t(key, params = {}) {
    return this.#texts ? format(this.#texts[key] ?? key, params, this.#language) : '';
  }

  /** Whether key names a message. @param {string} key @returns {key is Key} */
  has(key) {
    return this.#texts !== null && Object.hasOwn(this.#texts, key);
  }

  /** Hours and minutes of a moment. @param {number} at Unix milliseconds */
  time(at) {
    return this.#date({ timeStyle: 'short' }, at);
  }

  /** @param {number} at Unix milliseconds */
  dateTime(at) {
    return this.#date({ dateStyle: 'medium', timeStyle: 'short' }, at);
  }

  /** @param {Intl.DateTimeFormatOptions} how @param {number} at */
  #date(how, at) {
    return new Intl.DateTimeFormat(dateLocale(this.#language, this.#region), how).format(at);
  }

  /** A figure with so many decimals. @param {number} n @param {number} [decimals] */
  number(n, decimals = 0) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return new Intl.NumberFormat(numberLocale(this.#language, this.#region), digits).format(n);
  }

  /** @param {number} at Unix milliseconds @param {number} [now] */
  ago(at, now = Date.now()) {
    const rtf = new Intl.RelativeTimeFormat(this.#language, { numeric: 'auto' });
    const minutes = Math.round((at - now) / 60_000);
    if (minutes > -60) return rtf.format(minutes, 'minute');
    if (minutes > -60 * 24) return rtf.format(Math.round(minutes / 60), 'hour');
    return rtf.format(Math.round(minutes / 60 / 24), 'day');
  }

  /** "A, B and C". @param {string[]} names */
  list(names) {
    return new Intl.ListFormat(this.#language, { type: 'conjunction' }).format(names);
  }
}

/** What the browser tells of where it is, its user's wishes first. */
function browserTags() {
  return [...(globalThis.navigator?.languages ?? []), new Intl.DateTimeFormat().resolvedOptions().locale];
}

export const i18n = new I18n();

/**
 * @param {Key} key
 * @param {Params} [params]
 */
export const t = (key, params) => i18n.t(key, params);

/**
 * A message that follows the language when given to h(), text() or attr().
 * @param {Key} key
 * @param {Params} [params]
 */
export const msg = (key, params) => new Msg(key, params);

/**
 * m:ss below an hour, h:mm:ss above.
 * @param {number} ms
 */
export function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
