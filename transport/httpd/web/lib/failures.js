// How an error code is told: as which kind of failure, and whether the page
// should try again by itself. Pure.

/** @typedef {import('./i18n.js').Key} Key */

/** @type {Record<string, {title: Key, text?: Key}>} */
const JOIN = {
  connect_failed: { title: 'fail.server.title', text: 'fail.server.text' },
  connection_lost: { title: 'fail.server.title', text: 'fail.server.text' },
  timeout: { title: 'fail.server.title', text: 'fail.server.text' },
  shutdown: { title: 'fail.draining.title', text: 'fail.draining.text' },
  room_full: { title: 'fail.full.title', text: 'fail.full.text' },
  draining: { title: 'fail.draining.title', text: 'fail.draining.text' },
  bad_room: { title: 'fail.room.title' },
  bad_name: { title: 'fail.name.title' },
};

/** Codes after which joining is tried again without being asked. */
const AGAIN = new Set(['connect_failed', 'connection_lost', 'timeout', 'shutdown', 'draining']);

/**
 * @param {string} code
 * @returns {{title: Key, text: Key}} text may be the code's own message
 */
export function joinFailure(code) {
  const { title, text } = JOIN[code] ?? { title: 'fail.title' };
  return { title, text: text ?? messageKey(code) };
}

/** Seconds until the next try, 0 for none. @param {string} code @param {number} tries how many have failed */
export function retryAfter(code, tries) {
  return AGAIN.has(code) && tries <= 6 ? Math.min(30, 3 * 2 ** (tries - 1)) : 0;
}

/** The message for a code. @param {string} code @returns {Key} */
export function messageKey(code) {
  return KNOWN.has(code) ? /** @type {Key} */ (`error.${code}`) : 'error.unknown';
}

/** Every code that has a message 'error.<code>'. */
export const KNOWN = new Set([
  'bad_json', 'too_deep', 'too_large', 'unknown_type', 'missing_field', 'bad_field', 'rate_limited', 'bad_order',
  'not_joined', 'already_joined', 'bad_room', 'bad_name', 'room_full', 'server_full', 'too_many_rooms', 'draining', 'resume_gone', 'bad_sdp',
  'sdp_profile', 'sdp_too_large', 'sdp_mismatch', 'no_codec', 'too_many_seats', 'no_such_participant', 'no_such_source',
  'chat_too_long', 'chat_full', 'store_failed', 'duplicate_identity', 'removed', 'ended', 'shutdown', 'media_failed',
  'timeout', 'internal', 'bad_url', 'connect_failed', 'connection_lost', 'not_connected', 'busy', 'reconnect_failed',
  'webrtc_failed', 'bad_message', 'aborted', 'cancelled', 'insecure_context', 'unsupported', 'permission_denied',
  'system_denied', 'not_found', 'in_use', 'other', 'replaced', 'room_yielded', 'bad_request', 'unauthorized',
]);

/**
 * Which end page a reason gets.
 * @param {string} reason 'left', 'alone' or an error code
 * @returns {'left' | 'alone' | 'removed' | 'ended' | 'duplicate_identity' | 'shutdown' | 'lost' | 'failed'}
 */
export function endKind(reason) {
  switch (reason) {
    case 'left':
    case 'alone':
    case 'removed':
    case 'ended':
    case 'duplicate_identity':
    case 'shutdown':
      return reason;
    case 'replaced':
      return 'duplicate_identity';
    case 'draining':
      return 'shutdown';
    case 'reconnect_failed':
    case 'connection_lost':
    case 'connect_failed':
    case 'timeout':
    case 'resume_gone':
      return 'lost';
    default:
      return 'failed';
  }
}
