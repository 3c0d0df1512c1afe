// How long the meeting may go on before the server stops, in words. Fetched when a
// server says that it will, so these texts do not stand in the catalogues.
import { h, text } from '../lib/html.js';
import { clock, format } from '../lib/i18n.js';

/** @typedef {import('../lib/i18n.js').Language} Language */

/** @type {Record<Language, {minutes: string, seconds: string, now: string, after: string}>} */
const WORDS = {
  en: {
    minutes: 'The server stops in about {n, plural, one {# minute} other {# minutes}}; until then the meeting goes on.',
    seconds: 'The server stops in {time}.',
    now: 'The server stops now.',
    after: ' You will be connected again as soon as it is back; the link stays the same.',
  },
  'zh-Hans': {
    minutes: '服务器将在约 {n} 分钟后停止，在此之前会议照常进行。',
    seconds: '服务器将在 {time} 后停止。',
    now: '服务器即将停止。',
    after: '恢复之后会自动重新连接，链接不变。',
  },
};

const MINUTE = 60_000;
/** When screen readers are told, milliseconds before the end; and once when it begins. */
const TOLD = [MINUTE, 15_000];

/**
 * Minutes as long as there are some, then seconds.
 * @param {number} ms that are left
 * @param {Language} language
 */
export function wordsFor(ms, language) {
  const { minutes, seconds, now, after } = WORDS[language];
  const line = ms > MINUTE ? minutes : ms > 0 ? seconds : now;
  return `${format(line, { n: Math.round(ms / MINUTE), time: clock(Math.ceil(ms / 1000) * 1000) }, language)}${after}`;
}

/**
 * Whether screen readers are told now: they are not to hear every second.
 * @param {number} before milliseconds that were left at the last look
 * @param {number} ms that are left
 */
export const isTold = (before, ms) => before === Infinity || TOLD.some((at) => before > at && ms <= at);

export class DrainNotice {
  line = h('p', { class: 'drain' });
  #before = Infinity;

  /**
   * @param {number} ms that are left
   * @param {Language} language
   * @returns {string} what screen readers are told now
   */
  count(ms, language) {
    const words = wordsFor(ms, language);
    const told = isTold(this.#before, ms) ? words : '';
    this.#before = ms;
    text(this.line, words);
    return told;
  }
}
