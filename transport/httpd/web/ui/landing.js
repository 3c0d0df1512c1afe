// The first page: start a meeting, join one, or test the setup.
import { icon } from '../icons/icons.js';
import { attr, fill, h } from '../lib/html.js';
import { i18n, msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { meetingURL } from '../lib/meeting-url.js';
import { proposeRoom, roomPath, site } from '../lib/route.js';
import { say } from './announcer.js';
import { title } from './title.js';
import { appLink, go, pageHead, skipLink } from './chrome.js';
import { newId } from './dialog.js';
import { ParleyElement, define } from './element.js';
import { later, openShare } from './later.js';
import { scene } from './scene.js';

export default class ParleyLanding extends ParleyElement {
  heading = h('h1', { tabindex: '-1' }, msg('landing.headline'));
  #recent = h('div', { class: 'recent' });

  mounted() {
    title('landing.title');
    fill(
      this,
      skipLink(),
      pageHead(),
      h(
        'main',
        { id: 'main', class: 'landing', tabindex: '-1' },
        h('div', { class: 'landing-text' }, this.heading, h('p', { class: 'lead' }, msg('landing.lead')), this.#start(), this.#joinForm(), this.#recent, appLink('/test', { class: 'test-link' }, icon('check', 'small'), msg('landing.test'))),
        scene(),
      ),
      h('footer', { class: 'page-foot' }, icon('lock', 'small'), h('span', null, msg('landing.foot'))),
    );
    this.#drawRecent();
    // Told before anybody is invited to an address where nobody can be heard.
    if (!isSecureContext) void later(import('./insecure.js')).then((m) => m && this.querySelector('.start-row')?.before(m.insecureNotice()));
  }

  relabelled() {
    this.#drawRecent();
  }

  #start() {
    return h(
      'div',
      { class: 'start-row' },
      h('button', { class: 'btn primary big', type: 'button', onclick: () => go(this, roomPath(proposeRoom())) }, icon('cam'), msg('landing.new')),
      h('button', { class: 'btn outline big', type: 'button', onclick: () => this.#later() }, icon('link'), msg('landing.later')),
    );
  }

  #later() {
    const room = proposeRoom();
    openShare(room, { start: () => go(this, roomPath(room)) });
  }

  #joinForm() {
    const id = newId('join');
    const problem = h('div', { id: `${id}-error`, hidden: true });
    const input = h('input', {
      class: 'input',
      id,
      name: 'room',
      type: 'text',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: '2000',
      placeholder: msg('landing.placeholder'),
      'aria-describedby': problem.id,
      oninput: () => this.#answer(input, problem, null),
    });
    return h(
      'form',
      {
        class: 'join-form',
        novalidate: true,
        onsubmit: (/** @type {Event} */ e) => {
          e.preventDefault();
          void this.#join(input, problem);
        },
      },
      h('label', { class: 'label', for: id }, msg('landing.field')),
      h('div', { class: 'row join-row' }, input, h('button', { class: 'btn', type: 'submit' }, msg('landing.join'))),
      problem,
    );
  }

  /** @param {HTMLInputElement} input @param {HTMLElement} problem */
  async #join(input, problem) {
    const { value } = input;
    const reader = await later(import('../lib/typed.js'));
    if (!reader) return;
    const typed = reader.readTyped(value, site);
    if (typed.to === 'elsewhere') return this.#answer(input, problem, this.#question(typed));
    const room = typed.to === 'here' ? await reader.roomMeant(typed.room, site.here) : '';
    if (!this.isConnected || input.value !== value) return; // somewhere else by now
    if (room) go(this, roomPath(room));
    else this.#answer(input, problem, h('p', { class: 'error-text' }, msg('landing.badInput', { example: meetingURL(site.url, 'abc-defg-hij') })));
  }

  /** A link to another server must not open here. @param {{host: string, href: string}} link */
  #question({ host, href }) {
    return h(
      'div',
      { class: 'notice' },
      icon('info'),
      h(
        'div',
        { class: 'stack' },
        h('p', null, msg('landing.elsewhere', { host })),
        h('div', null, h('a', { class: 'btn small', href, rel: 'noreferrer' }, msg('landing.goThere', { host }))),
      ),
    );
  }

  /** What is to be said about what was typed, below it; a question has a link. @param {HTMLInputElement} input @param {HTMLElement} place @param {HTMLElement | null} answer */
  #answer(input, place, answer) {
    place.hidden = !answer;
    const way = answer?.querySelector('a');
    attr(input, 'aria-invalid', answer && !way ? 'true' : null);
    fill(place, answer);
    if (!answer) return;
    say(place.textContent ?? '', { now: true });
    (way ?? input).focus();
  }

  #drawRecent() {
    const { recent } = prefs.now;
    this.#recent.hidden = !recent.length;
    if (!recent.length) return;
    fill(
      this.#recent,
      h('h2', { class: 'label' }, msg('landing.recent')),
      h('ul', { role: 'list' }, ...recent.slice(0, 5).map(({ room, at }) => this.#recentRow(room, at))),
    );
  }

  /** @param {string} room @param {number} at */
  #recentRow(room, at) {
    return h(
      'li',
      null,
      appLink(roomPath(room), { class: 'recent-room' }, h('bdi', null, room), h('span', { class: 'hint' }, i18n.ago(at))),
      h(
        'button',
        {
          class: 'btn quiet square small',
          type: 'button',
          'aria-label': msg('landing.removeRecent', { room }),
          onclick: () => {
            prefs.set({ recent: prefs.now.recent.filter((r) => r.room !== room) });
            say(msg('landing.removed', { room }));
            this.#drawRecent();
            const next = /** @type {HTMLElement | null} */ (this.#recent.querySelector('a')) ?? this.heading;
            next.focus();
          },
        },
        icon('close', 'small'),
      ),
    );
  }
}

define('parley-landing', ParleyLanding);
