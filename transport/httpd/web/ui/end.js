// After a meeting: why it is over, what it was, the way back, and a rating.
import { icon } from '../icons/icons.js';
import { endKind, messageKey } from '../lib/failures.js';
import { attr, fill, h, text } from '../lib/html.js';
import { clock, i18n, msg } from '../lib/i18n.js';
import { proposeRoom, roomPath } from '../lib/route.js';
import { say } from './announcer.js';
import { title } from './title.js';
import { appLink, go, pageHead, skipLink } from './chrome.js';
import { newId } from './dialog.js';
import { ParleyElement, define } from './element.js';
import { later } from './later.js';
import { toast } from './toasts.js';

const STARS = /** @type {const} */ (['end.star1', 'end.star2', 'end.star3', 'end.star4', 'end.star5']);

export class ParleyEnd extends ParleyElement {
  room = '';
  embedded = false;
  /** @type {import('./call.js').Call} */
  call = /** @type {any} */ (null);
  /** @type {import('./meeting.js').End} */
  end = { reason: /** @type {import('../lib/failures.js').Reason} */ ('left'), retryable: true, summary: null };
  heading = h('h1', { tabindex: '-1' });

  mounted() {
    const kind = endKind(this.end.reason);
    title('room.title', { room: this.room });
    fill(this.heading, msg(`end.title.${kind}`));
    fill(
      this,
      this.embedded ? null : skipLink(),
      this.embedded ? null : pageHead(),
      h('main', { id: 'main', class: 'end', tabindex: '-1' }, this.heading, this.#why(kind), this.#ways(kind), this.#summary(), this.#rating(), this.#record()),
    );
    say(this.heading.textContent ?? '', { now: kind !== 'left' });
  }

  /** @param {ReturnType<typeof endKind>} kind */
  #why(kind) {
    if (kind === 'left') return null;
    const { reason } = this.end;
    return h('p', { class: 'lead' }, kind === 'failed' ? msg(messageKey(reason), { code: reason }) : msg(`end.text.${kind}`));
  }

  /** @param {ReturnType<typeof endKind>} kind */
  #ways(kind) {
    const rejoin = () => this.dispatchEvent(new CustomEvent('rejoin'));
    const useHere = kind === 'duplicate_identity';
    return h(
      'div',
      { class: 'row wrap center' },
      h('button', { class: 'btn primary big', type: 'button', onclick: rejoin }, msg(useHere ? 'end.useHere' : 'end.rejoin')),
      this.embedded ? null : h('button', { class: 'btn outline big', type: 'button', onclick: () => go(this, roomPath(proposeRoom())) }, msg('end.new')),
      this.embedded ? null : appLink('/', { class: 'btn quiet big' }, icon('home'), msg('page.home')),
    );
  }

  #summary() {
    const { summary } = this.end;
    if (!summary) return null;
    const fact = (/** @type {import('../lib/i18n.js').Key} */ key, /** @type {string | number} */ value) =>
      h('div', { class: 'fact' }, h('dt', null, msg(key)), h('dd', null, value));
    return h(
      'section',
      { class: 'card summary', 'aria-label': msg('end.summary') },
      h('h2', null, h('bdi', null, this.room)),
      h('p', { class: 'hint' }, i18n.dateTime(summary.joinedAt)),
      h(
        'dl',
        null,
        fact('end.duration', clock(summary.durationMs)),
        fact('end.people', summary.peak),
        fact('end.messages', summary.messages),
      ),
    );
  }

  #record() {
    const { recorded, recordPending } = this.call.room;
    const slot = h('div');
    const note = recorded ? null : h('p', { class: 'hint' }, msg(recordPending ? 'record.pending' : 'record.lost'));
    const details = h('details', { class: 'card record' }, h('summary', null, msg('record.title')), note, slot);
    details.addEventListener('toggle', async () => {
      if (!details.open) return;
      const module = await later(import('./record.js'));
      if (!module) return void (details.open = false);
      const record = new module.ParleyRecord();
      record.room = this.call.room;
      fill(slot, record);
    });
    return details;
  }

  #rating() {
    const name = newId('stars');
    const comment = newId('comment');
    const label = h('span', { class: 'hint star-word' });
    const send = h('button', { class: 'btn primary', type: 'submit', 'aria-disabled': 'true' }, msg('end.send'));
    const more = h(
      'div',
      { class: 'stack', hidden: true },
      h('div', { class: 'field' }, h('label', { for: comment }, msg('end.comment')), h('textarea', { class: 'input', id: comment, rows: 2, maxlength: 1000 })),
      send,
    );
    const star = (/** @type {number} */ n) => {
      const input = h('input', { type: 'radio', name, value: n, class: 'sr', 'aria-label': i18n.t('end.stars', { n }) });
      input.addEventListener('change', () => {
        for (const el of form.querySelectorAll('.star')) el.classList.toggle('lit', Number(el.getAttribute('data-n')) <= n);
        text(label, msg(STARS[n - 1]));
        attr(send, 'aria-disabled', null);
        more.hidden = false;
      });
      return h('label', { class: 'star', 'data-n': n, title: msg(STARS[n - 1]) }, input, icon('starFull'));
    };
    const form = h(
      'form',
      { class: 'card rating' },
      h('fieldset', null, h('legend', null, msg('end.rate')), h('div', { class: 'stars' }, ...[1, 2, 3, 4, 5].map(star)), label),
      more,
    );
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      void this.#send(form, name);
    });
    return form;
  }

  /** @param {HTMLFormElement} form @param {string} name */
  async #send(form, name) {
    const stars = Number(new FormData(form).get(name));
    if (!stars) return;
    try {
      await this.call.room.rate(stars, form.querySelector('textarea')?.value.trim() ?? '');
      fill(form, h('p', { class: 'thanks' }, icon('check'), msg('end.thanks')));
      say(msg('end.thanks'));
    } catch {
      toast({ kind: 'warn', icon: 'warn', text: msg('end.rateFailed'), settled: () => !form.querySelector('fieldset'), actions: [{ label: msg('app.retry'), run: () => void this.#send(form, name) }] });
    }
  }
}

define('parley-end', ParleyEnd);
