// Links to meetings and the addresses of a server: made and read here only. Pure.
import { splitRoomPath } from './roomcode.js';

/**
 * @typedef {object} MeetingAddress
 * @property {string} server  such as "https://meet.example.org" or "https://example.org/meet"
 * @property {string} socket  address of the signalling socket
 * @property {string | null} room  the room named by the link, as it stands there, null if none is
 */

/**
 * Reads a meeting link ("https://host/r/name", "https://host/meet/r/name") or a
 * server's address ("https://host", "https://host/meet"). Null when it is neither.
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
  if (!/^https?:$/.test(parsed.protocol)) return null;
  const { base, room } = splitRoomPath(parsed.pathname);
  const server = parsed.origin + base;
  return { server, socket: apiURL(server, 'ws').replace('http', 'ws'), room };
}

/**
 * The address of something in a server's API.
 * @param {string} server
 * @param {string} what
 */
export const apiURL = (server, what) => `${server}/api/v1/${what}`;

/**
 * The link to a room, as people pass it on.
 * @param {string} server
 * @param {string} room
 */
export const meetingURL = (server, room) => `${server}/r/${encodeURIComponent(room)}`;
