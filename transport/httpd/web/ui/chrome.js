// The frame of the pages outside a meeting: head with language and colours.
import { h } from '../lib/html.js';
import { LANGUAGES, i18n, msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { site } from '../lib/route.js';
import { logo } from '../icons/icons.js';
import { later } from './later.js';

/** Asks the app to show another page. @param {Element} from @param {string} path  below the site's */
export function go(from, path) {
  from.dispatchEvent(new CustomEvent('go', { detail: path, bubbles: true }));
}

/** A link within the app that does not load the page again.
 * @param {string} path  below the site's @param {Record<string, any>} props @param {...import('../lib/html.js').Child} children */
export function appLink(path, props, ...children) {
  return h(
    'a',
    {
      ...props,
      href: site.at(path),
      onclick: (/** @type {MouseEvent & {currentTarget: Element}} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
        event.preventDefault();
        go(event.currentTarget, path);
      },
    },
    ...children,
  );
}

export function languageSelect(className = 'select small') {
  const select = h(
    'select',
    { class: className, 'aria-label': msg('app.language'), onchange: () => void changeLanguage(select.value).then(() => (select.value = i18n.language)) },
    ...LANGUAGES.map(({ code, name }) => h('option', { value: code, lang: code }, name)),
  );
  select.value = i18n.language;
  return select;
}

/** @param {string} code */
async function changeLanguage(code) {
  const { code: language } = LANGUAGES.find((l) => l.code === code) ?? LANGUAGES[0];
  if (await later(i18n.use(language).then(() => true))) prefs.set({ lang: language });
}

export function themeSelect(className = 'select small') {
  const select = h(
    'select',
    {
      class: className,
      'aria-label': msg('app.theme'),
      onchange: () => prefs.set({ theme: select.value === 'light' || select.value === 'dark' ? select.value : 'system' }),
    },
    h('option', { value: 'system' }, msg('theme.system')),
    h('option', { value: 'light' }, msg('theme.light')),
    h('option', { value: 'dark' }, msg('theme.dark')),
  );
  select.value = prefs.now.theme;
  return select;
}

/** The head of a page. */
export function pageHead() {
  return h(
    'header',
    { class: 'page-head' },
    appLink('/', { class: 'brand', title: msg('app.home') }, logo(), h('span', null, 'Parley')),
    h('div', { class: 'page-tools' }, themeSelect(), languageSelect()),
  );
}

/** A link that jumps over the head; not by the address, whose change would draw the page anew. */
export const skipLink = () =>
  h('a', { class: 'skip', href: '#main', onclick: (/** @type {Event} */ e) => (e.preventDefault(), document.getElementById('main')?.focus()) }, msg('app.skip'));
