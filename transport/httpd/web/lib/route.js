// Which page a path of ours means (lib/site.js takes off what stands before). Pure.
import { meetingURL } from './meeting-url.js';
import { newRoomCode, roomOfPath } from './roomcode.js';

/**
 * @typedef {{page: 'landing'} | {page: 'test'} | {page: 'room', room: string} | {page: 'bad-room'} | {page: 'lost'}} Route
 */

/**
 * @param {string} pathname
 * @returns {Route}
 */
export function route(pathname) {
  const path = pathname.replace(/\/+$/, '') || '/';
  if (path === '/' || path === '/index.html' || path === '/r') return { page: 'landing' };
  if (path === '/test') return { page: 'test' };
  const room = roomOfPath(path);
  if (room) return { page: 'room', room };
  return { page: path.startsWith('/r/') ? 'bad-room' : 'lost' };
}

/** @param {string} room */
export const roomPath = (room) => meetingURL('', room);

/** A code for a new room. */
export const proposeRoom = () => newRoomCode((bytes) => crypto.getRandomValues(/** @type {Uint8Array<ArrayBuffer>} */ (bytes)));
