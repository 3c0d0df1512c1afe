// Who this tab is, and whether another tab of this browser is in the same
// meeting. A tab keeps its identity when it is loaded again, so that its old
// session is replaced at once; a second tab is told of the first before it
// joins. A duplicated tab has the same identity, and is told as well.
//
// A tab in a meeting holds a lock that names the room and its identity. The
// browser lets go of the locks of tabs that are closed or have crashed, so what
// is held is true. Pages that are not secure have no locks: there the other
// tabs are asked. What changes is called out to all in either case.
import { site } from '../lib/route.js';

const CHANNEL = site.own('parley-presence');
const KEY = site.own('parley-identity');
/** How long other tabs have to answer where there are no locks, milliseconds. */
const ANSWER = 150;

/** @typedef {{ask: string} | {room: string, identity: string} | {come: string} | {changed: true}} Word */

/** Fires 'change' when a tab came into a meeting or left one, and 'come' when this one is wanted in front. */
export class Presence extends EventTarget {
  identity = ownIdentity();
  #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(CHANNEL) : null;
  #room = '';
  #release = () => {};
  /** Who waits for an answer. @type {Set<(word: Word) => void>} */
  #waiting = new Set();

  constructor() {
    super();
    this.#channel?.addEventListener('message', ({ data }) => this.#hear(data));
  }

  /** @param {Word} word */
  #hear(word) {
    if (typeof word !== 'object' || !word) return;
    if ('ask' in word && word.ask === this.#room) this.#say({ room: this.#room, identity: this.identity });
    else if ('come' in word && word.come === this.#room) this.dispatchEvent(new Event('come'));
    else if ('changed' in word) this.dispatchEvent(new Event('change'));
    else for (const heard of this.#waiting) heard(word);
  }

  /** @param {Word} word */
  #say(word) {
    this.#channel?.postMessage(word);
  }

  /** The identity of another tab in this room, or ''. @param {string} name @returns {Promise<string>} */
  async elsewhere(name) {
    const room = same(name);
    if (!navigator.locks) return this.#answer(room);
    const { held = [] } = await navigator.locks.query().catch(() => ({ held: [] }));
    for (const { name: lock = '' } of held) {
      const [ours, there, identity] = parse(lock);
      if (ours === CHANNEL && there === room && room !== this.#room) return identity;
    }
    return '';
  }

  /** @param {string} room @returns {Promise<string>} */
  async #answer(room) {
    if (!this.#channel) return '';
    const answer = new Promise((resolve) => {
      const heard = (/** @type {Word} */ word) => {
        if ('room' in word && word.room === room && typeof word.identity === 'string') resolve(word.identity);
      };
      this.#waiting.add(heard);
      setTimeout(() => {
        this.#waiting.delete(heard);
        resolve('');
      }, ANSWER);
    });
    this.#say({ ask: room });
    return answer;
  }

  /** Asks the other tab to show itself. @param {string} room */
  call(room) {
    this.#say({ come: same(room) });
  }

  /** @param {string} room @param {string} identity */
  enter(room, identity) {
    this.#room = same(room);
    this.identity = identity;
    const lock = JSON.stringify([CHANNEL, this.#room, identity]);
    // Shared: two tabs may be in a room, on purpose or while one takes over.
    const held = navigator.locks?.request(lock, { mode: 'shared' }, () => {
      this.#say({ changed: true });
      return new Promise((resolve) => (this.#release = () => resolve(undefined)));
    });
    if (held) held.catch(() => {}); // the page goes away meanwhile
    else this.#say({ changed: true });
  }

  leave() {
    if (!this.#room) return;
    this.#room = '';
    this.#release();
    this.#say({ changed: true });
  }

  close() {
    this.leave();
    this.#channel?.close();
    this.#channel = null;
  }
}

/** How rooms are compared here; only the server knows which names are one. @param {string} room */
const same = (room) => room.normalize('NFC').toLowerCase();

/** @param {string} lock @returns {string[]} */
function parse(lock) {
  try {
    const parts = JSON.parse(lock);
    return Array.isArray(parts) ? parts.map(String) : [];
  } catch {
    return []; // somebody else's
  }
}

/** Kept as long as the tab. */
function ownIdentity() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const fresh = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
  try {
    const known = sessionStorage.getItem(KEY);
    if (known) return known;
    sessionStorage.setItem(KEY, fresh);
  } catch {
    // No storage here: loading again makes a new person.
  }
  return fresh;
}
