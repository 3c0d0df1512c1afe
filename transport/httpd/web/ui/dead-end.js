// Pages where something is missing or broke: what it is, and the way on.
import { icon } from '../icons/icons.js';
import { fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { title } from './title.js';
import { appLink, pageHead, skipLink } from './chrome.js';
import { ParleyElement, define } from './element.js';
import { insecureWays } from './insecure.js';

/** @typedef {'lost' | 'bad-room' | 'crash' | 'insecure' | 'old'} Kind */

const TEXTS = /** @type {const} */ ({
  lost: ['lost.title', 'lost.text'],
  'bad-room': ['badRoom.title', 'badRoom.text'],
  crash: ['crash.title', 'crash.text'],
  insecure: ['insecure.title', 'insecure.text'],
  old: ['old.title', 'old.text'],
});

export default class ParleyDeadEnd extends ParleyElement {
  /** @type {Kind} */
  kind = 'lost';
  /** What the browser lacks, for 'old'. @type {string[]} */
  missing = [];
  heading = h('h1', { tabindex: '-1' });

  mounted() {
    const [heading, text] = TEXTS[this.kind];
    title('landing.title');
    fill(this.heading, msg(heading));
    fill(
      this,
      skipLink(),
      pageHead(),
      h(
        'main',
        { id: 'main', class: 'dead-end', tabindex: '-1' },
        icon(this.kind === 'insecure' ? 'lock' : 'warn', 'large'),
        this.heading,
        h('p', { class: 'lead' }, msg(text, { origin: location.origin, missing: this.missing.join(', ') })),
        ...this.#more(),
      ),
    );
  }

  #more() {
    const home = appLink('/', { class: 'btn primary big' }, icon('home'), msg('page.home'));
    if (this.kind === 'crash') {
      return [h('div', { class: 'row wrap' }, h('button', { class: 'btn primary big', type: 'button', onclick: () => location.reload() }, msg('crash.reload')))];
    }
    if (this.kind !== 'insecure') return [home];
    return [
      ...insecureWays(location.pathname),
      h(
        'div',
        { class: 'row wrap' },
        h('button', { class: 'btn outline', type: 'button', onclick: () => this.dispatchEvent(new CustomEvent('listen')) }, msg('insecure.listen')),
        appLink('/', { class: 'btn quiet' }, msg('page.home')),
      ),
    ];
  }
}

define('parley-dead-end', ParleyDeadEnd);
