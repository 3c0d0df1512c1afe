// Where this Parley lives: what stands before the paths of its pages, and what links
// to it begin with. The server says so in the page when it knows (data-site of the
// page's root, from --public-url); otherwise it is at the root of where the page came
// from. Everything else here writes paths as they are below that.

/**
 * @typedef {object} Site
 * @property {string} url  what links begin with that are passed on: "https://host/meet"
 * @property {string} here  where this page's server is asked, also by another name
 * @property {(path: string) => string} at  the path that "/r/tea" has for the browser
 * @property {(pathname: string) => string} below  the opposite
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
  };
}

/** @param {string} pathname @param {string} base */
const isBelow = (pathname, base) => pathname === base || pathname.startsWith(`${base}/`);

/** This page's. */
export const site = siteOf(globalThis.document?.documentElement?.dataset?.site, globalThis.location ?? { origin: '', pathname: '/' });
