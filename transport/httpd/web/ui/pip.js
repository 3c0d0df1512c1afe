// The small window that stays on top: who is large on the stage and the most
// needed controls. Where documents can not go there, a single video does.
import { icon } from '../icons/icons.js';
import { attr, fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { grid } from '../lib/layout.js';
import { ParleyTile } from './tile.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {{requestWindow(options: {width: number, height: number}): Promise<Window>}} DocumentPip */

const MAX_TILES = 4;

/** @returns {DocumentPip | undefined} */
const documentPip = () => Reflect.get(globalThis, 'documentPictureInPicture');

export class SmallWindow {
  #call;
  #stage;
  /** @type {Window | null} */
  #window = null;
  /** @type {Map<string, ParleyTile>} */
  #tiles = new Map();

  /** @param {Call} call @param {import('./stage.js').ParleyStage} stage */
  constructor(call, stage) {
    this.#call = call;
    this.#stage = stage;
  }

  get possible() {
    return Boolean(documentPip()) || document.pictureInPictureEnabled;
  }

  /** Headset and system buttons, and the end of the meeting. @param {AbortSignal} signal */
  listen(signal) {
    signal.addEventListener('abort', () => this.#close(), { once: true });
    this.#call.store.watch(() => this.#draw(), signal);
    const session = navigator.mediaSession;
    if (!session) return;
    const handlers = /** @type {[string, () => void][]} */ ([
      ['togglemicrophone', () => void this.#call.devices?.mic()],
      ['togglecamera', () => void this.#call.devices?.cam()],
      ['hangup', () => this.#call.leave()],
    ]);
    const each = (/** @type {boolean} */ on) => {
      for (const [action, run] of handlers) {
        try {
          session.setActionHandler(/** @type {MediaSessionAction} */ (action), on ? run : null);
        } catch {
          // This browser does not know the action.
        }
      }
    };
    each(true);
    signal.addEventListener('abort', () => each(false), { once: true });
    this.#call.store.select((s) => s.mic, (on) => Reflect.get(session, 'setMicrophoneActive')?.call(session, on), signal);
    this.#call.store.select((s) => s.cam, (on) => Reflect.get(session, 'setCameraActive')?.call(session, on), signal);
  }

  async toggle() {
    if (this.#window || document.pictureInPictureElement) return this.#close();
    const api = documentPip();
    try {
      if (api) await this.#open(api);
      else await this.#stage.mainTile?.video.requestPictureInPicture();
    } catch {
      // Refused, as without a click: the meeting goes on as it was.
    }
  }

  /** @param {DocumentPip} api */
  async #open(api) {
    const win = await api.requestWindow({ width: 380, height: 300 });
    this.#window = win;
    const root = win.document.documentElement;
    root.lang = document.documentElement.lang;
    root.dataset.theme = document.documentElement.dataset.theme;
    for (const link of document.querySelectorAll('link[rel="stylesheet"]')) win.document.head.append(link.cloneNode());
    win.document.body.className = 'pip';
    win.document.title = String(msg('room.title', { room: this.#call.room.name }));
    win.document.body.append(h('div', { class: 'pip-stage' }), h('div', { class: 'pip-bar', role: 'toolbar', 'aria-label': msg('bar.label') }));
    win.addEventListener('pagehide', () => this.#gone());
    win.addEventListener('resize', () => this.#draw());
    this.#call.store.set({ pip: true });
    this.#draw();
  }

  #close() {
    this.#window?.close();
    this.#gone();
    if (document.pictureInPictureElement) void document.exitPictureInPicture().catch(() => {});
  }

  #gone() {
    if (!this.#window) return;
    this.#window = null;
    this.#tiles.clear();
    this.#call.store.set({ pip: false });
  }

  #draw() {
    const body = this.#window?.document.body;
    const stage = /** @type {HTMLElement | null | undefined} */ (body?.querySelector('.pip-stage'));
    const bar = body?.querySelector('.pip-bar');
    if (!stage || !bar) return;
    const { people, mic, cam } = this.#call.state;
    const [me, ...others] = people;
    const screens = others.filter((p) => p.screen);
    const rest = [...others].sort((a, b) => b.spokeAt - a.spokeAt);
    const shown = [
      ...screens.map((person) => ({ key: `${person.id}/screen`, person, source: /** @type {const} */ ('screen') })),
      ...(rest.length ? rest : [me]).map((person) => ({ key: `${person.id}/camera`, person, source: /** @type {const} */ ('camera') })),
    ].slice(0, screens.length ? 1 : MAX_TILES);
    const { tiles } = grid({ width: stage.clientWidth, height: stage.clientHeight, count: shown.length, gap: 6 });
    const keys = new Set(shown.map((s) => s.key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      tile.remove();
      this.#tiles.delete(key);
    }
    shown.forEach((spec, i) => {
      const tile = this.#tiles.get(spec.key) ?? new ParleyTile();
      if (!this.#tiles.has(spec.key)) {
        this.#tiles.set(spec.key, tile);
        stage.append(tile);
      }
      tile.show({ ...spec, main: false, float: false, pinned: false, silenced: false, paused: false });
      const { x, y, width, height } = tiles[i];
      tile.style.transform = `translate(${x}px, ${y}px)`;
      tile.style.width = `${width}px`;
      tile.style.height = `${height}px`;
    });
    this.#drawBar(bar, mic, cam);
  }

  /** @param {Element} bar @param {boolean} mic @param {boolean} cam */
  #drawBar(bar, mic, cam) {
    const key = `${mic} ${cam}`;
    if (bar.getAttribute('data-key') === key) return;
    attr(bar, 'data-key', key);
    const button = (/** @type {import('../lib/i18n.js').Key} */ label, /** @type {import('../icons/icons.js').IconName} */ name, /** @type {string} */ extra, /** @type {() => void} */ run, /** @type {boolean | null} */ on) =>
      h('button', { class: `bar-btn ${extra}`, type: 'button', 'aria-label': msg(label), title: msg(label), 'aria-pressed': on === null ? null : String(on), onclick: run }, icon(name));
    fill(
      bar,
      button('bar.mic', mic ? 'mic' : 'micOff', mic ? '' : 'off', () => void this.#call.devices?.mic(), mic),
      button('bar.cam', cam ? 'cam' : 'camOff', cam ? '' : 'off', () => void this.#call.devices?.cam(), cam),
      button('bar.pipExit', 'fullscreen', '', () => this.#close(), null),
      button('bar.leave', 'leave', 'leave', () => this.#call.leave(), null),
    );
  }
}
