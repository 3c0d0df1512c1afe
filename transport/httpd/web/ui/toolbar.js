// The call controls: one toolbar, walked with the arrow keys, always in the
// same order.
import { icon } from '../icons/icons.js';
import { attr, fill, h } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { bindings, keyCaps } from '../lib/shortcuts.js';
import { camMenu, micMenu } from './device-menus.js';
import { ParleyElement, define } from './element.js';
import { openMenu } from './menu.js';
import { moreItems, reactionRow } from './more-menu.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./call.js').CallState} CallState */
/** @typedef {import('../lib/shortcuts.js').Action} Action */
/** @typedef {import('../lib/i18n.js').Key} Key */
/** @typedef {import('../icons/icons.js').IconName} IconName */

export const isMac = () => /mac|iphone|ipad/i.test(navigator.userAgent);

/** "Mute (M)": the label with its key. @param {Key} label @param {Action} action */
export function hint(label, action) {
  const key = prefs.now.shortcuts || action === 'toolbar' ? bindings(prefs.now.keys)[action] : '';
  return key ? t('bar.hintKey', { label: t(label), key: keyCaps(key, isMac()).join('+') }) : t(label);
}

export class ParleyToolbar extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  /** @type {import('./actions.js').Actions} */
  actions = /** @type {any} */ (null);

  #mic = this.#button('bar.mic', 'mic', () => this.actions.run('mic'));
  #micMenu = this.#arrow('device.micMenu', (b) => micMenu(this.call, b));
  #cam = this.#button('bar.cam', 'cam', () => this.actions.run('cam'));
  #camMenu = this.#arrow('device.camMenu', (b) => camMenu(this.call, b));
  #share = this.#button('bar.share', 'share', () => this.actions.run('share'), 'wide-only');
  #hand = this.#button('bar.hand', 'hand', () => this.actions.run('hand'), 'wide-only');
  #react = this.#button('bar.react', 'smile', () => this.#reactions(), 'wide-only');
  #chat = this.#button('bar.chat', 'chat', () => this.actions.run('chat'));
  #people = this.#button('bar.people', 'people', () => this.actions.run('people'), 'wide-only');
  #more = this.#button('bar.more', 'more', () => this.#openMore());
  #leave = this.#button('bar.leave', 'leave', () => this.actions.run('leave'), 'leave');

  /** @param {AbortSignal} alive */
  mounted(alive) {
    this.setAttribute('role', 'toolbar');
    attr(this, 'aria-label', msg('bar.label'));
    attr(this.#more, 'aria-haspopup', 'menu');
    attr(this.#react, 'aria-haspopup', 'true');
    const split = (/** @type {HTMLElement[]} */ ...parts) => h('div', { class: 'split' }, ...parts);
    fill(
      this,
      split(this.#mic, this.#micMenu),
      split(this.#cam, this.#camMenu),
      this.#share,
      this.#hand,
      this.#react,
      this.#chat,
      this.#people,
      this.#more,
      this.#leave,
    );
    this.addEventListener('keydown', (e) => this.#walk(e), { signal: alive });
    this.addEventListener('focusin', (e) => this.#stop(/** @type {HTMLElement} */ (e.target)), { signal: alive });
    this.#stop(this.#mic);
    this.call.store.watch(() => this.#draw(), alive);
    prefs.addEventListener('change', () => this.#draw(), { signal: alive });
    this.#draw();
  }

  relabelled() {
    this.#draw();
  }

  /** @param {Key} label @param {IconName} name @param {() => void} run @param {string} [extra] */
  #button(label, name, run, extra = '') {
    return h('button', { class: `bar-btn ${extra}`.trim(), type: 'button', tabindex: '-1', 'aria-label': msg(label), onclick: run }, icon(name));
  }

  /** @param {Key} label @param {(button: HTMLButtonElement) => void} open */
  #arrow(label, open) {
    const button = h('button', { class: 'bar-arrow', type: 'button', tabindex: '-1', 'aria-label': msg(label), title: msg(label), 'aria-haspopup': 'true', 'aria-expanded': 'false' }, icon('chevronUp', 'small'));
    button.addEventListener('click', () => open(button));
    return button;
  }

  #draw() {
    const s = this.call.state;
    this.#toggle(this.#mic, { on: s.mic, bad: s.micError !== '', icons: ['mic', 'micOff'], tip: hint(s.mic ? 'bar.mute' : 'bar.unmute', 'mic'), device: true });
    this.#toggle(this.#cam, { on: s.cam, bad: s.camError !== '', icons: ['cam', 'camOff'], tip: hint(s.cam ? 'bar.camStop' : 'bar.camStart', 'cam'), device: true });
    this.#toggle(this.#share, { on: s.sharing, icons: ['shareStop', 'share'], tip: hint(s.sharing ? 'bar.shareStop' : 'bar.share', 'share') });
    const raised = (s.people[0]?.hand ?? 0) > 0;
    this.#toggle(this.#hand, { on: raised, icons: ['hand', 'hand'], tip: hint(raised ? 'bar.handDown' : 'bar.hand', 'hand') });
    attr(this.#react, 'title', msg('bar.react'));
    this.#toggle(this.#chat, { on: s.panel === 'chat', icons: ['chat', 'chat'], tip: hint('bar.chat', 'chat'), badge: s.unread });
    attr(this.#chat, 'aria-label', s.unread ? msg('bar.chatUnread', { n: s.unread }) : msg('bar.chat'));
    this.#toggle(this.#people, { on: s.panel === 'people', icons: ['people', 'people'], tip: hint('bar.people', 'people'), count: s.people.length });
    attr(this.#people, 'aria-label', msg('bar.peopleCount', { n: s.people.length }));
    attr(this.#more, 'title', msg('bar.more'));
    attr(this.#leave, 'title', hint('bar.leave', 'leave'));
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {{on: boolean, bad?: boolean, device?: boolean, icons: [IconName, IconName], tip: string, badge?: number, count?: number}} state
   */
  #toggle(button, { on, bad = false, device = false, icons: [yes, no], tip, badge = 0, count = 0 }) {
    attr(button, 'aria-pressed', String(on));
    attr(button, 'title', tip);
    button.classList.toggle('on', on && !device);
    button.classList.toggle('off', device && !on);
    button.classList.toggle('bad', bad);
    const key = `${on} ${bad} ${badge} ${count}`;
    if (button.dataset.drawn === key) return;
    button.dataset.drawn = key;
    fill(
      button,
      icon(on ? yes : no),
      bad ? h('span', { class: 'bang', 'aria-hidden': 'true' }, '!') : null,
      badge ? h('span', { class: 'badge', 'aria-hidden': 'true' }, badge > 99 ? '99+' : badge) : null,
      count ? h('span', { class: 'count', 'aria-hidden': 'true' }, count) : null,
    );
  }

  #reactions() {
    const row = reactionRow(this.call);
    const menu = openMenu(this.#react, msg('react.label'), [{ element: row }], { className: 'reactions-menu' });
    row.addEventListener('click', () => menu?.hidePopover());
  }

  #openMore() {
    openMenu(this.#more, msg('bar.more'), moreItems(this.call, this.actions));
  }

  // ---------------------------------------------------- roving focus --

  /** Buttons that can be seen, in order. */
  #stops() {
    return /** @type {HTMLElement[]} */ ([...this.querySelectorAll('button')]).filter((b) => b.offsetParent !== null);
  }

  /** @param {HTMLElement} target the one that Tab comes to */
  #stop(target) {
    for (const button of this.querySelectorAll('button')) attr(button, 'tabindex', button === target ? '0' : '-1');
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const stops = this.#stops();
    const at = stops.indexOf(/** @type {HTMLElement} */ (event.target));
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (next === undefined || at < 0) return;
    event.preventDefault();
    stops[(next + stops.length) % stops.length].focus();
  }

  /** Puts the focus on the toolbar. */
  enter() {
    const [first] = this.#stops();
    const stop = /** @type {HTMLElement | null} */ (this.querySelector('button[tabindex="0"]'));
    (stop?.offsetParent ? stop : first)?.focus();
  }
}

define('parley-toolbar', ParleyToolbar);
