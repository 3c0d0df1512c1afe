// Why a WebSocket was refused: browsers do not tell a page, so the server is
// asked over HTTP. Loaded when an opening failed.
import { apiURL } from '../lib/meeting-url.js';
import { ParleyError } from './errors.js';

const TIMEOUT = 4_000;
/** How often at most it is asked. */
const EVERY = 5_000;

/** What may be a reason; anything else comes from something in between. */
const REASONS = new Set(['forbidden_origin', 'foreign_host', 'rate_limited', 'server_full', 'server_busy', 'draining']);

export class Reach {
  #platform;
  #url;
  #askedAt = -Infinity;
  /** @type {Promise<ParleyError | null>} */
  #why = Promise.resolve(null);

  /** @param {import('./platform.js').Platform} platform @param {string} server */
  constructor(platform, server) {
    this.#platform = platform;
    this.#url = apiURL(server, 'reach');
  }

  /** Why sockets are refused now; null: they are not, or nobody knows. */
  why() {
    const now = this.#platform.now();
    if (now - this.#askedAt >= EVERY) {
      this.#askedAt = now;
      this.#why = this.#ask();
    }
    return this.#why;
  }

  async #ask() {
    try {
      const response = await this.#platform.fetch(this.#url, { method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) });
      if (response.ok) return null;
      const { code, message, limit, origin, host, retry_after_ms: retryAfterMs = 0 } = await response.json();
      return REASONS.has(code) ? new ParleyError(code, { message, retryAfterMs, limit, origin, host }) : null;
    } catch {
      return null; // nobody there, an older server, or a page elsewhere that may not read the answer
    }
  }
}
