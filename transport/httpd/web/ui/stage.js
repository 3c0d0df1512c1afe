// The stage: keeps one tile per visible picture, places them, turns pages, and
// tells the server what is looked at and how large.
import { icon } from '../icons/icons.js';
import { attr, fill, h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { devicePixels, nearestCorner, pageSize } from '../lib/layout.js';
import { prefs } from '../lib/prefs.js';
import { mainsOf, plan } from '../lib/stage-plan.js';
import { followSpeaker, keepOrder, promote } from '../lib/tile-order.js';
import { copyButton } from './copy.js';
import { ParleyElement, define, toggleFullscreen } from './element.js';
import { later } from './later.js';
import { ParleyTile } from './tile.js';
import { meetingURL } from '../lib/meeting-url.js';
import { site } from '../lib/route.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./person.js').Person} Person */
/** @typedef {import('../lib/stage-plan.js').Placed} Placed */

/** Pictures beyond the visible ones that are still asked for, to be heard. */
const HEARD = 25;

export class ParleyStage extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #field = h('div', { class: 'stage-field' });
  #pager = h('div', { class: 'pager', hidden: true });
  #pageText = h('span', { class: 'pager-text', role: 'status' });
  #alone = h('div', { class: 'alone', hidden: true });
  #hiddenSelf = h('button', { class: 'self-hidden btn small', type: 'button', hidden: true });
  /** @type {Map<string, ParleyTile>} */
  #tiles = new Map();
  /** @type {readonly string[]} */
  #order = [];
  #follow = { key: '', candidate: '', since: 0 };
  #page = 0;
  #frame = 0;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    attr(this, 'role', 'region');
    attr(this, 'aria-label', msg('room.stage'));
    fill(this, this.#field, this.#alone, this.#hiddenSelf, this.#pager);
    this.#buildPager();
    this.#buildAlone();
    fill(this.#hiddenSelf, icon('eyeOff'), h('span', null, msg('tile.showSelf')), h('span', { class: 'hint' }, msg('tile.selfHidden')));
    this.#hiddenSelf.addEventListener('click', () => prefs.set({ selfView: 'auto' }), { signal: alive });
    const observer = new ResizeObserver(() => this.#soon());
    observer.observe(this.#field);
    alive.addEventListener('abort', () => {
      observer.disconnect();
      cancelAnimationFrame(this.#frame);
    });
    this.call.store.watch(() => this.#soon(), alive);
    prefs.addEventListener('change', () => this.#soon(), { signal: alive });
    document.addEventListener('visibilitychange', () => this.#tellView(this.#visible), { signal: alive });
    this.#field.addEventListener('dblclick', (e) => this.#double(e), { signal: alive });
    this.#field.addEventListener('pointerdown', (e) => this.#grab(e), { signal: alive });
    this.every(400, () => this.#followLoudest());
    this.#soon();
  }

  relabelled() {
    this.#soon();
  }

  #buildPager() {
    const turn = (/** @type {number} */ by) => () => {
      this.#page += by;
      this.#draw();
    };
    fill(
      this.#pager,
      h('button', { class: 'btn square small', type: 'button', 'aria-label': msg('room.prev'), onclick: turn(-1) }, icon('chevronLeft')),
      this.#pageText,
      h('button', { class: 'btn square small', type: 'button', 'aria-label': msg('room.next'), onclick: turn(1) }, icon('chevronRight')),
    );
  }

  #buildAlone() {
    const link = () => meetingURL(site.url, this.call.room.name);
    fill(this.#alone, h('h2', null, msg('room.alone')), h('p', null, msg('room.aloneText')), copyButton(msg('room.copyLink'), link, 'btn primary'));
  }

  /** Draws before the next frame; in a hidden page at once. */
  #soon() {
    if (this.#frame) return;
    if (document.hidden) {
      queueMicrotask(() => this.#draw());
      return;
    }
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** People by the key of their camera. */
  #cast() {
    const [me, ...others] = this.call.state.people;
    const seats = others.map((p) => ({ key: `${p.id}/camera`, speaking: p.speaking, spokeAt: p.spokeAt, video: p.cam, joinedAt: p.joinedAt }));
    return { me, others, seats };
  }

  #draw() {
    if (!this.isConnected || !this.call.state.people.length) return;
    const { width, height } = this.#size();
    if (!width || !height) return;
    const { me, others, seats } = this.#cast();
    const kept = keepOrder(this.#order, seats);
    const size = pageSize(width, height);
    this.#order = this.#page === 0 ? promote(kept, seats, Math.max(1, size - 1)) : kept;
    const scene = {
      width,
      height,
      cameras: this.#order,
      screens: others.filter((p) => p.screen).map((p) => `${p.id}/screen`),
      self: `${me.id}/camera`,
      selfView: prefs.now.selfView,
      corner: prefs.now.corner,
      layout: this.call.state.layout,
      pins: this.call.state.pins.filter((key) => this.#there(key)),
      speaker: this.#follow.key,
      page: this.#page,
    };
    const { placed, page, pages } = plan(scene);
    this.#place(placed, mainsOf(scene).length > 0);
    this.#turned(page, pages);
    this.#alone.hidden = others.length > 0;
    this.classList.toggle('is-alone', others.length === 0);
    this.#hiddenSelf.hidden = prefs.now.selfView !== 'hidden' || !this.call.state.cam;
    this.classList.toggle('stale', this.call.state.phase === 'reconnecting' || this.call.state.server === 'silent');
  }

  #size() {
    return { width: this.#field.clientWidth, height: this.#field.clientHeight };
  }

  /** Whether a pinned picture still is. @param {string} key */
  #there(key) {
    const [id, source] = key.split('/');
    const person = this.call.state.people.find((p) => p.id === id);
    return person !== undefined && (source === 'camera' || person.screen);
  }

  /** @param {Placed[]} placed @param {boolean} large somebody stands large */
  #place(placed, large) {
    const { people, pins, silenced, dataSaver } = this.call.state;
    const byId = new Map(people.map((p) => [p.id, p]));
    const wanted = new Set(placed.map((p) => p.key));
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      tile.remove();
      this.#tiles.delete(key);
    }
    for (const { key, rect, role } of placed) {
      const [id, source] = key.split('/');
      const person = byId.get(id);
      if (!person) continue;
      const tile = this.#tiles.get(key) ?? this.#newTile(key);
      const camera = source === 'camera';
      tile.show({
        key,
        person,
        source: camera ? 'camera' : 'screen',
        main: role === 'main' || (!large && placed.length === 1),
        float: role === 'float',
        pinned: pins.includes(key),
        silenced: Boolean(silenced[camera ? id : key]),
        paused: dataSaver && camera && !person.self,
      });
      setRect(tile, rect);
    }
    this.#visible = placed;
    this.#tellView(placed);
  }

  /** @type {Placed[]} */
  #visible = [];

  /** @param {string} key */
  #newTile(key) {
    const tile = new ParleyTile();
    tile.menuButton.addEventListener('click', () => void this.#menu(tile));
    this.#tiles.set(key, tile);
    this.#field.append(tile);
    return tile;
  }

  /** @param {ParleyTile} tile */
  async #menu(tile) {
    if (tile.menuButton.getAttribute('aria-expanded') === 'true') return; // the same press closes it
    const menu = await later(import('./tile-menu.js'));
    if (tile.spec) menu?.openTileMenu(this.call, tile, tile.spec);
  }

  /** @param {number} page @param {number} pages */
  #turned(page, pages) {
    const turned = page !== this.#page || this.#pageText.dataset.at !== `${page}/${pages}`;
    this.#page = page;
    this.#pager.hidden = pages < 2;
    if (!turned) return;
    this.#pageText.dataset.at = `${page}/${pages}`;
    text(this.#pageText, msg('room.pageShort', { page: page + 1, pages }));
    const [prev, next] = this.#pager.querySelectorAll('button');
    attr(prev, 'aria-disabled', page === 0 ? 'true' : null);
    attr(next, 'aria-disabled', page === pages - 1 ? 'true' : null);
  }

  /**
   * What is looked at, in device pixels; all others only to be heard. In a
   * hidden page nothing is looked at, unless the small window shows it.
   * @param {Placed[]} placed
   */
  #tellView(placed) {
    const { people, dataSaver, pip } = this.call.state;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const blind = document.hidden && !pip;
    const seen = new Map(placed.map((p) => [p.key, p]));
    const items = [];
    for (const { key, rect, role } of placed) {
      const [participant, source] = key.split('/');
      if (participant === people[0]?.id) continue;
      const off = blind || (dataSaver && source === 'camera');
      const item = { participant, source: /** @type {'camera' | 'screen'} */ (source), width: off ? 0 : devicePixels(rect.width, ratio), height: off ? 0 : devicePixels(rect.height, ratio) };
      if (role === 'main') items.unshift(item);
      else items.push(item);
    }
    for (const { id, self } of people) {
      if (items.length >= HEARD) break;
      if (!self && !seen.has(`${id}/camera`)) items.push({ participant: id, source: /** @type {const} */ ('camera'), width: 0, height: 0 });
    }
    this.call.room.setView(items);
  }

  #followLoudest() {
    const loudest = this.call.room.speakers.find((p) => !p.isLocal);
    const next = followSpeaker(this.#follow, loudest && `${loudest.id}/camera`, performance.now());
    const changed = next.key !== this.#follow.key;
    this.#follow = next;
    if (changed && this.call.state.layout === 'speaker') this.#soon();
  }

  /** @param {MouseEvent} event */
  #double(event) {
    const tile = event.target instanceof Element ? event.target.closest('parley-tile') : null;
    if (!(tile instanceof ParleyTile) || (event.target instanceof Element && event.target.closest('button'))) return;
    void toggleFullscreen(tile);
  }

  /** Drags the self-view to another corner. @param {PointerEvent} event */
  #grab(event) {
    const tile = event.target instanceof Element ? event.target.closest('parley-tile.float') : null;
    if (!(tile instanceof ParleyTile) || event.button || (event.target instanceof Element && event.target.closest('button'))) return;
    const end = new AbortController();
    const from = { x: event.clientX, y: event.clientY };
    tile.setPointerCapture(event.pointerId);
    tile.addEventListener('pointermove', (e) => {
      tile.classList.add('dragged');
      tile.style.translate = `${e.clientX - from.x}px ${e.clientY - from.y}px`;
    }, { signal: end.signal });
    const drop = (/** @type {PointerEvent} */ e) => {
      end.abort();
      tile.classList.remove('dragged');
      tile.style.translate = '';
      const box = this.#field.getBoundingClientRect();
      if (e.type === 'pointerup') prefs.set({ corner: nearestCorner(e.clientX - box.left, e.clientY - box.top, box.width, box.height) });
    };
    tile.addEventListener('pointerup', drop, { signal: end.signal });
    tile.addEventListener('pointercancel', drop, { signal: end.signal });
  }

  /** The tile that matters most, for picture-in-picture without a document. */
  get mainTile() {
    return this.#tiles.get(this.#visible.find((p) => p.role === 'main')?.key ?? '') ?? this.#tiles.values().next().value ?? null;
  }
}

/** @param {ParleyTile} tile @param {import('../lib/layout.js').Rect} rect */
function setRect(tile, { x, y, width, height }) {
  const { style } = tile;
  style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  style.width = `${Math.floor(width)}px`;
  style.height = `${Math.floor(height)}px`;
  tile.classList.toggle('tiny', width < 150);
}

define('parley-stage', ParleyStage);
