// What the server keeps of a meeting and shows to who was in it: the record, and
// the rating. Loaded when first wanted.
import { ParleyError } from './errors.js';

/**
 * What the HTTP API calls otherwise than the protocol.
 * @type {Record<string, string>}
 */
const API_CODES = { bad_request: 'bad_field', unauthorized: 'not_joined', not_found: 'ended' };

/**
 * The record as the server writes it, times as in RFC 3339.
 * @typedef {object} WireRecord
 * @property {string} id
 * @property {string} room
 * @property {string} [title]
 * @property {string} start
 * @property {string} [end]
 * @property {number} peak
 * @property {{name: string, you?: boolean, intervals: {join: string, leave?: string}[]}[]} participants
 */

export class MeetingRecords {
  #fetch;
  #url;
  #token;

  /**
   * @param {import('./platform.js').Platform['fetch']} fetch
   * @param {string} url  of the meeting in the API
   * @param {string} token
   */
  constructor(fetch, url, token) {
    this.#fetch = fetch;
    this.#url = url;
    this.#token = token;
  }

  /** @returns {Promise<import('./index.js').MeetingRecord>} */
  async read() {
    /** @type {WireRecord} */
    const { id, room, title = room, start, end, peak, participants } = await this.#ask('record', { headers: { authorization: `Bearer ${this.#token}` } });
    return {
      meeting: id,
      room,
      title,
      startedAt: Date.parse(start),
      endedAt: moment(end),
      peak,
      participants: participants.map(({ name, you = false, intervals }) => ({
        name,
        isLocal: you,
        stays: intervals.map(({ join, leave }) => ({ joinedAt: Date.parse(join), leftAt: moment(leave) })),
      })),
    };
  }

  /**
   * @param {number} stars
   * @param {string} comment
   */
  async rate(stars, comment) {
    await this.#ask('rating', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: this.#token, stars, comment }),
    });
  }

  /**
   * @param {string} what
   * @param {RequestInit} init
   */
  async #ask(what, init) {
    const response = await this.#fetch(`${this.#url}/${what}`, init).catch((cause) => {
      throw new ParleyError('connect_failed', { cause });
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const { code = 'internal', message } = answer;
    throw new ParleyError(API_CODES[code] ?? code, { message, retryAfterMs: Number(response.headers.get('retry-after')) * 1_000 || 0 });
  }
}

/** @param {string | undefined} text */
function moment(text) {
  return text === undefined ? undefined : Date.parse(text);
}
