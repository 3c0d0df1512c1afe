// One's own texts until the server has said of each that it is said, or not.
//
//   sending ──2 s──▶ waiting
//      │                │
//      ├────────────────┼──on disk──▶ said
//      ├────────────────┼──refused──▶ failed ──sent again──▶ sending
//      └────────────────┴──nobody knows──▶ unknown ──asked again──▶ said, failed
//
// Who sends a text whose outcome is unknown need do nothing: it is asked for again
// under its key, which the server takes as the same text, until it is settled.
import { ParleyError, asParleyError } from './errors.js';
import { Timer } from './timers.js';

/** @typedef {import('./index.js').ChatMessage} ChatMessage */
/** @typedef {import('./index.js').OwnText} OwnText */

/** From when on a text counts as waiting. */
const WAITING = 2_000;
/** How long a reply is waited for: the server takes 30 s to say that it does not know. */
const PATIENCE = 45_000;
/** How many texts may be on their way, and how many that failed are kept. */
const MOST = 100;
/** The first pause before unknown texts are asked for again, and the longest. */
const PAUSE = 1_000;
const LONGEST = 60_000;

/** Codes that leave open whether a text was said. */
const OPEN = new Set(['unknown_outcome', 'timeout', 'connection_lost', 'internal']);
/** The same of one that was unknown before: what is refused now may have been taken then. */
const STILL_OPEN = new Set([...OPEN, 'store_failed', 'rate_limited', 'busy']);

/**
 * @typedef {object} Entry
 * @property {OwnText} own
 * @property {Timer} timer until it counts as waiting
 * @property {Promise<ChatMessage>} done
 * @property {(message: ChatMessage) => void} resolve
 * @property {(error: ParleyError) => void} reject
 */

export class Outgoing {
  #deliver;
  #emit;
  #heard;
  /** By key, oldest first. @type {Map<string, Entry>} */
  #entries = new Map();
  #asking = false;
  /** How often asking again was in vain. */
  #vain = 0;
  #pause = new Timer();
  /** Ends the pause. */
  #go = () => {};

  /**
   * @param {(fields: object, options: {timeoutMs: number}) => Promise<import('./wire.js').Reply>} deliver
   * @param {import('./events.js').Emit} emit
   * @param {(message: ChatMessage) => ChatMessage} heard  takes what was said
   */
  constructor(deliver, emit, heard) {
    this.#deliver = deliver;
    this.#emit = emit;
    this.#heard = heard;
  }

  /** @returns {readonly OwnText[]} */
  get texts() {
    return [...this.#entries.values()].map(({ own }) => own);
  }

  /**
   * @param {{key: string, text: string, to: string}} what
   * @returns {Promise<ChatMessage>}
   */
  send({ key, text, to }) {
    const before = this.#entries.get(key);
    if (before && before.own.state !== 'failed') return before.done;
    const under = this.texts.filter(({ state }) => state !== 'failed').length;
    const entry = newEntry(before?.own ?? { key, text, to, state: 'sending', error: null });
    this.#entries.set(key, entry);
    this.#become(entry, 'sending');
    if (under >= MOST) this.#refused(entry, new ParleyError('busy'), OPEN);
    else void this.#say(entry);
    return entry.done;
  }

  /** Takes out a text that has failed, or is not to be asked for any more. @param {string} key */
  discard(key) {
    const entry = this.#entries.get(key);
    if (entry && (entry.own.state === 'failed' || entry.own.state === 'unknown')) this.#out(entry, 'discarded');
  }

  /** A text of one's own was said. @param {ChatMessage} message */
  said(message) {
    const entry = this.#entries.get(message.key);
    if (!entry) return;
    entry.resolve(message);
    this.#out(entry, 'said');
  }

  /** The connection is back, or gone for good: unknown texts are asked for at once. */
  wake() {
    this.#vain = 0;
    this.#go();
  }

  /** Another meeting begins. */
  clear() {
    for (const entry of [...this.#entries.values()]) this.#out(entry, 'discarded');
  }

  /** @param {Entry} entry */
  async #say(entry) {
    entry.timer.set(WAITING, () => this.#become(entry, 'waiting'));
    try {
      await this.#ask(entry);
    } catch (error) {
      this.#refused(entry, asParleyError(error, 'internal'), OPEN);
    }
  }

  /** @param {Entry} entry */
  async #ask(entry) {
    const { key, text, to } = entry.own;
    const { message } = await this.#deliver({ key, text, ...(to ? { to } : {}) }, { timeoutMs: PATIENCE });
    if (!message) throw new ParleyError('bad_message', { message: 'ok without the text' });
    const said = this.#heard(/** @type {ChatMessage} */ (message));
    entry.resolve(said);
    this.#out(entry, 'said');
  }

  /**
   * @param {Entry} entry
   * @param {ParleyError} error
   * @param {Set<string>} open  codes that leave it open
   */
  #refused(entry, error, open) {
    if (this.#entries.get(entry.own.key) !== entry) return; // settled meanwhile
    entry.own.error = error;
    if (open.has(error.code)) {
      this.#become(entry, 'unknown');
      return void this.#settleUnknown();
    }
    this.#become(entry, 'failed');
    entry.reject(error);
    const failed = [...this.#entries.values()].filter(({ own }) => own.state === 'failed');
    if (failed.length > MOST) this.#out(failed[0], 'discarded');
  }

  /** Asks for unknown texts, the oldest first and one at a time, until there are none. */
  async #settleUnknown() {
    if (this.#asking) return;
    this.#asking = true;
    let wait = PAUSE;
    for (;;) {
      await this.#wait(wait);
      const entry = [...this.#entries.values()].find(({ own }) => own.state === 'unknown');
      if (!entry) break;
      wait = 0;
      try {
        await this.#ask(entry);
        this.#vain = 0;
      } catch (thrown) {
        const error = asParleyError(thrown, 'internal');
        if (error.code === 'not_connected') {
          this.#over();
          break;
        }
        if (STILL_OPEN.has(error.code)) wait = Math.max(error.retryAfterMs, Math.min(LONGEST, PAUSE * 2 ** this.#vain++) * (1 + Math.random() / 4));
        else this.#refused(entry, error, STILL_OPEN);
      }
    }
    this.#asking = false;
  }

  /** Nobody can be asked any more. What is unknown stays so. */
  #over() {
    for (const { own, reject } of this.#entries.values()) if (own.state === 'unknown') reject(/** @type {ParleyError} */ (own.error));
  }

  /** @param {number} ms */
  #wait(ms) {
    return new Promise((resolve) => {
      this.#go = () => {
        this.#pause.clear();
        resolve(undefined);
      };
      this.#pause.set(ms, this.#go);
    });
  }

  /** @param {Entry} entry @param {OwnText['state']} state */
  #become(entry, state) {
    if (state !== 'sending') entry.timer.clear();
    if (state === 'sending' || state === 'said') entry.own.error = null;
    entry.own.state = state;
    this.#emit('chatTextChanged', { text: entry.own });
  }

  /** @param {Entry} entry @param {'said' | 'discarded'} state */
  #out(entry, state) {
    if (this.#entries.get(entry.own.key) !== entry) return;
    this.#entries.delete(entry.own.key);
    if (state === 'discarded') entry.reject(entry.own.error ?? new ParleyError('aborted'));
    this.#become(entry, state);
  }
}

/** @param {OwnText} own @returns {Entry} */
function newEntry(own) {
  /** @type {any} */
  const entry = { own, timer: new Timer() };
  entry.done = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
  entry.done.catch(() => {}); // the states tell, too
  return entry;
}
