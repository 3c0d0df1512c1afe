// What a person means who types or pastes into the one field: a name, or a link,
// perhaps to another server. Which room a name is, the server says.
import { roomOfPath } from './roomcode.js';

/**
 * @typedef {{to: 'here', room: string} | {to: 'elsewhere', host: string, href: string} | {to: 'nowhere'}} Typed
 */

/**
 * @param {string} typed
 * @param {{hostname: string, port: string, origin: string}} here  where the page is, such as location
 * @returns {Typed}
 */
export function readTyped(typed, here) {
  const text = typed.trim();
  if (!text) return { to: 'nowhere' };
  if (!text.includes('/')) return named(text);
  if (/^r\//i.test(text)) return readTyped(`/${text}`, here);
  const whole = /^(https?:|\/)/i.test(text);
  if (!whole && text.includes('://')) return { to: 'nowhere' }; // not of the web
  let url;
  try {
    url = new URL(whole ? text : `https://${text}`, here.origin);
  } catch {
    return { to: 'nowhere' };
  }
  const room = roomOfPath(url.pathname);
  if (sameServer(url, here)) return room ? named(room) : { to: 'nowhere' };
  // Somebody's words with a slash in them are no link.
  if (!room && !whole) return { to: 'nowhere' };
  // Without a name and password before the host, which would hide where it leads.
  return { to: 'elsewhere', host: url.host, href: `${url.protocol}//${url.host}${url.pathname}${url.search}${url.hash}` };
}

/** @param {string} room @returns {Typed} */
function named(room) {
  return /\p{Cs}/u.test(room) ? { to: 'nowhere' } : { to: 'here', room }; // half of a character is no text
}

/**
 * Whether a link leads to where the page is, in whatever spelling: with the port or
 * without, by http or https, one's own machine by any of its names.
 * @param {URL} url
 * @param {{hostname: string, port: string}} here
 */
function sameServer(url, here) {
  return hostOf(url.hostname) === hostOf(here.hostname) && portOf(url.port) === portOf(here.port);
}

/** @param {string} hostname */
function hostOf(hostname) {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  return /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(host) ? 'localhost' : host;
}

/** @param {string} port */
const portOf = (port) => (port === '80' || port === '443' ? '' : port);

/**
 * The name of the room that the server says is meant; empty if it is none. If it says
 * nothing, what was asked: the next page tells that it can not be reached.
 * @param {string} name
 * @param {typeof fetch} [ask]
 */
export async function roomMeant(name, ask = fetch) {
  try {
    const answer = await ask(`/api/v1/room?name=${encodeURIComponent(name)}`, { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
    const { title } = await answer.json();
    return typeof title === 'string' ? title : name;
  } catch {
    return name;
  }
}
