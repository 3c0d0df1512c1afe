// Copying, with the button that says so.
import { fill, h } from '../lib/html.js';
import { icon } from '../icons/icons.js';
import { msg } from '../lib/i18n.js';
import { say } from './announcer.js';
import { toast } from './toasts.js';

/** @param {string} what @returns {Promise<boolean>} */
export async function copyText(what) {
  try {
    await navigator.clipboard.writeText(what);
    return true;
  } catch {
    return copyOldWay(what);
  }
}

/** Where the clipboard API is missing (plain HTTP) or refused. @param {string} what */
function copyOldWay(what) {
  const area = h('textarea', { class: 'sr', readonly: true, value: what });
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  const before = document.activeElement;
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/**
 * A button that copies and says "Copied" for a while.
 * @param {import('../lib/i18n.js').Msg} label
 * @param {() => string} what
 * @param {string} [className]
 */
export function copyButton(label, what, className = 'btn') {
  const show = (/** @type {boolean} */ copied) => fill(button, icon(copied ? 'check' : 'copy'), h('span', null, copied ? msg('app.copied') : label));
  const button = h('button', {
    class: className,
    type: 'button',
    onclick: async () => {
      if (!(await copyText(what()))) {
        toast({ text: msg('app.copyFailed'), kind: 'warn' });
        return;
      }
      show(true);
      say(msg('app.copied'));
      setTimeout(() => show(false), 2500);
    },
  });
  show(false);
  return button;
}
