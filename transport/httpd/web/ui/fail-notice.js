// Why joining failed, in words, with a button and, where it makes sense, a
// countdown to the next try.
import { icon } from '../icons/icons.js';
import { joinFailure, retryAfter } from '../lib/failures.js';
import { h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { say } from './announcer.js';

/**
 * @param {{code: string}} error
 * @param {{tries: number, retry: () => void, signal: AbortSignal}} options tries:
 *   how many have failed, which makes the pause longer
 */
export function failNotice({ code }, { tries, retry, signal }) {
  const { title, text: body } = joinFailure(code);
  const countdown = h('span', { class: 'hint' });
  const again = () => {
    clearInterval(timer);
    retry();
  };
  let left = retryAfter(code, tries);
  const tick = () => {
    if (!notice.isConnected || signal.aborted) return clearInterval(timer);
    if (--left <= 0) again();
    else text(countdown, msg('fail.retryIn', { s: left }));
  };
  const timer = left ? setInterval(tick, 1000) : 0;
  if (left) text(countdown, msg('fail.retryIn', { s: left }));
  const notice = h(
    'div',
    { class: 'notice bad' },
    icon('warn'),
    h(
      'div',
      { class: 'stack' },
      h('h2', null, msg(title)),
      h('p', null, msg(body, { code })),
      h('div', { class: 'row wrap' }, h('button', { class: 'btn small', type: 'button', onclick: again }, msg('app.retry')), countdown),
    ),
  );
  say(`${msg(title)} ${msg(body, { code })}`, { now: true });
  return notice;
}
