// Lines above the stage that stay as long as something is so: reconnecting,
// sound blocked, sharing, a silent microphone, the server about to stop.
import { icon } from '../icons/icons.js';
import { reconnectReason } from '../lib/failures.js';
import { attr, fill, h, text } from '../lib/html.js';
import { i18n, msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { say } from './announcer.js';
import { micMenu } from './device-menus.js';
import { ParleyElement, define } from './element.js';

/** @typedef {import('./call.js').Call} Call */

export class ParleyBanners extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #attempt = h('span', { class: 'hint' });
  #refused = h('span');
  /** @type {import('./drain.js').DrainNotice | null} */
  #drain = null;
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();

  /** @param {AbortSignal} alive */
  mounted(alive) {
    const { store } = this.call;
    store.select((s) => s.audioBlocked, (on) => this.#show('audio', on, () => this.#audio()), alive);
    store.select((s) => s.phase, (phase) => this.#show('connection', phase === 'reconnecting', () => this.#connection()), alive);
    // Without the socket the other banner says enough.
    store.select((s) => s.phase === 'live' && s.media === 'interrupted', (on) => this.#show('interrupted', on, () => this.#media('room.mediaInterrupted')), alive);
    store.select((s) => s.phase === 'live' && s.media === 'failed', (on) => this.#show('blocked', on, () => this.#media('room.mediaBlocked')), alive);
    store.select((s) => s.sharing, (on) => this.#show('share', on, () => this.#sharing()), alive);
    store.select((s) => s.silentMic, (on) => this.#show('silent', on, () => this.#silent()), alive);
    store.select((s) => s.drainAt, (at) => void this.#draining(at), alive);
    store.select((s) => s.dataSaver, (on) => this.#show('data', on, () => this.#data()), alive);
    this.every(500, () => this.#count());
  }

  /** @param {string} key @param {boolean} on @param {() => HTMLElement} make */
  #show(key, on, make) {
    if (on === this.#shown.has(key)) return;
    if (!on) {
      this.#shown.get(key)?.remove();
      this.#shown.delete(key);
      return;
    }
    const el = make();
    this.#shown.set(key, el);
    this.append(el);
    this.#count();
  }

  /** @param {string} kind @param {import('../icons/icons.js').IconName} name @param {...import('../lib/html.js').Child} children */
  #banner(kind, name, ...children) {
    return h('div', { class: `banner ${kind}` }, icon(name), ...children);
  }

  /** @param {import('../lib/i18n.js').Key} label @param {() => void} run */
  #action(label, run) {
    return h('button', { class: 'btn small', type: 'button', onclick: run }, msg(label));
  }

  #connection() {
    return this.#banner(
      'warn',
      'wifiOff',
      h('p', null, h('strong', null, msg(this.call.state.stopped ? 'room.serverStopped' : 'room.reconnecting')), ' ', this.#refused, ' ', this.#attempt),
      this.#action('room.tryNow', () => this.call.room.tryNow()),
      this.#action('room.giveUp', () => this.call.leave()),
    );
  }

  /** Sound and picture do not get through, though the server is there. @param {'room.mediaInterrupted' | 'room.mediaBlocked'} key */
  #media(key) {
    say(msg(key), { now: true });
    const test = h('a', { class: 'btn small', href: '/test', target: '_blank' }, msg('landing.test'));
    return this.#banner('warn', 'wifiOff', h('p', null, msg(key)), key === 'room.mediaBlocked' ? test : null, this.#action('room.tryNow', () => this.call.room.tryNow()));
  }

  #audio() {
    const button = h('button', { class: 'banner audio', type: 'button', onclick: () => void this.call.room.startAudio() }, icon('volume'), msg('room.audioBlocked'));
    queueMicrotask(() => button.focus());
    return button;
  }

  #sharing() {
    const mirrors = this.call.devices?.sharesMonitor() ?? false;
    if (mirrors) say(msg('room.mirrors'), { now: true });
    return this.#banner(
      mirrors ? 'warn' : 'accent',
      mirrors ? 'warn' : 'share',
      h('p', null, msg(mirrors ? 'room.mirrors' : 'room.sharingYou')),
      mirrors ? this.#action('room.shareOther', () => void this.#shareOther()) : null,
      this.#motion(),
      this.#action('room.stopSharing', () => void this.call.devices?.share(false)),
    );
  }

  /** Text is sent sharp; films rather smoothly. */
  #motion() {
    const button = h('button', { class: 'btn small', type: 'button', title: msg('room.shareMotionHelp') });
    const draw = () => {
      const on = this.call.devices?.sharesMotion ?? false;
      attr(button, 'aria-pressed', String(on));
      fill(button, on ? icon('check', 'small') : null, msg('room.shareMotion'));
    };
    button.addEventListener('click', () => {
      if (this.call.devices) this.call.devices.sharesMotion = !this.call.devices.sharesMotion;
      draw();
    });
    draw();
    return button;
  }

  async #shareOther() {
    await this.call.devices?.share(false);
    await this.call.devices?.share(true);
  }

  #silent() {
    say(msg('room.silentMic'));
    const choose = this.#action('room.otherMic', () => micMenu(this.call, choose));
    return this.#banner('warn', 'micOff', h('p', null, msg('room.silentMic')), choose, this.#action('room.silentMicOff', () => prefs.set({ silentMicWarning: false })));
  }

  /** Its words and its clock come when they are needed. @param {number} at */
  async #draining(at) {
    if (at) this.#drain ??= await import('./drain.js').then((m) => new m.DrainNotice()).catch(() => null); // told again a minute before the end
    if (!this.call.state.drainAt) this.#drain = null;
    this.#show('drain', this.#drain !== null, () => this.#banner('warn', 'warn', this.#drain?.line));
  }

  #data() {
    return this.#banner('', 'data', h('p', null, msg('room.dataSaver')), this.#action('room.dataSaverOff', () => this.call.setDataSaver(false)));
  }

  /** Counts what runs down. */
  #count() {
    const { phase, attempt, nextAt, refused, drainAt } = this.call.state;
    const now = performance.now();
    if (phase === 'reconnecting') {
      const s = Math.ceil((nextAt - now) / 1000);
      const parts = [msg('room.reconnectAttempt', { n: attempt }), ...(s > 0 ? [msg('room.reconnectIn', { s })] : [])];
      text(this.#attempt, parts.join(', '));
      const reason = refused ? reconnectReason(refused) : '';
      text(this.#refused, reason ? msg(reason, { origin: refused?.origin ?? '', host: refused?.host ?? '' }) : '');
    }
    const told = drainAt ? this.#drain?.count(drainAt - now, i18n.language) : '';
    if (told) say(told);
  }

  relabelled() {
    this.#count();
  }

  unmounted() {
    fill(this);
    this.#shown.clear();
  }
}

define('parley-banners', ParleyBanners);
