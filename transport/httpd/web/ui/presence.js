// Who this tab is, and whether another tab of this browser is in the same
// meeting. A tab keeps its identity when it is loaded again, so that its old
// session is replaced at once; a second tab is another person unless it is
// asked to take the meeting over. A duplicated tab has the same identity, and
// the meeting continues there.

const CHANNEL = 'parley-presence';
const KEY = 'parley-identity';
/** How long other tabs have to answer, milliseconds. */
const ANSWER = 150;

/** @typedef {{ask: string} | {room: string, identity: string}} Word */

export class Presence {
  identity = ownIdentity();
  #channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(CHANNEL) : null;
  #room = '';
  /** @type {((word: Word) => void) | null} */
  #heard = null;

  constructor() {
    this.#channel?.addEventListener('message', ({ data }) => {
      if (this.#room && data?.ask === this.#room) this.#channel?.postMessage({ room: this.#room, identity: this.identity });
      else this.#heard?.(data);
    });
  }

  /** The identity of another tab in this room, or ''. @param {string} room @returns {Promise<string>} */
  async elsewhere(room) {
    if (!this.#channel) return '';
    const answer = new Promise((resolve) => {
      this.#heard = (word) => {
        if ('room' in word && word.room === room && typeof word.identity === 'string') resolve(word.identity);
      };
      setTimeout(() => resolve(''), ANSWER);
    });
    this.#channel.postMessage({ ask: room });
    const found = await answer;
    this.#heard = null;
    return found;
  }

  /** @param {string} room @param {string} identity */
  enter(room, identity) {
    this.#room = room;
    this.identity = identity;
  }

  leave() {
    this.#room = '';
  }

  close() {
    this.leave();
    this.#channel?.close();
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
