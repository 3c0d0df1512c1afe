// Lines above the stage that stay as long as something is so: reconnecting,
// sound blocked, sharing, a silent microphone, the server about to stop. Here, as
// part of the page, they cover neither names nor controls.
import { icon } from '../icons/icons.js';
import { reconnectReason } from '../lib/failures.js';
import { attr, fill, h, text } from '../lib/html.js';
import { i18n, msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { site } from '../lib/route.js';
import { say } from './announcer.js';
import { micMenu } from './device-menus.js';
import { ParleyElement, define } from './element.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./call.js').CallState} CallState */

/** How long one is told that one came in unheard, milliseconds. */
const HUSHED = 20_000;

/**
 * Why nothing goes on just now, '' while it does. What is known to be wrong
 * stands there until it is over, whatever is tried meanwhile.
 * @param {CallState} s
 */
function trouble({ phase, stopped, server }) {
  if (phase === 'reconnecting' && stopped) return 'room.serverStopped';
  if (server === 'silent') return 'room.serverSilent';
  return phase === 'reconnecting' ? 'room.reconnecting' : '';
}

export class ParleyBanners extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #trouble = h('strong');
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
    store.select(trouble, (why) => {
      this.#show('connection', why !== '', () => this.#connection());
      if (why) text(this.#trouble, msg(why));
    }, alive);
    store.select((s) => this.#only(s, 'interrupted'), (on) => this.#show('interrupted', on, () => this.#media('room.mediaInterrupted')), alive);
    store.select((s) => this.#only(s, 'failed'), (on) => this.#show('failed', on, () => this.#media('room.mediaBlocked')), alive);
    store.select((s) => s.sharing, (on) => this.#show('share', on, () => this.#sharing()), alive);
    store.select((s) => s.silentMic, (on) => this.#show('silent', on, () => this.#silent()), alive);
    store.select((s) => (s.mic ? '' : s.hushed), (why) => this.#show('hushed', why !== '', () => this.#hushed(why || 'room.unheard')), alive);
    store.select((s) => s.drainAt, (at) => void this.#draining(at), alive);
    store.select((s) => s.dataSaver, (on) => this.#show('data', on, () => this.#data()), alive);
    this.every(500, () => this.#count());
  }

  /**
   * Whether sound and picture alone are in trouble: without the socket, or from a
   * server that says nothing at all, the other banner tells more, and what this
   * one says of the chat would be wrong.
   * @param {CallState} s @param {'interrupted' | 'failed'} media
   */
  #only({ phase, server, ...s }, media) {
    return phase === 'live' && s.media === media && (server === 'answering' || (server === 'late' && this.#shown.has(media)));
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
    if (key === 'connection') this.prepend(el); // it says why all else stands still
    else this.append(el);
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
      h('p', null, this.#trouble, ' ', this.#refused, ' ', this.#attempt),
      this.#action('room.tryNow', () => this.call.room.tryNow()),
      this.#action('room.giveUp', () => this.call.leave()),
    );
  }

  /** Sound and picture do not get through, though the server is there. @param {'room.mediaInterrupted' | 'room.mediaBlocked'} key */
  #media(key) {
    say(msg(key), { now: true });
    const test = h('a', { class: 'btn small', href: site.at('/test'), target: '_blank' }, msg('landing.test'));
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

  /** Told for a while; afterwards the button of the microphone says enough. @param {'room.largeMuted' | 'room.unheard'} why */
  #hushed(why) {
    say(msg(why));
    const done = () => this.call.store.set({ hushed: '' });
    const banner = this.#banner('', 'micOff', h('p', null, msg(why)), this.#action('bar.unmute', () => void this.call.devices?.mic(true)), h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('app.dismiss'), onclick: done }, icon('close', 'small')));
    const expire = () => {
      if (!banner.isConnected) return;
      if (banner.matches(':hover, :focus-within')) setTimeout(expire, 1_500);
      else done();
    };
    setTimeout(expire, HUSHED);
    return banner;
  }

  #data() {
    return this.#banner('', 'data', h('p', null, msg('room.dataSaver')), this.#action('room.dataSaverOff', () => this.call.setDataSaver(false)));
  }

  /** Counts what runs down. */
  #count() {
    const { phase, attempt, nextAt, refused, drainAt } = this.call.state;
    const now = performance.now();
    if (phase === 'live') for (const el of [this.#attempt, this.#refused]) text(el, '');
    else {
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
