// The record of a meeting for those who were in it: who was there, when each
// came and left, and for how long, to read, print and keep. Asked for anew
// each time it is opened.
import { icon } from '../icons/icons.js';
import { csv } from '../lib/csv.js';
import { messageKey } from '../lib/failures.js';
import { attr, fill, h } from '../lib/html.js';
import { clock, i18n, msg, t } from '../lib/i18n.js';
import { recordTable } from '../lib/record-table.js';
import { say } from './announcer.js';
import { ParleyElement, define } from './element.js';
import { save } from './save.js';
import { sheet } from './later.js';

/** @typedef {import('../sdk/index.js').MeetingRecord} MeetingRecord */
/** @typedef {MeetingRecord['participants'][number]} Presence */

/** Codes that say that there is nothing to be shown, now or later. */
const NONE = new Set(['not_joined', 'ended', 'not_connected']);

export class ParleyRecord extends ParleyElement {
  /** @type {import('../sdk/index.js').Room} */
  room = /** @type {any} */ (null);
  #body = h('div', { class: 'stack' });
  #again = h('button', { class: 'btn outline', type: 'button' });
  /** @type {MeetingRecord | null} */
  #record = null;
  /** When it was read, server time. */
  #at = 0;
  /** Error code of the last try. */
  #code = '';
  #busy = false;
  /** Ways to keep it. */
  #keep = h(
    'div',
    { class: 'row wrap' },
    this.#way('record.print', 'print', () => print()),
    this.#way('record.csv', 'download', () => this.#table()),
    this.#way('record.download', 'download', () => this.#file()),
  );

  /** @param {AbortSignal} alive */
  mounted(alive) {
    this.#again.addEventListener('click', () => void this.#load(), { signal: alive });
    fill(this, this.#body, h('div', { class: 'row wrap record-tools' }, this.#again, this.#keep));
    void this.#load();
  }

  /** Dates and times are written anew. */
  relabelled() {
    this.#draw();
  }

  async #load() {
    if (this.#busy) return;
    this.#busy = true;
    this.#draw();
    try {
      [this.#record] = await Promise.all([this.room.record(), sheet('/css/record.css')]);
      this.#at = this.room.serverNow();
      this.#code = '';
    } catch (error) {
      this.#code = /** @type {{code?: string}} */ (error).code ?? 'internal';
      if (this.#code === 'internal') reportError(error);
    }
    this.#busy = false;
    this.#draw();
    if (this.isConnected) say(this.#code ? this.#failure() : msg('people.count', { n: this.#record?.participants.length ?? 0 }));
  }

  #failure() {
    return NONE.has(this.#code) ? msg('record.none') : msg(messageKey(this.#code), { code: this.#code });
  }

  #draw() {
    const record = this.#record;
    attr(this, 'aria-busy', String(this.#busy));
    this.#keep.hidden = !record;
    this.#again.hidden = this.#code ? NONE.has(this.#code) : !record || record.endedAt !== undefined;
    fill(this.#again, msg(this.#code ? 'app.retry' : 'record.update'));
    fill(
      this.#body,
      this.#busy && !record ? h('span', { class: 'spinner' }) : null,
      this.#code ? h('p', { class: 'notice bad' }, icon('warn'), h('span', null, this.#failure())) : null,
      ...(record ? this.#shown(record) : []),
    );
  }

  /** @param {MeetingRecord} record */
  #shown(record) {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    return [
      h('div', { class: 'record-head' }, h('p', null, msg('record.title')), h('h2', null, h('bdi', null, record.title))),
      h('p', null, this.#span(record)),
      this.#rowsOf(record),
      h('p', { class: 'record-zone' }, msg('record.zone', { zone })),
    ];
  }

  /** When it was, or that it still is. @param {MeetingRecord} record */
  #span({ startedAt, endedAt }) {
    const began = moment(startedAt, i18n.dateTime(startedAt));
    if (endedAt !== undefined) return h('span', null, began, ' – ', this.#time(endedAt, startedAt), ` (${clock(endedAt - startedAt)})`);
    return h('span', null, began, ' – ', msg('record.running', { time: i18n.time(this.#at) }));
  }

  /** @param {MeetingRecord} record */
  #rowsOf({ participants, startedAt }) {
    const head = /** @type {const} */ (['bar.people', 'record.came', 'record.left', 'end.duration']);
    return h(
      'table',
      { class: 'record-table', 'aria-label': msg('record.title') },
      h('thead', null, h('tr', null, ...head.map((key) => h('th', { scope: 'col' }, msg(key))))),
      ...participants.map((one) => h('tbody', null, ...this.#rows(one, startedAt))),
    );
  }

  /** A row for each stay; name and sum stand in the first. @param {Presence} presence @param {number} startedAt */
  #rows({ name, isLocal, stays }, startedAt) {
    const sum = stays.reduce((ms, { joinedAt, leftAt = this.#at }) => ms + Math.max(0, leftAt - joinedAt), 0);
    const rowspan = stays.length > 1 ? stays.length : null;
    // The name is an element of its own, whatever direction it is written in.
    const who = h('th', { scope: 'rowgroup', rowspan }, h('bdi', null, name), isLocal ? ' ' : null, isLocal ? h('span', { class: 'hint' }, msg('record.you')) : null);
    return stays.map(({ joinedAt, leftAt }, i) =>
      h(
        'tr',
        null,
        i === 0 ? who : null,
        h('td', null, this.#time(joinedAt, startedAt)),
        h('td', null, leftAt === undefined ? msg('record.there') : this.#time(leftAt, startedAt)),
        i === 0 ? h('td', { rowspan }, clock(sum)) : null,
      ),
    );
  }

  /** Hours and minutes, with the day if it is another. @param {number} at @param {number} start of the meeting */
  #time(at, start) {
    const sameDay = new Date(at).toDateString() === new Date(start).toDateString();
    return moment(at, sameDay ? i18n.time(at) : i18n.dateTime(at));
  }

  /** @param {import('../lib/i18n.js').Key} label @param {import('../icons/icons.js').IconName} name @param {() => void} run */
  #way(label, name, run) {
    return h('button', { class: 'btn outline', type: 'button', onclick: run }, icon(name), msg(label));
  }

  /** For spreadsheets: the zone of a time stands with it. */
  #table() {
    const record = this.#record;
    if (!record) return;
    const columns = /** @type {const} */ (['record.meeting', 'record.name', 'record.came', 'record.left', 'record.seconds']);
    save(`parley-${record.title}.csv`, 'text/csv;charset=utf-8', csv(recordTable(record, this.#at, columns.map((key) => t(key)))));
  }

  /** For programs. Times in the file are those of the calendar. */
  #file() {
    const record = this.#record;
    if (!record) return;
    const dated = (/** @type {string} */ key, /** @type {unknown} */ value) => (key.endsWith('At') && typeof value === 'number' ? new Date(value).toISOString() : value);
    save(`parley-${record.title}.json`, 'application/json', JSON.stringify(record, dated, 2));
  }
}

/** @param {number} at @param {string} words */
function moment(at, words) {
  return h('time', { datetime: new Date(at).toISOString() }, words);
}

define('parley-record', ParleyRecord);
