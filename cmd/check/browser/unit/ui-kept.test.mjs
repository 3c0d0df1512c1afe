// What a browser keeps for a server below a path is not that of another server of the
// same host, which shares the browser's storage.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

const web = new URL('../../../../transport/httpd/web/', import.meta.url);

/** A browser's storage. @param {Record<string, string>} held */
const storage = (held) => ({
  getItem: (/** @type {string} */ key) => held[key] ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => void (held[key] = value),
  removeItem: (/** @type {string} */ key) => void delete held[key],
});

/** @type {Record<string, string>} */
const local = { parley: JSON.stringify({ v: 2, name: 'Ann', theme: 'light', recent: [{ room: 'tea', at: 1 }] }) };
/** @type {Record<string, string>} */
const tab = { 'parley-identity': 'another', 'parley-stay': JSON.stringify({ room: 'tea', name: 'Ann', at: 0 }) };
/** @type {string[]} */
const channels = [];
/** @type {string[]} */
const locks = [];

Object.defineProperties(
  globalThis,
  Object.getOwnPropertyDescriptors({
    document: { documentElement: { dataset: { site: 'https://host.example/meet' } } },
    location: { origin: 'https://host.example', pathname: '/meet/r/tea' },
    localStorage: storage(local),
    sessionStorage: storage(tab),
    navigator: { locks: { request: async (/** @type {string} */ name) => void locks.push(name) } },
    BroadcastChannel: class extends EventTarget {
      /** @param {string} name */
      constructor(name) {
        super();
        channels.push(name);
      }
      postMessage() {}
      close() {}
    },
  }),
);

/** What ui/early.js makes of the page, before modules can. @param {string} site */
function early(site) {
  /** @type {Record<string, string>} */
  const said = {};
  const root = { getAttribute: () => site, setAttribute: (/** @type {string} */ name, /** @type {string} */ value) => void (said[name] = value), lang: '' };
  const document = { documentElement: root, createElement: () => ({ noModule: true }), head: { appendChild: () => {} } };
  const window = { addEventListener: () => {} };
  runInNewContext(readFileSync(new URL('ui/early.js', web), 'utf8'), { document, window, localStorage, location: { search: '' }, navigator: { languages: ['en'] } });
  return said['data-theme'];
}

test('choices of before are taken over once, and those of the other server stay its own', async () => {
  assert.equal(early('https://host.example/meet'), 'light');
  const { prefs } = await import(`${web}lib/prefs.js`);
  assert.equal(prefs.now.name, 'Ann');
  assert.deepEqual(prefs.now.recent, [], 'rooms of the other server');
  prefs.set({ name: 'Ben', theme: 'dark' });
  assert.equal(JSON.parse(local.parley ?? '').name, 'Ann', 'those of the host');
  assert.equal(early('https://host.example/meet'), 'dark');
  assert.equal(early('https://host.example'), 'light');
  const again = await import(`${web}lib/prefs.js?again`);
  assert.equal(again.prefs.now.name, 'Ben');
});

test('a tab is somebody else at each server, and not in the meetings of the other', async () => {
  const { Presence } = await import(`${web}ui/presence.js`);
  const presence = new Presence();
  assert.notEqual(presence.identity, 'another');
  assert.equal(tab['parley-identity'], 'another');
  presence.enter('tea', presence.identity);
  assert.equal(new Presence().identity, presence.identity, 'loaded again');
  assert.ok(channels.every((name) => name !== 'parley-presence'), channels.join());
  assert.ok(locks.length === 1 && !locks[0]?.includes('"parley-presence"'), locks.join());
});

test('a stay at the other server is not taken up', async () => {
  const { keepStay, takeStay } = await import(`${web}lib/stay.js`);
  assert.equal(takeStay(() => sessionStorage, 'tea', 1), null);
  assert.ok(tab['parley-stay'], 'it is kept for the other');
  keepStay(() => sessionStorage, { room: 'tea', name: 'Ben', mic: true, cam: true, mine: [], began: 0 }, 1);
  assert.equal(takeStay(() => sessionStorage, 'tea', 2)?.name, 'Ben');
});
