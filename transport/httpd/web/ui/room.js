// A meeting going on: head, stage, panel and controls, and what floats above.
import { icon } from '../icons/icons.js';
import { attr, fill, h, text } from '../lib/html.js';
import { clock, msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { Actions } from './actions.js';
import { title } from './title.js';
import { ParleyBanners } from './banners.js';
import { ParleyCaptions } from './captions.js';
import { ParleyElement, define } from './element.js';
import { later, openShare } from './later.js';
import { SmallWindow } from './pip.js';
import { ParleyReactions } from './reactions.js';
import { ParleyStage } from './stage.js';
import { ParleyToolbar } from './toolbar.js';
import { watchWakeLock } from './wake-lock.js';

/** @typedef {import('./call.js').Call} Call */

/** How long the controls stay without a movement in full screen, milliseconds. */
const IDLE = 3500;
/** When the panels are fetched, if nobody opened them: by then the way in is done, and later the server may give nothing, milliseconds. */
const PANELS_AFTER = 2500;
/** How long one may be alone before one is asked, milliseconds. */
const ALONE = 30 * 60_000;

export class ParleyRoom extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  embedded = false;
  stage = new ParleyStage();
  #bar = new ParleyToolbar();
  #captions = new ParleyCaptions();
  #clock = h('span', { class: 'room-clock', 'aria-label': msg('room.elapsed'), role: 'timer' });
  #panel = h('aside', { class: 'panel', hidden: true });
  /** Made when first opened. @type {import('./chat.js').ParleyChat | undefined} */
  #chat;
  /** @type {import('./people.js').ParleyPeople | undefined} */
  #people;
  /** @type {Actions | undefined} */
  #actions;
  #heading = h('h1', { class: 'sr', tabindex: '-1' });
  #idle = 0;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    const { call } = this;
    title('room.title', { room: call.room.name });
    const pip = new SmallWindow(call, this.stage);
    const actions = (this.#actions = new Actions(call, { focusToolbar: () => this.#bar.enter(), focusCaption: () => this.#captions.focusField(), pip }));
    const banners = new ParleyBanners();
    const reactions = new ParleyReactions();
    for (const part of [this.stage, this.#bar, this.#captions, banners, reactions]) part.call = call;
    this.#bar.actions = actions;
    fill(
      this,
      h('a', { class: 'skip', href: '#controls', onclick: (/** @type {Event} */ e) => (e.preventDefault(), this.#bar.enter()) }, msg('shortcut.toolbar')),
      this.#head(),
      h('main', { class: 'room-main', id: 'main' }, this.#heading, banners, this.stage, this.#captions, reactions),
      this.#panel,
      h('footer', { class: 'room-bar', id: 'controls' }, this.#bar),
    );
    actions.listen(alive);
    pip.listen(alive);
    watchWakeLock(alive);
    call.store.select((s) => s.panel, (panel) => void this.#openPanel(panel), alive);
    call.store.select((s) => s.stats, (open) => void this.#stats(open), alive);
    addEventListener('pagehide', () => call.leave(), { signal: alive });
    this.#panel.addEventListener('keydown', (e) => {
      const clears = e.target instanceof HTMLInputElement && e.target.value !== '';
      if (e.key === 'Escape' && !e.isComposing && !e.defaultPrevented && !clears && !this.#panel.querySelector('.menu')) call.store.set({ panel: '' });
    }, { signal: alive });
    const panels = setTimeout(() => void Promise.all([import('./chat.js'), import('./people.js'), import('./ask-leave.js')]).catch(() => {}), PANELS_AFTER);
    alive.addEventListener('abort', () => clearTimeout(panels), { once: true });
    this.every(1000, () => this.#tick());
    this.#tick();
    this.#watchIdle(alive);
    this.#watchAlone(alive);
    fill(this.#heading, msg('prejoin.room', { room: call.room.name }));
    // Not a button: Space must be free for talking while it is held.
    queueMicrotask(() => this.#heading.focus());
  }

  #head() {
    const { call } = this;
    const invite = h(
      'button',
      { class: 'room-title', type: 'button', title: msg('room.info'), onclick: () => openShare(call.room.name) },
      icon('link', 'small'),
      h('span', { class: 'sr' }, msg('people.invite')),
      h('bdi', null, call.room.name),
    );
    return h('header', { class: 'room-head' }, invite, this.#clock);
  }

  #tick() {
    const { room, continuity } = this.call;
    if (continuity) text(this.#clock, clock(room.serverNow() - continuity.began));
  }

  /** @type {HTMLElement | null} */
  #before = null;

  /** @param {'' | 'chat' | 'people'} name */
  async #openPanel(name) {
    const shown = this.#panel.firstElementChild;
    if (name && !shown && document.activeElement instanceof HTMLElement) this.#before = document.activeElement;
    const panel = name && (await this.#panelOf(name));
    // Another one may have been wanted meanwhile.
    if (name !== this.call.state.panel) return;
    if (panel === null) return this.call.store.set({ panel: '' });
    this.classList.toggle('with-panel', name !== '');
    if (!panel) return this.#closePanel();
    if (this.#panel.firstElementChild !== panel) {
      attr(this.#panel, 'aria-label', msg(name === 'chat' ? 'chat.title' : 'people.title'));
      this.#panel.replaceChildren(panel);
    }
    this.#panel.hidden = false;
    panel.opened();
  }

  #closePanel() {
    const had = this.#panel.contains(document.activeElement);
    this.#panel.hidden = true;
    this.#panel.replaceChildren();
    if (had && this.#before?.isConnected) this.#before.focus();
    else if (had) this.#bar.enter();
  }

  /** Null when the server can not be reached for it. @param {'chat' | 'people'} name */
  async #panelOf(name) {
    const { call } = this;
    if (name === 'chat') {
      const module = this.#chat ? null : await later(import('./chat.js'));
      if (module) this.#chat ??= Object.assign(new module.ParleyChat(), { call, actions: this.#actions });
      return this.#chat ?? null;
    }
    const module = this.#people ? null : await later(import('./people.js'));
    if (module) this.#people ??= Object.assign(new module.ParleyPeople(), { call });
    return this.#people ?? null;
  }

  /** @param {boolean} open */
  async #stats(open) {
    this.querySelector('parley-stats')?.remove();
    if (!open) return;
    const module = await later(import('./stats.js'));
    if (!module) this.call.store.set({ stats: false });
    if (!module || !this.call.state.stats) return;
    const stats = new module.ParleyStats();
    stats.call = this.call;
    this.append(stats);
  }

  /** @param {AbortSignal} alive */
  #watchAlone(alive) {
    let before = new AbortController();
    this.call.store.select((s) => s.people.length === 1, (alone) => {
      before.abort();
      before = new AbortController();
      if (alone) void this.#alone(AbortSignal.any([alive, before.signal]));
    }, alive);
  }

  /** Who is alone for long is asked, again and again. @param {AbortSignal} signal */
  async #alone(signal) {
    while (!signal.aborted) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, ALONE);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve(undefined)), { once: true });
      });
      const module = signal.aborted || !prefs.now.askWhenAlone ? null : await later(import('./still-there.js'));
      if (module && !signal.aborted && !(await module.stillThere(() => this.call.leave(), signal))) this.call.leave({ alone: true });
    }
  }

  /** In full screen the controls go away when nobody moves, but never while focused. @param {AbortSignal} alive */
  #watchIdle(alive) {
    const wake = () => {
      this.classList.remove('idle');
      clearTimeout(this.#idle);
      this.#idle = window.setTimeout(() => {
        const busy = this.#bar.matches(':focus-within, :hover') || document.querySelector('.menu, dialog[open]');
        if (document.fullscreenElement && !busy) this.classList.add('idle');
      }, IDLE);
    };
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'fullscreenchange']) addEventListener(type, wake, { signal: alive, passive: true });
    document.addEventListener('fullscreenchange', wake, { signal: alive });
    alive.addEventListener('abort', () => clearTimeout(this.#idle));
  }
}

define('parley-room', ParleyRoom);
