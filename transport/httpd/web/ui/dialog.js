// Modal dialogs on the native element, which keeps focus inside and gives it
// back afterwards.
import { icon } from '../icons/icons.js';
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';

/** @typedef {import('../lib/html.js').Child} Child */

/** An id that is new on this page. @param {string} [prefix] */
export const newId = (prefix = 'p') => `${prefix}-${Math.random().toString(36).slice(2, 10)}`;

/**
 * Shows a dialog; it is removed when closed.
 * @param {{title: Child, body: Child[], className?: string, onclose?: () => void, alert?: boolean}} options
 */
export function openDialog({ title, body, className = '', onclose, alert = false }) {
  const id = newId('dialog');
  const content = h('div', { class: 'dialog-body' }, ...body);
  // Without a stop inside, only a stop of its own lets keys scroll it.
  if (!content.querySelector('a, button, input, select, textarea, [tabindex]')) content.tabIndex = 0;
  const dialog = h(
    'dialog',
    { class: className, 'aria-labelledby': id, role: alert ? 'alertdialog' : null },
    h(
      'div',
      { class: 'dialog-head' },
      h('h2', { id, tabindex: '-1' }, title),
      h('button', { class: 'btn quiet square', type: 'button', 'aria-label': msg('app.close'), onclick: () => dialog.close() }, icon('close')),
    ),
    content,
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    onclose?.();
  });
  dialog.addEventListener('pointerdown', (e) => {
    if (e.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Whether a dialog or menu is open, in which case shortcuts rest. */
export const anyOpen = () => document.querySelector('dialog[open], .menu:popover-open') !== null;
