// Why a WebSocket was refused: browsers do not tell a page, so the server is
// asked over HTTP.
import { ParleyError } from './errors.js';

const TIMEOUT = 4_000;

/** Where the API says it otherwise than the SDK. @type {Record<string, string>} */
const API_CODES = { busy: 'server_busy' };

/** What may be a reason; anything else comes from something in between. */
const REASONS = new Set(['forbidden_origin', 'foreign_host', 'rate_limited', 'server_full', 'server_busy', 'draining']);

/**
 * @param {import('./platform.js').Platform['fetch']} fetch
 * @param {string} origin  of the server
 * @returns {Promise<ParleyError | null>} null: it would be accepted, or nobody knows
 */
export async function whyRefused(fetch, origin) {
  try {
    const response = await fetch(`${origin}/api/v1/reach`, { method: 'POST', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) });
    if (response.ok) return null;
    const { code: said, message, limit, origin: from, host, retry_after_ms: retryAfterMs = 0 } = await response.json();
    const code = API_CODES[said] ?? said;
    return REASONS.has(code) ? new ParleyError(code, { message, retryAfterMs, limit, origin: from, host }) : null;
  } catch {
    return null; // nobody there, an older server, or a page elsewhere that may not read the answer
  }
}
