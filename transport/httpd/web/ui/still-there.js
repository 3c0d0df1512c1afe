// Asks who has been alone for long whether they are still there.
import { h, text } from '../lib/html.js';
import { clock, msg } from '../lib/i18n.js';
import { sound } from './audio.js';
import { newId, openDialog } from './dialog.js';

/** How long there is to answer, seconds, and when what is left is said. */
const ANSWER = 120;
const SAID = [90, 60, 30, 10];

/**
 * @param {() => void} leave what the answer no does
 * @param {AbortSignal} signal takes the question back
 * @returns {Promise<boolean>} whether there was an answer
 */
export function stillThere(leave, signal) {
  return new Promise((resolve) => {
    const until = performance.now() + ANSWER * 1000;
    const left = () => Math.max(0, Math.ceil((until - performance.now()) / 1000));
    const why = h('p', { id: newId('alone') }, msg('alone.text'));
    const countdown = h('p', { class: 'countdown', role: 'timer', 'aria-live': 'off' });
    // In the dialog: what is outside of it is not read while it is open.
    const spoken = h('p', { class: 'sr', role: 'alert' });
    let answered = true;
    const no = () => {
      dialog.close();
      leave();
    };
    const stay = h('button', { class: 'btn primary', type: 'button', onclick: () => dialog.close() }, msg('alone.stay'));
    const dialog = openDialog({
      title: msg('alone.title'),
      body: [why, countdown, spoken, h('div', { class: 'row wrap' }, stay, h('button', { class: 'btn outline', type: 'button', onclick: no }, msg('bar.leave')))],
      alert: true,
      onclose: () => {
        clearInterval(timer);
        signal.removeEventListener('abort', close);
        resolve(answered);
      },
    });
    dialog.setAttribute('aria-describedby', why.id);
    let toSay = SAID;
    const tick = () => {
      const s = left();
      text(countdown, clock(s * 1000));
      if (s <= toSay[0]) {
        text(spoken, msg('alone.left', { s }));
        toSay = toSay.filter((at) => at < s);
      }
      if (s > 0) return;
      answered = false;
      dialog.close();
    };
    const close = () => dialog.close();
    const timer = setInterval(tick, 1000);
    signal.addEventListener('abort', close, { once: true });
    tick();
    stay.focus();
    sound('alert');
  });
}
