// The overlay with what flows: per stream bitrate, loss, layer and why, with
// the last minute as a line, and a report to copy.
import { icon } from '../icons/icons.js';
import { fill, h, svg } from '../lib/html.js';
import { i18n, msg, t } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { History, bits, percent, points, report } from '../lib/stats-text.js';
import { copyButton } from './copy.js';
import { anyOpen, newId } from './dialog.js';
import { ParleyElement, define } from './element.js';
import { sheet } from './later.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').StreamStats} StreamStats */

const EVERY = 1000;
const REASONS = new Set(['size', 'available', 'started', 'bandwidth', 'cpu', 'none']);
const COLUMNS = /** @type {const} */ (['stats.stream', 'stats.history', 'stats.bitrate', 'stats.loss', 'stats.rtt', 'stats.fps', 'stats.layer', 'stats.codec']);

export class ParleyStats extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #facts = h('div', { class: 'stats-facts' });
  #body = h('tbody');
  #none = h('p', { class: 'hint' }, msg('stats.none'));
  #history = new History(60);
  /** @type {import('../sdk/index.js').RoomStats | null} */
  #last = null;
  /** Where the focus was, and goes again. */
  #before = document.activeElement;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    const id = newId('stats');
    const heading = h('h2', { id, tabindex: '-1' }, msg('stats.title'));
    this.setAttribute('role', 'region');
    this.setAttribute('aria-labelledby', id);
    this.hidden = true;
    fill(
      this,
      h(
        'div',
        { class: 'stats-head' },
        heading,
        copyButton(msg('stats.copy'), () => this.#report(), 'btn small'),
        h('button', { class: 'btn quiet square', type: 'button', 'aria-label': msg('app.close'), onclick: () => this.#close() }, icon('close')),
      ),
      this.#facts,
      h(
        'div',
        { class: 'stats-scroll', tabindex: '0', role: 'group', 'aria-labelledby': id },
        this.#none,
        h('table', { class: 'stats-table' }, h('thead', null, h('tr', null, ...COLUMNS.map((c) => h('th', { scope: 'col' }, msg(c))))), this.#body),
      ),
    );
    document.addEventListener('keydown', (e) => this.#key(e), { signal: alive });
    this.every(EVERY, () => void this.#look());
    void this.#look();
    void sheet('/css/stats.css').then(() => {
      this.hidden = false;
      heading.focus();
    });
  }

  /** The focus is nowhere when what held it has gone. */
  unmounted() {
    if (document.activeElement === document.body && this.#before instanceof HTMLElement) this.#before.focus();
  }

  #close() {
    this.call.store.set({ stats: false });
  }

  /** Escape closes, unless it closes something that is nearer. @param {KeyboardEvent} event */
  #key(event) {
    const at = /** @type {Element} */ (event.target);
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented || anyOpen() || at.closest('.panel, .caption-form')) return;
    this.#close();
  }

  async #look() {
    const stats = await this.call.room.stats().catch(() => null);
    if (!stats || !this.isConnected) return;
    this.#last = stats;
    const { connection: c } = stats;
    fill(
      this.#facts,
      h('span', null, msg('stats.rtt'), ': ', c.rtt === undefined ? '–' : `${Math.round(c.rtt)} ms`),
      h('span', null, msg('stats.sent'), ': ', bits(c.sent, write)),
      h('span', null, msg('stats.received'), ': ', bits(c.received, write)),
      h('span', null, msg(`stats.state.${c.state}`), ...[c.protocol?.toUpperCase(), c.remote].filter(Boolean).map((fact) => ` · ${fact}`)),
    );
    const streams = [...stats.streams].sort((a, b) => (a.dir < b.dir ? 1 : a.dir > b.dir ? -1 : 0));
    this.#none.hidden = streams.length > 0;
    fill(this.#body, ...streams.map((s) => this.#row(s)));
  }

  /** @param {StreamStats} s */
  #row(s) {
    const key = `${s.dir} ${s.participant} ${s.source} ${s.dir === 'send' ? s.layer : ''}`;
    const line = this.#history.add(key, s.bitrate);
    const who = s.dir === 'send' ? t('stats.you') : this.call.nameOf(s.participant);
    return h(
      'tr',
      null,
      h('th', { scope: 'row' }, h('bdi', null, inline(who, 24)), ' · ', msg(`source.${s.source}`)),
      ...[spark(line), bits(s.bitrate, write), percent(s.loss, write), s.rtt === undefined ? '–' : `${Math.round(s.rtt)} ms`, s.fps === undefined ? '–' : Math.round(s.fps), picture(s), s.codec ?? '–'].map((cell, i) =>
        h('td', { 'data-label': msg(COLUMNS[i + 1]) }, cell),
      ),
    );
  }

  #report() {
    const { room } = this.call;
    return report({ at: new Date().toISOString(), agent: navigator.userAgent, version: room.meeting?.serverVersion ?? '', meeting: room.meeting?.id ?? '', stats: this.#last });
  }
}

/** Figures as the region writes them. @param {number} n @param {number} decimals */
const write = (n, decimals) => i18n.number(n, decimals);

/** The last minute as a line. @param {readonly number[]} line */
function spark(line) {
  return svg('svg', { class: 'spark', viewBox: '0 0 60 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 60, y1: 19.5, y2: 19.5 }), svg('polyline', { points: points(line, 60, 20) }));
}

/** Which picture of several it is, its size, and why that one. @param {StreamStats} s */
function picture(s) {
  const words = (/** @type {string} */ key) => (i18n.has(key) ? [t(key)] : []);
  const which = [...words(`stats.layer.${s.layer}`), ...(s.width && s.height ? [`${s.width}×${s.height}`] : [])].join(i18n.language === 'en' ? ', ' : '，');
  const why = s.reason && REASONS.has(s.reason) ? words(`stats.reason.${s.reason}`) : [];
  return h('span', { class: 'stats-picture' }, which || '–', ...why.map((reason) => h('span', { class: 'hint' }, reason)));
}

define('parley-stats', ParleyStats);
