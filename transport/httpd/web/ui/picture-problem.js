// Why a picture that is on does not come, in words. Fetched when one does not,
// so these texts do not stand in the catalogues.
import { icon } from '../icons/icons.js';
import { fill, h } from '../lib/html.js';
import { format, i18n } from '../lib/i18n.js';

/** @typedef {{what: string, help: string}} Words */

/** By the SDK's code; "other" is for those of a newer server. @type {Record<import('../lib/i18n.js').Language, Record<string, Words>>} */
const WORDS = {
  en: {
    codec: { what: 'This browser can not show this picture ({codec}).', help: 'You hear {name} all the same. Another browser may show it.' },
    no_media: { what: 'No picture arrives from {name}.', help: 'It shows here as soon as it comes. If it stays away, turning it off and on again may help.' },
    no_keyframe: { what: 'The picture of {name} can not begin.', help: 'What arrives can not be decoded yet. Turning it off and on again may help {name}.' },
    other: { what: 'The picture of {name} does not come.', help: 'It shows here as soon as it comes.' },
  },
  'zh-Hans': {
    codec: { what: '此浏览器无法显示该画面（{codec}）。', help: '您仍能听到 {name}。换一个浏览器也许可以显示。' },
    no_media: { what: '没有收到 {name} 的画面。', help: '画面一到就会显示。若一直没有，请对方关闭后重新开启。' },
    no_keyframe: { what: '{name} 的画面无法开始显示。', help: '收到的画面暂时无法解码。请 {name} 关闭后重新开启。' },
    other: { what: '{name} 的画面无法显示。', help: '画面一到就会显示。' },
  },
};

/**
 * @param {string} problem a code, behind "codec" the codec
 * @param {string} name of whose picture it is, made safe for sentences
 * @param {import('../lib/i18n.js').Language} language
 * @returns {Words}
 */
export function wordsFor(problem, name, language) {
  const [code, codec = ''] = problem.split(' ');
  const texts = WORDS[language];
  const { what, help } = Object.hasOwn(texts, code) ? texts[code] : texts.other;
  const say = (/** @type {string} */ text) => format(text, { name, codec }, language);
  return { what: say(what), help: say(help) };
}

/**
 * Writes on a tile why it has no picture. Returns it as a line.
 * @param {HTMLElement} note
 * @param {string} problem
 * @param {string} name
 */
export function explain(note, problem, name) {
  const { what, help } = wordsFor(problem, name, i18n.language);
  fill(note, icon('warn'), h('span', null, what), h('span', { class: 'hint' }, help));
  return what;
}
