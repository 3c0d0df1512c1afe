// Where a meeting lives: page links and the addresses derived from them. Pure.
import { roomOfPath } from './roomcode.js';

/** Path of the signalling socket on the server. */
const SOCKET_PATH = '/api/v1/ws';

/**
 * @typedef {object} MeetingAddress
 * @property {string} origin  such as "https://meet.example.org"
 * @property {string} socket  address of the signalling socket
 * @property {string | null} room  the room named by the link, as it stands there, null if none is
 */

/**
 * Reads a meeting link ("https://host/r/name") or a server's address
 * ("https://host"). Null when it is neither.
 * @param {string} url
 * @returns {MeetingAddress | null}
 */
export function parseMeetingURL(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    return null;
  }
  const socketScheme = { 'http:': 'ws:', 'https:': 'wss:' }[parsed.protocol];
  if (!socketScheme) return null;
  return {
    origin: parsed.origin,
    socket: `${socketScheme}//${parsed.host}${SOCKET_PATH}`,
    room: roomOfPath(parsed.pathname),
  };
}

/**
 * The link to a room, as people pass it on.
 * @param {string} origin
 * @param {string} room
 */
export function meetingURL(origin, room) {
  return `${origin}/r/${encodeURIComponent(room)}`;
}
