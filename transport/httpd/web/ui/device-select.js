// A picker of one kind of device that follows what is plugged in.
import { fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { deviceLabel } from './local-media.js';

/** @typedef {import('../sdk/index.js').Device} Device */

const NAMES = /** @type {const} */ ({ audioinput: 'device.mic', videoinput: 'device.cam', audiooutput: 'device.speaker' });

/**
 * @param {import('../sdk/index.js').DeviceKind} kind
 * @param {(id: string) => void} choose
 */
export function deviceSelect(kind, choose) {
  const select = h('select', { class: 'select', 'aria-label': msg(NAMES[kind]), onchange: () => choose(select.value) });
  let drawn = '';
  return {
    element: select,
    /** @param {readonly Device[]} list @param {string} chosen */
    update(list, chosen) {
      const now = JSON.stringify([list.map((d) => [d.id, d.label]), chosen]);
      if (now === drawn) return;
      drawn = now;
      fill(select, ...options(list));
      select.value = chosen;
      if (select.selectedIndex < 0) select.selectedIndex = 0;
      select.disabled = list.length === 0;
    },
  };
}

/** @param {readonly Device[]} list */
function options(list) {
  if (!list.length) return [h('option', { value: '' }, msg('device.none'))];
  const named = list.filter((d) => d.id !== 'default' && d.id !== 'communications');
  return [
    h('option', { value: '' }, msg('device.default')),
    ...named.map((d, i) => {
      const { label, key, n } = deviceLabel(d, i);
      return h('option', { value: d.id }, key ? msg(key, { n }) : label);
    }),
  ];
}
