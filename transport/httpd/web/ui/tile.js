// One picture on the stage: a camera or a shared screen, who it is, and how
// they are.
import { icon } from '../icons/icons.js';
import { attr, fill, h } from '../lib/html.js';
import { i18n, msg, t } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { prefs } from '../lib/prefs.js';
import { named, setAvatar } from './avatar.js';
import { ParleyElement, define } from './element.js';
import { later } from './later.js';

/** @typedef {import('./person.js').Person} Person */

/**
 * @typedef {object} TileSpec
 * @property {string} key
 * @property {Person} person
 * @property {'camera' | 'screen'} source
 * @property {boolean} main stands large
 * @property {boolean} float is the self-view in its corner
 * @property {boolean} pinned
 * @property {boolean} silenced muted for me
 * @property {boolean} paused the picture is not wanted (low data mode)
 */

export class ParleyTile extends ParleyElement {
  /** @type {TileSpec | null} */
  #spec = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** Why no picture comes, in words. */
  #why = '';
  #video = h('video', { autoplay: true, playsinline: true, muted: true, 'aria-hidden': 'true', tabindex: '-1' });
  #face = h('span', { 'aria-hidden': 'true' });
  #note = h('div', { class: 'tile-note', hidden: true });
  #name = h('span', { class: 'named' });
  #status = h('span', { class: 'tile-status' });
  #net = h('span', { class: 'tile-net', hidden: true });
  #hand = h('span', { class: 'tile-hand', hidden: true });
  menuButton = h('button', { class: 'tile-menu', type: 'button', 'aria-haspopup': 'true', 'aria-expanded': 'false' }, icon('more'));

  mounted() {
    this.setAttribute('role', 'group');
    fill(
      this,
      h('div', { class: 'tile-off' }, this.#face),
      this.#video,
      this.#note,
      h('div', { class: 'tile-signs' }, this.#net, this.#hand),
      h('div', { class: 'tile-foot' }, h('span', { class: 'tile-pill' }, this.#status, this.#name)),
      this.menuButton,
    );
    if (this.#spec) this.#draw(this.#spec);
  }

  unmounted() {
    this.#video.srcObject = null;
    this.#track = null;
  }

  relabelled() {
    if (this.#spec) this.#draw(this.#spec);
  }

  get spec() {
    return this.#spec;
  }

  /** @param {TileSpec} spec */
  show(spec) {
    const had = this.#spec;
    this.#spec = spec;
    if (had && sameSpec(had, spec)) return;
    if (this.isConnected) this.#draw(spec);
  }

  /** The picture itself, for picture-in-picture. */
  get video() {
    return this.#video;
  }

  /** @param {TileSpec} spec */
  #draw(spec) {
    const { person: p, source, paused } = spec;
    const screen = source === 'screen';
    const problem = screen ? p.screenProblem : p.camProblem;
    const track = paused || problem ? null : screen ? p.screenTrack : p.camTrack;
    this.#show(track, spec);
    setAvatar(this.#face, p.name, 'tile-face');
    this.#drawName(spec);
    this.classList.add('tile');
    const classes = { screen, main: spec.main, float: spec.float, speaking: p.speaking && !screen, away: p.away, self: p.self, pinned: spec.pinned, novideo: !track };
    for (const [name, on] of Object.entries(classes)) this.classList.toggle(name, on);
    this.#drawStatus(spec);
    this.#drawNet(spec);
    this.#drawNote(problem, p, screen ? p.screen && !track && !p.self : p.cam && !track && !paused && !p.self);
    this.#hand.hidden = !p.hand || screen;
    if (p.hand) fill(this.#hand, icon('hand', 'small'), String(p.hand));
    attr(this, 'aria-label', this.#label(spec));
    attr(this.menuButton, 'aria-label', msg('tile.menu', { name: inline(p.name) }));
  }

  /** @param {TileSpec} spec */
  #shownName({ person: p, source }) {
    if (source === 'screen') return p.self ? t('tile.yourScreen') : t('tile.screen', { name: inline(p.name) });
    return p.kind === 'echo' ? t('room.echo') : inline(p.name, 64);
  }

  /** @param {TileSpec} spec */
  #drawName(spec) {
    const name = this.#shownName(spec);
    const self = spec.person.self && spec.source === 'camera';
    const key = `${i18n.language} ${self} ${name}`;
    if (this.#name.dataset.key === key) return;
    this.#name.dataset.key = key;
    fill(this.#name, ...named(name, self));
  }

  /** @param {TileSpec} spec */
  #drawStatus({ person: p, source, pinned, silenced }) {
    const camera = source === 'camera';
    fill(
      this.#status,
      pinned ? icon('pin', 'small') : null,
      silenced ? icon('volumeOff', 'small warn') : null,
      camera && !p.mic ? icon('micOff', 'small') : null,
      camera && p.mic && p.speaking ? icon('voice', 'small voice') : null,
    );
  }

  /** Whose network does badly: a drawing, and words where there is room. @param {TileSpec} spec */
  #drawNet({ person: p, source }) {
    const bad = source === 'camera' && !p.away && (p.quality === 'poor' || p.quality === 'lost') ? p.quality : '';
    this.#net.hidden = !bad;
    if (!bad || this.#net.dataset.key === bad) return;
    this.#net.dataset.key = bad;
    this.#net.classList.toggle('lost', bad === 'lost');
    attr(this.#net, 'title', msg(`quality.${bad}`));
    fill(this.#net, icon(bad === 'lost' ? 'wifiOff' : 'signalWarn', 'small'), h('span', null, msg(`quality.${bad}`)));
  }

  /** @param {string} problem @param {Person} p @param {boolean} waiting */
  #drawNote(problem, p, waiting) {
    const key = p.away ? 'away' : problem ? `problem ${problem} ${i18n.language} ${p.name}` : waiting ? 'wait' : '';
    this.#note.hidden = !key;
    if (this.#note.dataset.key === key) return;
    this.#note.dataset.key = key;
    this.#why = '';
    if (p.away) fill(this.#note, icon('wifiOff'), msg('tile.away'));
    else if (waiting && !problem) fill(this.#note, h('span', { class: 'spinner', 'aria-hidden': 'true' }));
    else fill(this.#note);
    if (problem && !p.away) void this.#explain(problem, p, key);
  }

  /** @param {string} problem @param {Person} p @param {string} key */
  async #explain(problem, p, key) {
    const words = await later(import('./picture-problem.js'));
    if (!words || this.#note.dataset.key !== key || !this.#spec) return;
    this.#why = words.explain(this.#note, problem, inline(p.name));
    attr(this, 'aria-label', this.#label(this.#spec));
  }

  /** What a screen reader says of this tile. @param {TileSpec} spec */
  #label(spec) {
    const { person: p, source, pinned, silenced } = spec;
    const name = this.#shownName(spec);
    const parts = [p.self && source === 'camera' ? t('tile.you', { name }) : name];
    if (source === 'camera') {
      if (!p.mic) parts.push(t('tile.muted'));
      if (!p.cam) parts.push(t('tile.camOff'));
      if (p.hand) parts.push(t('tile.hand', { n: p.hand }));
      if (p.quality === 'poor') parts.push(t('tile.poor'));
      if (p.quality === 'lost' && !p.away) parts.push(t('quality.lost'));
    }
    if (p.away) parts.push(t('tile.away'));
    if (pinned) parts.push(t('tile.pinned'));
    if (silenced) parts.push(t('tile.mutedForMe'));
    if (this.#why) parts.push(this.#why);
    return parts.join(i18n.language === 'en' ? ', ' : '，');
  }

  /** @param {MediaStreamTrack | null} track @param {TileSpec} spec */
  #show(track, { person, source }) {
    const mirrored = person.self && source === 'camera' && prefs.now.mirror && track?.getSettings().facingMode !== 'environment';
    this.#video.classList.toggle('mirrored', mirrored);
    if (track === this.#track) return;
    this.#track = track;
    this.classList.remove('live');
    this.#video.srcObject = track ? new MediaStream([track]) : null;
    if (!track) return;
    // A seat may still hold the last frame of whoever sat there before.
    const shown = () => this.#track === track && this.classList.add('live');
    this.#video.requestVideoFrameCallback(shown);
    void this.#video.play().catch(() => {});
  }
}

/** @param {TileSpec} a @param {TileSpec} b */
function sameSpec(a, b) {
  const keys = /** @type {(keyof TileSpec)[]} */ (Object.keys(b));
  return keys.every((k) => Object.is(a[k], b[k]));
}

define('parley-tile', ParleyTile);
