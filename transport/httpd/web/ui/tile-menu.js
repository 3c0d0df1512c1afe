// The menu of a tile: pin, volume, and for oneself where one's picture is.
import { icon } from '../icons/icons.js';
import { attr, h, text } from '../lib/html.js';
import { i18n, msg, t } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { prefs } from '../lib/prefs.js';
import { openMenu } from './menu.js';
import { toggleFullscreen } from './element.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./menu.js').Item} Item */

const NEXT_CORNER = /** @type {const} */ ({ br: 'bl', bl: 'tl', tl: 'tr', tr: 'br' });

/**
 * A slider of what one hears of somebody, and the button that silences it.
 * @param {Call} call
 * @param {string} key of the volume: participant, or "id/screen"
 * @param {string} name
 */
export function volumeControl(call, key, name) {
  const percent = h('span', { class: 'hint volume-percent' });
  const slider = h('input', { type: 'range', min: 0, max: 200, step: 5, 'aria-label': msg('tile.volumeOf', { name }) });
  const mute = h('button', { class: 'btn quiet square small', type: 'button' });
  const draw = () => {
    const silenced = Boolean(call.state.silenced[key]);
    const n = Math.round((call.state.volumes[key] ?? 1) * 100);
    slider.value = String(n);
    text(percent, msg('tile.volumePercent', { n: silenced ? 0 : n }));
    attr(slider, 'aria-valuetext', percent.textContent);
    mute.replaceChildren(icon(silenced ? 'volumeOff' : 'volume'));
    attr(mute, 'aria-label', msg(silenced ? 'tile.unmuteForMe' : 'tile.muteForMe'));
    attr(mute, 'aria-pressed', String(silenced));
  };
  slider.addEventListener('input', () => {
    call.setVolume(key, Number(slider.value) / 100);
    if (call.state.silenced[key]) call.toggleSilenced(key);
    draw();
  });
  mute.addEventListener('click', () => {
    call.toggleSilenced(key);
    draw();
  });
  draw();
  return h('div', { class: 'volume' }, mute, slider, percent);
}

/** As many bars as the connection is worth. @param {import('../sdk/index.js').ConnectionQuality | undefined} quality */
export function bars(quality) {
  const names = /** @type {const} */ ({ excellent: 'signal', good: 'signalGood', poor: 'signalWarn', lost: 'wifiOff' });
  return quality ? names[quality] : 'signalPoor';
}

/**
 * The size of the picture that comes (or goes, of oneself) and why it is that
 * one; empty while there is none.
 * @param {Call} call @param {string} id
 */
function picture(call, id) {
  const line = h('span', { class: 'hint' });
  const draw = async () => {
    const { streams } = await call.room.stats();
    const [seen] = streams.filter((s) => s.participant === id && s.source === 'camera' && s.width && s.height).sort((a, b) => (b.width ?? 0) - (a.width ?? 0));
    if (!seen) return;
    const size = t('quality.picture', { width: seen.width ?? 0, height: seen.height ?? 0, fps: Math.round(seen.fps ?? 0) });
    const why = `stats.reason.${seen.reason}`;
    text(line, [size, ...(i18n.has(why) && seen.reason !== 'started' ? [t(why)] : [])].join(' · '));
  };
  draw().catch(() => {}); // the meeting has just ended
  return line;
}

/** How somebody's connection does, in words and figures. @param {Call} call @param {string} id @returns {Item[]} */
export function qualityItems(call, id) {
  const p = call.room.participant(id);
  if (!p) return [];
  const { quality, network: n } = p;
  const figures = n ? msg('quality.figures', { loss: i18n.number(Math.max(n.upLoss, n.downLoss) * 100, 1), rtt: Math.round(n.rttMs) }) : null;
  const words = h('div', { class: 'menu-quality' }, icon(bars(quality), 'small'), h('span', null, msg(`quality.${quality ?? 'unknown'}`), figures ? h('span', { class: 'hint' }, figures) : null, picture(call, id)));
  return [{ line: true }, { element: words }, { icon: 'stats', label: msg('bar.stats'), run: () => call.store.set({ stats: true }) }];
}

/**
 * @param {Call} call
 * @param {import('./tile.js').ParleyTile} tile
 * @param {import('./tile.js').TileSpec} spec
 */
export function openTileMenu(call, tile, { key, person, source, pinned, float }) {
  const name = inline(person.name);
  /** @type {Item[]} */
  const items = [
    { icon: 'pin', label: msg(pinned ? 'tile.unpin' : 'tile.pin'), run: () => call.togglePin(key, name) },
    { icon: 'fullscreen', label: msg('tile.fullscreen'), run: () => void toggleFullscreen(tile) },
  ];
  if (person.self && source === 'camera') items.push(...selfItems(float));
  if (!person.self) {
    if (person.kind !== 'echo' && source === 'camera') items.push({ icon: 'chat', label: msg('tile.message'), run: () => call.openChat(person.id) });
    items.push({ line: true }, { title: msg('tile.volume') }, { element: volumeControl(call, source === 'camera' ? person.id : key, name) });
  }
  if (source === 'camera') items.push(...qualityItems(call, person.id));
  openMenu(tile.menuButton, msg('tile.menu', { name }), items);
}

/** @param {boolean} float @returns {Item[]} */
function selfItems(float) {
  const { selfView, mirror } = prefs.now;
  const place = (/** @type {'auto' | 'tile' | 'float' | 'hidden'} */ to) => ({ checked: selfView === to, run: () => prefs.set({ selfView: to }) });
  return [
    ...(float ? [{ icon: /** @type {const} */ ('pip'), label: msg('tile.move'), run: () => prefs.set({ corner: NEXT_CORNER[prefs.now.corner] }) }] : []),
    { label: msg('device.mirror'), icon: 'flip', run: () => prefs.set({ mirror: !mirror }) },
    { line: true },
    { title: msg('settings.selfView') },
    { label: msg('tile.selfAuto'), ...place('auto') },
    { label: msg('tile.selfTile'), ...place('tile') },
    { label: msg('tile.selfFloat'), ...place('float') },
    { label: msg('tile.hideSelf'), ...place('hidden') },
  ];
}
