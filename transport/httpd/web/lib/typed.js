// What a person means who types or pastes into the one field: a name, or a link,
// perhaps to another server. Which room a name is, the server says.
import { apiURL } from './meeting-url.js';
import { roomOfPath } from './roomcode.js';

/**
 * @typedef {{to: 'here', room: string} | {to: 'elsewhere', host: string, href: string} | {to: 'nowhere'}} Typed
 */

/**
 * @param {string} typed
 * @param {import('./route.js').Site} site  ours
 * @returns {Typed}
 */
export function readTyped(typed, site) {
  const text = typed.trim();
  if (!text) return { to: 'nowhere' };
  if (!text.includes('/')) return named(text);
  if (/^r\//i.test(text)) return readTyped(`/${text}`, site);
  const whole = /^(https?:|\/)/i.test(text);
  if (!whole && text.includes('://')) return { to: 'nowhere' }; // not of the web
  let url;
  try {
    url = new URL(whole ? text : `https://${text}`, site.here);
  } catch {
    return { to: 'nowhere' };
  }
  const ours = pathOfOurs(url, site) ?? (/^\/[^/\\]/.test(text) ? url.pathname : null);
  const room = roomOfPath(ours ?? url.pathname);
  if (ours !== null) return room ? named(room) : { to: 'nowhere' };
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
 * The path of a link below our server's address, in whatever spelling: with the port or
 * without, by http or https, one's own machine by any of its names. Null when it leads
 * elsewhere, which may be another path of the same host.
 * @param {URL} url
 * @param {import('./route.js').Site} site
 */
function pathOfOurs(url, site) {
  for (const { hostname, port, pathname } of [new URL(site.here), new URL(site.url)]) {
    const same = hostOf(url.hostname) === hostOf(hostname) && portOf(url.port) === portOf(port);
    const base = pathname.replace(/\/$/, '');
    if (same && `${url.pathname}/`.startsWith(`${base}/`)) return url.pathname.slice(base.length) || '/';
  }
  return null;
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
 * @param {string} server
 * @param {typeof fetch} [ask]
 */
export async function roomMeant(name, server, ask = fetch) {
  try {
    const answer = await ask(apiURL(server, `room?name=${encodeURIComponent(name)}`), { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
    const { title } = await answer.json();
    return typeof title === 'string' ? title : name;
  } catch {
    return name;
  }
}
