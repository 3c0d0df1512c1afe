// How an error is told: as which kind of failure, who can mend it, and whether
// the page should try again by itself. Pure.

import { codes } from '../sdk/errors.js';

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {import('../sdk/index.js').ErrorCode} ErrorCode */
/** @typedef {'left' | 'alone' | ErrorCode} Reason */

/**
 * What is known of an error.
 * @typedef {{code: ErrorCode, limit?: string, origin?: string, host?: string, retryAfterMs?: number}} Failure
 */

/** @type {Partial<Record<ErrorCode, {title: Key, text?: Key, mend?: Key, command?: string}>>} */
const JOIN = {
  connect_failed: { title: 'fail.server.title', text: 'fail.server.text' },
  connection_lost: { title: 'fail.server.title', text: 'fail.server.text' },
  timeout: { title: 'fail.server.title', text: 'fail.server.text' },
  shutdown: { title: 'fail.draining.title', text: 'fail.draining.text' },
  room_full: { title: 'fail.full.title', text: 'fail.full.text' },
  server_full: { title: 'fail.busy.title', text: 'fail.busy.text' },
  server_busy: { title: 'fail.busy.title', text: 'fail.busy.text' },
  unavailable: { title: 'fail.busy.title', text: 'fail.busy.text' },
  moved: { title: 'fail.busy.title', text: 'fail.busy.text' },
  too_many_rooms: { title: 'fail.busy.title' },
  rate_limited: { title: 'fail.crowd.title', text: 'fail.crowd.text' },
  forbidden_origin: { title: 'fail.proxy.title', mend: 'fail.proxy.mend', command: 'proxy_http_version 1.1;\nproxy_set_header Host $http_host;\nproxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection "upgrade";' },
  foreign_host: { title: 'fail.host.title', mend: 'fail.mend', command: '--allow-host {host}' },
  draining: { title: 'fail.draining.title', text: 'fail.draining.text' },
  bad_room: { title: 'fail.room.title' },
  bad_name: { title: 'fail.name.title' },
};

/** Codes after which joining is tried again without being asked, and how often. */
const AGAIN = new Map([
  ...['connect_failed', 'connection_lost', 'timeout', 'shutdown'].map((code) => /** @type {const} */ ([code, 6])),
  ...['draining', 'rate_limited', 'room_full', 'server_full', 'server_busy', 'too_many_rooms', 'unavailable', 'moved'].map((code) => /** @type {const} */ ([code, 20])),
]);

/** Limits that come again by themselves; the others are of what is there at once. */
const PACES = new Set(['', 'opens', 'joins', 'requests']);

/**
 * @param {Failure} failure
 * @returns {{title: Key, text: Key, mend: Key | '', command: string}} text may be the
 *   code's own message; mend and command are for whoever runs the server
 */
export function joinFailure({ code, limit = '', host = '' }) {
  const { title, text, mend = '', command = '' } = JOIN[code] ?? { title: 'fail.title' };
  if (code === 'rate_limited' && !PACES.has(limit)) return { title, text: 'fail.crowd.most', mend: 'fail.mend', command: `--limit-${limit}` };
  return { title, text: text ?? messageKey(code), mend, command: command.replace('{host}', () => host) };
}

/**
 * What is said beside the attempts to connect again; '' where nothing is known
 * but that nobody answers.
 * @param {Failure} failure
 * @returns {Key | ''}
 */
export function reconnectReason(failure) {
  const { code } = failure;
  return JOIN[code]?.mend || (AGAIN.get(code) ?? 0) > 6 ? joinFailure(failure).text : '';
}

/**
 * Seconds until the next try, 0 for none. Whoever is told by the server when to
 * come again comes a little later, each at another time.
 * @param {Failure} failure
 * @param {number} tries how many have failed
 * @param {() => number} [random] 0 ≤ x < 1
 */
export function retryAfter({ code, retryAfterMs = 0 }, tries, random = Math.random) {
  const most = AGAIN.get(code) ?? 0;
  if (tries > most) return 0;
  const planned = Math.min(30, 3 * 2 ** (tries - 1));
  if (most <= 6) return Math.max(planned, Math.ceil(retryAfterMs / 1000));
  return Math.ceil((retryAfterMs / 1000 || planned) * (1 + random() / 4) + random());
}

/** The message for a code: every one that the SDK knows has one. @param {string} code @returns {Key} */
export function messageKey(code) {
  return Object.hasOwn(codes, code) ? /** @type {Key} */ (`error.${code}`) : 'error.unknown';
}

/**
 * Which end page a reason gets.
 * @param {Reason} reason
 * @returns {'left' | 'alone' | 'removed' | 'ended' | 'room_yielded' | 'duplicate_identity' | 'shutdown' | 'lost' | 'failed'}
 */
export function endKind(reason) {
  switch (reason) {
    case 'left':
    case 'alone':
    case 'removed':
    case 'ended':
    case 'room_yielded':
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
