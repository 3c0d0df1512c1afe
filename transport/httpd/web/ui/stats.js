// The overlay with what flows: per stream bitrate, loss, layer and why, with
// the last minute as a line, and a report to copy.
import { icon } from '../icons/icons.js';
import { fill, h, svg } from '../lib/html.js';
import { i18n, msg, t } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { History, bits, percent, points, report } from '../lib/stats-text.js';
import { copyButton } from './copy.js';
import { newId } from './dialog.js';
import { ParleyElement, define } from './element.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').StreamStats} StreamStats */

const EVERY = 1000;
const REASONS = new Set(['size', 'available', 'started', 'bandwidth', 'cpu', 'none']);

export class ParleyStats extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #facts = h('div', { class: 'stats-facts' });
  #body = h('tbody');
  #none = h('p', { class: 'hint' }, msg('stats.none'));
  #history = new History(60);
  /** @type {import('../sdk/index.js').RoomStats | null} */
  #last = null;

  mounted() {
    const id = newId('stats');
    this.setAttribute('role', 'region');
    this.setAttribute('aria-labelledby', id);
    const columns = /** @type {const} */ (['stats.stream', 'stats.history', 'stats.bitrate', 'stats.loss', 'stats.rtt', 'stats.fps', 'stats.size', 'stats.layer', 'stats.codec']);
    fill(
      this,
      h(
        'div',
        { class: 'stats-head' },
        h('h2', { id }, msg('stats.title')),
        copyButton(msg('stats.copy'), () => this.#report(), 'btn small'),
        h('button', { class: 'btn quiet square', type: 'button', 'aria-label': msg('app.close'), onclick: () => this.call.store.set({ stats: false }) }, icon('close')),
      ),
      this.#facts,
      h(
        'div',
        { class: 'stats-scroll', tabindex: '0', role: 'group', 'aria-labelledby': id },
        this.#none,
        h('table', { class: 'stats-table' }, h('thead', null, h('tr', null, ...columns.map((c) => h('th', { scope: 'col' }, msg(c))))), this.#body),
      ),
    );
    this.every(EVERY, () => void this.#look());
    void this.#look();
  }

  async #look() {
    const stats = await this.call.room.stats().catch(() => null);
    if (!stats || !this.isConnected) return;
    this.#last = stats;
    const { connection: c } = stats;
    fill(
      this.#facts,
      h('span', null, msg('stats.rtt'), ': ', c.rtt === undefined ? '–' : `${Math.round(c.rtt)} ms`),
      h('span', null, msg('stats.sent'), ': ', bits(c.sent)),
      h('span', null, msg('stats.received'), ': ', bits(c.received)),
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
    const reasonKey = `stats.reason.${s.reason}`;
    const why = s.reason && REASONS.has(s.reason) && i18n.has(reasonKey) ? t(reasonKey) : '';
    return h(
      'tr',
      null,
      h('th', { scope: 'row' }, h('bdi', null, inline(who, 24)), ' · ', msg(`source.${s.source}`)),
      h('td', null, svg('svg', { class: 'spark', viewBox: '0 0 60 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 60, y1: 19.5, y2: 19.5 }), svg('polyline', { points: points(line, 60, 20) }))),
      h('td', null, bits(s.bitrate)),
      h('td', null, percent(s.loss)),
      h('td', null, s.rtt === undefined ? '–' : `${Math.round(s.rtt)} ms`),
      h('td', null, s.fps === undefined ? '–' : Math.round(s.fps)),
      h('td', null, s.width && s.height ? `${s.width}×${s.height}` : '–'),
      h('td', null, [s.layer, why].filter(Boolean).join(' · ') || '–'),
      h('td', null, s.codec ?? '–'),
    );
  }

  #report() {
    const { room } = this.call;
    return report({ at: new Date().toISOString(), agent: navigator.userAgent, version: room.meeting?.serverVersion ?? '', meeting: room.meeting?.id ?? '', stats: this.#last });
  }
}

define('parley-stats', ParleyStats);
