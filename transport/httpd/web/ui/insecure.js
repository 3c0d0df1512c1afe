// What to do about a page that came neither over HTTPS nor from localhost: the address
// that people are to come by, or, where the server knows of none, what to do for who
// sits at it and for who runs it.
import { icon } from '../icons/icons.js';
import { h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { site } from '../lib/route.js';
import { say } from './announcer.js';

/** The ways out. @param {string} path of the page */
export function insecureWays(path) {
  const { protocol } = new URL(site.url);
  if (protocol === 'https:') {
    const way = site.url + site.below(path);
    return [h('a', { href: way }, way)];
  }
  const local = `http://localhost:${location.port || '80'}${path}`;
  return [
    h('p', null, msg('insecure.here')),
    h('a', { href: local }, local),
    h('p', null, msg('insecure.admin')),
    h('pre', { class: 'command', tabindex: '0' }, h('code', null, 'parley serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem')),
  ];
}

/** The warning on the first page. */
export function insecureNotice() {
  say(msg('insecure.title'), { now: true });
  const ways = h('details', { class: 'insecure-ways' }, h('summary', null, msg('insecure.ways')), h('div', { class: 'stack' }, ...insecureWays(site.at('/'))));
  return h('section', { class: 'notice warn', 'aria-label': msg('insecure.title') }, icon('lock'), h('div', { class: 'stack' }, h('h2', null, msg('insecure.title')), h('p', null, msg('insecure.text', { origin: location.origin })), ways));
}
