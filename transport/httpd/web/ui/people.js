// The list of who is here: state, quality in words, search, and volume.
import { icon } from '../icons/icons.js';
import { fill, h, text } from '../lib/html.js';
import { i18n, msg, t } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { avatar, named } from './avatar.js';
import { ParleyElement, define } from './element.js';
import { openShare, sheet } from './later.js';
import { openMenu } from './menu.js';
import { panelHead } from './panel-head.js';
import { bars, qualityItems, volumeControl } from './tile-menu.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./person.js').Person} Person */

await sheet('/css/people.css');

/** Rows drawn at once; a search finds the others. */
const MAX_ROWS = 200;

export class ParleyPeople extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  #count = h('span', { class: 'hint' });
  #search = h('input', { class: 'input', type: 'search', autocomplete: 'off', 'aria-label': msg('people.search'), placeholder: msg('people.search') });
  #hands = h('section', { class: 'people-hands', hidden: true });
  #list = h('ul', { class: 'people-list', role: 'list', 'aria-label': msg('people.here') });
  #none = h('p', { class: 'hint center', hidden: true }, msg('people.none'));
  /** @type {Map<string, {person: Person, row: HTMLLIElement}>} */
  #rows = new Map();

  /** @param {AbortSignal} alive */
  mounted(alive) {
    const invite = h('button', { class: 'btn outline wide', type: 'button', onclick: () => openShare(this.call.room.name) }, icon('link'), msg('people.invite'));
    fill(
      this,
      panelHead(this.call, 'people.title', this.#count),
      h('div', { class: 'people-tools' }, invite, this.#search),
      h('div', { class: 'panel-scroll', tabindex: '-1' }, this.#hands, this.#list, this.#none),
    );
    this.#search.addEventListener('input', () => this.#draw(), { signal: alive });
    this.call.store.select((s) => s.people, () => this.#draw(), alive);
  }

  /** The search is at hand, but not where that opens a keyboard over the list. */
  opened() {
    const touched = matchMedia('(hover: none) and (pointer: coarse)').matches;
    (touched ? this.querySelector('h2') : this.#search)?.focus();
  }

  relabelled() {
    this.#rows.clear();
    this.#draw();
  }

  #draw() {
    const { people } = this.call.state;
    text(this.#count, msg('people.count', { n: people.length }));
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    const found = people.filter((p) => !wanted || p.name.toLocaleLowerCase().includes(wanted)).slice(0, MAX_ROWS);
    const rows = found.map((p) => this.#row(p));
    const now = [...this.#list.children];
    if (rows.length !== now.length || rows.some((r, i) => r !== now[i])) this.#list.replaceChildren(...rows);
    const here = new Set(people.map((p) => p.id));
    for (const id of this.#rows.keys()) if (!here.has(id)) this.#rows.delete(id);
    this.#none.hidden = found.length > 0;
    this.#drawHands(people);
  }

  /** @param {readonly Person[]} people */
  #drawHands(people) {
    const raised = people.filter((p) => p.hand).sort((a, b) => a.hand - b.hand);
    this.#hands.hidden = !raised.length;
    const key = raised.map((p) => `${p.id} ${p.name}`).join('\n');
    if (this.#hands.dataset.key === key) return;
    this.#hands.dataset.key = key;
    fill(
      this.#hands,
      h('h3', { class: 'label' }, icon('hand', 'small'), ' ', msg('people.hands')),
      h('ol', null, ...raised.map((p) => h('li', null, h('bdi', null, inline(p.name, 64))))),
    );
  }

  /** The row of a person, drawn anew only when something changed. @param {Person} person */
  #row(person) {
    const had = this.#rows.get(person.id);
    if (had?.person === person || (had && sameRow(had.person, person))) return had.row;
    const row = had?.row ?? h('li', { class: 'person' });
    const focused = row.contains(document.activeElement);
    this.#fillRow(row, person);
    if (focused) row.querySelector('button')?.focus();
    this.#rows.set(person.id, { person, row });
    return row;
  }

  /** @param {HTMLLIElement} row @param {Person} p */
  #fillRow(row, p) {
    const name = inline(p.name, 64);
    const facts = [
      t(p.mic ? 'people.micOn' : 'people.micOff'),
      t(p.cam ? 'people.camOn' : 'people.camOff'),
      ...(p.screen ? [t('people.sharing')] : []),
      ...(p.hand ? [t('tile.hand', { n: p.hand })] : []),
      ...(p.away ? [t('tile.away')] : []),
    ];
    const quality = `quality.${p.away ? 'lost' : (p.quality ?? 'unknown')}`;
    const words = i18n.has(quality) ? msg(quality) : null;
    fill(
      row,
      avatar(p.name, 'row-face'),
      h(
        'div',
        { class: 'grow' },
        h('div', { class: 'person-name named' }, ...named(name, p.self)),
        h('div', { class: 'hint' }, icon(bars(p.away ? 'lost' : p.quality), 'small'), ' ', words, h('span', { class: 'sr' }, `, ${facts.join(', ')}`)),
      ),
      h('span', { class: 'person-icons', 'aria-hidden': 'true' }, p.hand ? h('span', { class: 'hand-place' }, icon('hand', 'small'), p.hand) : null, p.screen ? icon('share', 'small') : null, icon(p.cam ? 'cam' : 'camOff', `small${p.cam ? '' : ' dim'}`), icon(!p.mic ? 'micOff' : p.speaking ? 'voice' : 'mic', `small${p.mic ? '' : ' dim'}`)),
      this.#menuButton(p, name),
    );
    row.classList.toggle('speaking', p.speaking);
  }

  /** @param {Person} p @param {string} name */
  #menuButton(p, name) {
    const button = h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('tile.menu', { name }), 'aria-haspopup': 'true', 'aria-expanded': 'false' }, icon('more', 'small'));
    button.addEventListener('click', () => {
      if (p.self) {
        openMenu(button, msg('tile.menu', { name }), [{ element: this.#renameForm(p) }]);
        return;
      }
      const key = `${p.id}/camera`;
      openMenu(button, msg('tile.menu', { name }), [
        { icon: 'pin', label: msg(this.call.state.pins.includes(key) ? 'tile.unpin' : 'tile.pin'), run: () => this.call.togglePin(key, name) },
        { icon: 'chat', label: msg('tile.message'), run: () => this.call.openChat(p.id) },
        { line: true },
        { title: msg('tile.volume') },
        { element: volumeControl(this.call, p.id, name) },
        ...(p.screenSound ? [{ title: msg('source.screen_audio') }, { element: volumeControl(this.call, `${p.id}/screen`, name) }] : []),
        ...qualityItems(this.call, p.id),
      ]);
    });
    return button;
  }

  /** @param {Person} p */
  #renameForm(p) {
    const input = h('input', { class: 'input', value: p.name, maxlength: 64, 'aria-label': msg('people.newName') });
    return h(
      'form',
      {
        class: 'rename',
        onsubmit: async (/** @type {SubmitEvent & {currentTarget: HTMLElement}} */ e) => {
          e.preventDefault();
          const menu = /** @type {HTMLElement | null} */ (e.currentTarget.closest('.menu'));
          if (input.value.trim() && (await this.call.rename(input.value.trim()))) menu?.hidePopover();
        },
      },
      h('span', { class: 'label' }, msg('people.rename')),
      input,
      h('button', { class: 'btn primary small', type: 'submit' }, msg('people.save')),
    );
  }
}

/** @param {Person} a @param {Person} b */
function sameRow(a, b) {
  const keys = /** @type {const} */ (['name', 'mic', 'cam', 'screen', 'screenSound', 'hand', 'away', 'quality', 'speaking']);
  return keys.every((k) => a[k] === b[k]);
}

define('parley-people', ParleyPeople);
