// The list of keyboard shortcuts.
import { h } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { CATALOGUE, bindings, keyCaps } from '../lib/shortcuts.js';
import { openDialog } from './dialog.js';
import { sheet } from './later.js';
import { isMac } from './toolbar.js';

await sheet('/css/settings.css');

/** A key as caps, or a word for none. @param {string} key */
export function caps(key) {
  if (!key) return h('span', { class: 'hint' }, msg('shortcut.none'));
  const names = keyCaps(key, isMac()).map((k) => (k === 'Space' ? t('shortcut.space') : k));
  return h('span', { class: 'kbd' }, ...names.map((k) => h('kbd', null, k)));
}

export function openShortcutSheet() {
  const keys = bindings(prefs.now.keys);
  openDialog({
    title: msg('shortcut.title'),
    body: [
      prefs.now.shortcuts ? null : h('p', { class: 'notice' }, msg('shortcut.off')),
      h(
        'dl',
        { class: 'shortcuts' },
        ...CATALOGUE.map(({ action, label, also }) =>
          h('div', null, h('dt', null, msg(label)), h('dd', null, caps(keys[action]), also ? h('span', { class: 'hint' }, msg('shortcut.or')) : null, also ? caps(also) : null)),
        ),
      ),
    ],
  });
}
