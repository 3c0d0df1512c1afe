// Which page an address means, and what the one join field means. Pure.
import { cleanRoom, newRoomCode, roomFromInput } from './roomcode.js';

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
  if (!path.startsWith('/r/')) return { page: 'lost' };
  const room = roomOfSegment(path.slice('/r/'.length));
  return room ? { page: 'room', room } : { page: 'bad-room' };
}

/** @param {string} segment percent-encoded */
function roomOfSegment(segment) {
  try {
    return cleanRoom(decodeURIComponent(segment));
  } catch {
    return null;
  }
}

/**
 * What a person typed or pasted → a room. People write names with spaces;
 * those become hyphens.
 * @param {string} typed
 */
export function roomTyped(typed) {
  return roomFromInput(typed) ?? roomFromInput(typed.trim().replace(/\s+/g, '-'));
}

/** @param {string} room */
export const roomPath = (room) => `/r/${encodeURIComponent(room)}`;

/** A code for a new room. */
export const proposeRoom = () => newRoomCode((bytes) => crypto.getRandomValues(/** @type {Uint8Array<ArrayBuffer>} */ (bytes)));
