// Help for a device that can not be had: what is wrong, the steps for this
// browser and system, and a way on. Whoever shows it takes it away when access
// appears (ui/local-media.js watches for that).
import { icon } from '../icons/icons.js';
import { platformOf, stepsFor, systemLink } from '../lib/access.js';
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { openDialog } from './dialog.js';

/** @typedef {import('../lib/access.js').Cause} Cause */
/** @typedef {import('../lib/access.js').Which} Which */

const platform = () => platformOf(navigator.userAgent, navigator.maxTouchPoints);

/** @param {Cause} cause @param {Which} which */
const heading = (cause, which) => msg(`media.${cause}.${which}.title`);

/** @param {Cause} cause @param {Which} which @param {() => void} retry @param {{joined: boolean}} where joined: in the meeting already */
function content(cause, which, retry, { joined }) {
  const steps = stepsFor(cause, platform());
  const link = systemLink(cause, platform(), which);
  return [
    h('p', null, msg(`media.${cause}.${which}.text`), joined ? null : ' ', joined ? null : msg('media.joinAnyway')),
    steps ? h('p', null, msg(steps)) : null,
    link ? h('a', { href: link }, msg('help.openSystem')) : null,
    h(
      'div',
      { class: 'row wrap' },
      h('button', { class: 'btn small', type: 'button', onclick: retry }, msg('app.retry')),
      h('span', { class: 'hint' }, msg('media.closesItself')),
    ),
  ];
}

/**
 * The help as a notice before a meeting.
 * @param {Cause} cause
 * @param {Which} which
 * @param {() => void} retry
 */
export function mediaNotice(cause, which, retry) {
  return h(
    'section',
    { class: 'notice warn', 'aria-label': heading(cause, which) },
    icon('warn'),
    h('div', { class: 'stack' }, h('h2', null, heading(cause, which)), ...content(cause, which, retry, { joined: false })),
  );
}

/**
 * The help as a dialog within a call.
 * @param {Cause} cause
 * @param {Which} which
 * @param {{retry: () => void, onclose?: () => void}} options
 */
export function mediaDialog(cause, which, { retry, onclose }) {
  return openDialog({ title: heading(cause, which), body: content(cause, which, retry, { joined: true }), onclose, alert: true });
}
