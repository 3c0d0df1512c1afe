// Asks before "Back" takes somebody out of a meeting in which others are.
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { openDialog } from './dialog.js';

/** @param {() => void} leave @param {AbortSignal} signal takes the question back */
export function askLeave(leave, signal) {
  if (signal.aborted || document.querySelector('.ask-leave')) return;
  const close = () => dialog.close();
  const stay = h('button', { class: 'btn primary', type: 'button', onclick: close }, msg('alone.stay'));
  const no = h('button', { class: 'btn outline', type: 'button', onclick: () => (close(), leave()) }, msg('bar.leave'));
  const dialog = openDialog({
    title: msg('room.leaveAsk'),
    body: [h('p', null, msg('room.leaveAskText')), h('div', { class: 'row wrap' }, stay, no)],
    alert: true,
    className: 'ask-leave',
    onclose: () => signal.removeEventListener('abort', close),
  });
  signal.addEventListener('abort', close, { once: true });
  stay.focus();
}
