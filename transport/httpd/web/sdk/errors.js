// One error class with stable codes; people's words are made by the UI.
import { mediaErrorCode } from '../lib/media-errors.js';

/** @typedef {import('./index.js').Source} Source */

const again = Object.freeze({ retryable: true });
const final = Object.freeze({ retryable: false });

/**
 * Every code with whether the same call may succeed later by itself.
 * @type {Readonly<Record<import('./index.js').ErrorCode, {readonly retryable: boolean}>>}
 */
export const codes = Object.freeze({
  // capturing
  permission_denied: final,
  system_denied: final,
  not_found: final,
  in_use: again,
  other: again,
  cancelled: again,
  insecure_context: final,
  unsupported: final,
  // the client itself
  aborted: final,
  bad_url: final,
  connect_failed: again,
  connection_lost: again,
  not_connected: again,
  busy: again,
  timeout: again,
  reconnect_failed: again,
  webrtc_failed: again,
  bad_message: final,
  // messages the server can not take
  bad_json: final,
  too_deep: final,
  too_large: final,
  unknown_type: final,
  missing_field: final,
  bad_field: final,
  rate_limited: again,
  bad_order: final,
  not_joined: final,
  already_joined: final,
  // joining
  bad_room: final,
  bad_name: final,
  room_full: again,
  server_full: again,
  too_many_rooms: again,
  draining: again,
  // refused at the door, see reach.js
  forbidden_origin: again,
  foreign_host: again,
  server_busy: again,
  unavailable: again,
  denied: final,
  no_such_room: final,
  not_yet: final,
  expired: final,
  locked: final,
  banned: final,
  not_listed: final,
  password_needed: final,
  bad_password: final,
  token_needed: final,
  bad_token: final,
  token_expired: final,
  token_early: final,
  token_room: final,
  revoked: final,
  bad_settings: final,
  resume_gone: again,
  bad_sdp: final,
  sdp_profile: final,
  sdp_too_large: final,
  sdp_mismatch: final,
  no_codec: final,
  too_many_seats: final,
  // inside a room
  not_allowed: final,
  no_such_participant: final,
  no_such_source: final,
  chat_too_long: final,
  store_failed: again,
  unknown_outcome: again,
  chat_full: again,
  // ends
  duplicate_identity: final,
  removed: final,
  ended: final,
  shutdown: again,
  media_failed: again,
  internal: again,
  replaced: final,
  room_yielded: final,
  moved: again,
});

export class ParleyError extends Error {
  /**
   * @param {string} code
   * @param {{message?: string, retryable?: boolean, retryAfterMs?: number, source?: Source, limit?: string, origin?: string, host?: string, cause?: unknown}} [options]
   */
  constructor(code, { message, retryable, retryAfterMs = 0, source, limit = '', origin = '', host = '', cause } = {}) {
    super(message ? `${code}: ${message}` : code, cause === undefined ? undefined : { cause });
    this.name = 'ParleyError';
    this.code = /** @type {import('./index.js').ErrorCode} */ (code);
    this.retryable = retryable ?? codes[this.code]?.retryable ?? false;
    this.retryAfterMs = retryAfterMs;
    this.source = source;
    this.limit = limit;
    this.origin = origin;
    this.host = host;
  }
}

/**
 * Wraps what getUserMedia or getDisplayMedia threw.
 * @param {unknown} error
 * @param {Source} source
 */
export function mediaError(error, source) {
  if (error instanceof ParleyError) return error;
  const display = source === 'screen' || source === 'screen_audio';
  const message = /** @type {{message?: string}} */ (error)?.message;
  return new ParleyError(mediaErrorCode(error, { display }), { message, source, cause: error });
}

/**
 * What an `error` reply says.
 * @param {{code: string, message?: string, limit?: string, retry_after_ms?: number}} reply
 */
export function serverError({ code, message, limit, retry_after_ms: retryAfterMs = 0 }) {
  return new ParleyError(code, { message, limit, retryAfterMs, retryable: retryAfterMs > 0 ? true : undefined });
}

/**
 * Whatever was thrown, as a ParleyError.
 * @param {unknown} error
 * @param {string} code  for what is none yet
 */
export function asParleyError(error, code) {
  if (error instanceof ParleyError) return error;
  return new ParleyError(code, { message: /** @type {{message?: string}} */ (error)?.message, cause: error });
}

/**
 * Throws if the signal has fired.
 * @param {AbortSignal | undefined} signal
 */
export function throwIfAborted(signal) {
  if (signal?.aborted) throw new ParleyError('aborted', { cause: signal.reason });
}
