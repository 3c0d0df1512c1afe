// Where the pages of this Parley are: what stands before their paths, and which page a
// path of ours means. The server says the first in the page when it knows (data-site of
// the root, from --public-url); else it is the root of where the page came from. All
// else in the page writes paths as they are below that.
import { meetingURL } from './meeting-url.js';
import { newRoomCode, roomOfPath } from './roomcode.js';

/**
 * @typedef {object} Site
 * @property {string} url  what links begin with that are passed on: "https://host/meet"
 * @property {string} here  where this page's server is asked, also by another name
 * @property {(path: string) => string} at  the path that "/r/tea" has for the browser
 * @property {(pathname: string) => string} below  the opposite
 * @property {(name: string) => string} own  what a thing is called that the browser keeps, where servers below other paths share it
 */

/**
 * @param {string | undefined} said  "https://host/meet"
 * @param {{origin: string, pathname: string}} page  such as location
 * @returns {Site}
 */
export function siteOf(said, page) {
  const url = said ?? page.origin;
  const named = said ? new URL(said).pathname.replace(/\/$/, '') : '';
  // Who came past the proxy stays past it: the server answers with and without.
  const base = isBelow(page.pathname, named) ? named : '';
  return {
    url,
    here: page.origin + base,
    at: (path) => base + path,
    below: (pathname) => (isBelow(pathname, base) ? pathname.slice(base.length) || '/' : pathname),
    own: (name) => name + base,
  };
}

/** @param {string} pathname @param {string} base */
const isBelow = (pathname, base) => pathname === base || pathname.startsWith(`${base}/`);

/** This page's. */
export const site = siteOf(globalThis.document?.documentElement?.dataset?.site, globalThis.location ?? { origin: '', pathname: '/' });

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
