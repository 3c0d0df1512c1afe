// Why joining failed, in words, with a button and, where it makes sense, a
// countdown to the next try.
import { icon } from '../icons/icons.js';
import { joinFailure, retryAfter } from '../lib/failures.js';
import { h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { say } from './announcer.js';

/** @typedef {import('../lib/failures.js').Failure} Failure */

/**
 * @param {Failure} error
 * @param {{tries: number, retry: () => void, signal: AbortSignal}} options tries:
 *   how many have failed, which makes the pause longer
 */
export function failNotice(error, { tries, retry, signal }) {
  const { title, text: body, mend, command } = joinFailure(error);
  const { code, origin = '', host = '' } = error;
  const params = { code, origin, host };
  const countdown = h('span', { class: 'hint' });
  const again = () => {
    clearInterval(timer);
    retry();
  };
  let left = retryAfter(error, tries);
  const tick = () => {
    if (!notice.isConnected || signal.aborted) return clearInterval(timer);
    if (--left <= 0) again();
    else text(countdown, msg('fail.retryIn', { s: left }));
  };
  const timer = left ? setInterval(tick, 1000) : 0;
  if (left) text(countdown, msg('fail.retryIn', { s: left }));
  const notice = h(
    'div',
    // What mends itself is no alarm.
    { class: `notice ${left ? 'warn' : 'bad'}` },
    icon('warn'),
    h(
      'div',
      { class: 'stack' },
      h('h2', null, msg(title)),
      h('p', null, msg(body, params)),
      mend ? h('p', null, msg(mend, params)) : null,
      command ? h('pre', { class: 'command', tabindex: '0' }, h('code', null, command)) : null,
      h('div', { class: 'row wrap' }, h('button', { class: 'btn small', type: 'button', onclick: again }, msg('app.retry')), countdown),
    ),
  );
  say(`${msg(title)} ${msg(body, params)}`, { now: true });
  return notice;
}
