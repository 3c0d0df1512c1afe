// The head of a side panel.
import { icon } from '../icons/icons.js';
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';

/**
 * @param {import('./call.js').Call} call
 * @param {import('../lib/i18n.js').Key} title
 * @param {import('../lib/html.js').Child} [beside]
 */
export function panelHead(call, title, beside) {
  return h(
    'div',
    { class: 'panel-head' },
    h('h2', { tabindex: '-1' }, msg(title)),
    beside,
    h('span', { class: 'grow' }),
    h('button', { class: 'btn quiet square', type: 'button', 'aria-label': msg('app.close'), onclick: () => call.store.set({ panel: '' }) }, icon('close')),
  );
}
