// What must be true of the served source: no way around the content policy,
// small files, and a page light enough for a slow line.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const WEB = new URL('../../../../transport/httpd/web/', import.meta.url);

/** @returns {Promise<{path: string, text: string}[]>} */
async function all() {
  const names = await readdir(WEB, { recursive: true });
  const files = names.filter((n) => /\.(js|css|html|svg)$/.test(n));
  return Promise.all(files.map(async (path) => ({ path, text: await readFile(new URL(path, WEB), 'utf8') })));
}

test('nothing makes markup or code out of text', async () => {
  const banned = /\.(innerHTML|outerHTML|insertAdjacentHTML|srcdoc|cssText)\b|document\.write|\beval\(|new Function\(|setAttribute\('(style|on\w+)'|\bDOMParser\b|createContextualFragment/;
  for (const { path, text } of await all()) {
    if (path.endsWith('.js')) assert.doesNotMatch(text, banned, path);
  }
});

test('pages hold no inline script or style and name nothing on other hosts', async () => {
  for (const { path, text } of await all()) {
    if (path.endsWith('.html') && !path.startsWith('sdk/')) {
      assert.doesNotMatch(text, /\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/i, path);
      assert.doesNotMatch(text, /(?:src|href)="(?!\/)/, `${path}: absolute paths`);
    }
    if (path.endsWith('.css')) assert.doesNotMatch(text, /url\(|@import|@font-face/, path);
  }
});

test('files stay below 500 lines', async () => {
  for (const { path, text } of await all()) {
    if (/^(ui|lib|sdk)\//.test(path) && path.endsWith('.js')) assert.ok(text.split('\n').length <= 500, `${path}: ${text.split('\n').length}`);
  }
});

test('the whole client in one language is below 240 KB compressed', async () => {
  const files = (await all()).filter(({ path }) => !path.endsWith('.d.ts')).map(({ path, text }) => ({ path, bytes: gzipSync(text).length }));
  const languages = files.filter(({ path }) => path.startsWith('i18n/'));
  assert.ok(languages.length > 1);
  for (const { path: language } of languages) {
    const loaded = files.filter((file) => file.path === language || !languages.includes(file));
    const bytes = loaded.reduce((sum, file) => sum + file.bytes, 0);
    assert.ok(bytes < 240 * 1024, `${language}: ${bytes} bytes`);
  }
});

/**
 * Places besides lib/route.js and lib/meeting-url.js that write an address or read
 * where the page is, with the reason. What follows the path of the file is what is found.
 * @type {Record<string, string>}
 */
const ADDRESSES = {
  "lib/stage-plan.js '/screen": 'the end of a key',
  "ui/app.js '/css/setup.css": 'to sheet(), which asks the site',
  "ui/theme.js '/css/forced.css": 'to sheet()',
  "ui/people.js '/css/people.css": 'to sheet()',
  "ui/record.js '/css/record.css": 'to sheet()',
  "ui/stats.js '/css/stats.css": 'to sheet()',
  "ui/shortcut-sheet.js '/css/settings.css": 'to sheet()',
  "ui/landing.js '/test": 'to appLink(), which asks the site',
  "ui/banners.js '/test": 'to site.at()',
  "ui/setup-checks.js '/readyz": 'to site.at()',
  "ui/early.js '/i18n/": 'runs before modules can; as lib/route.js reads it',
  "sdk/platform.js '/sdk/platform.js": 'where these modules came from',
  "sdk/example.js '/sdk/example.js": 'where the example came from',
  'lib/typed.js ://': 'what people type',
  'ui/insecure.js ://': 'one’s own machine, which gives camera and microphone without HTTPS',
  'ui/app.js location.pathname': 'to site.below()',
  'ui/meeting.js location.pathname': 'to site.below()',
  'ui/dead-end.js location.pathname': 'the same path at another name',
  'ui/dead-end.js location.origin': 'said of the page',
  'ui/insecure.js location.origin': 'said of the page',
  'ui/prejoin.js location.origin': 'said of the page',
  'ui/setup-checks.js location.origin': 'said of the page',
  'sdk/platform.js location.origin': 'for modules that came from no server',
};

test('one place knows where the server lives, and one makes its addresses', async () => {
  const found = new Set();
  for (const { path, text } of await all()) {
    if (!path.endsWith('.js') || path === 'lib/route.js' || path === 'lib/meeting-url.js' || path.startsWith('i18n/')) continue;
    const code = text.replace(/\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
    for (const [, place] of code.matchAll(/(['`]\/[a-z][\w./-]*(?=['`?$])|(?<=href: )'\/'|(?<=['`][^'`\n]*):\/\/(?!www\.w3\.org)|\blocation\??\.(?:origin|host|hostname|pathname|href)\b)/g)) {
      found.add(`${path} ${place.replace('?.', '.').replace('`', "'")}`);
    }
  }
  assert.deepEqual([...found].sort(), Object.keys(ADDRESSES).sort());
});

test('modules import each other in no circle', async () => {
  /** @type {Map<string, string[]>} */
  const imports = new Map();
  for (const { path, text } of await all()) {
    if (!path.endsWith('.js')) continue;
    const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, ''); // types may
    const names = [...code.matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, name]) => new URL(name, `http://x/${path}`).pathname.slice(1));
    imports.set(path, names);
  }
  assert.ok([...imports.values()].flat().length > 200, 'imports were found');
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} path @param {string[]} way */
  const walk = (path, way) => {
    assert.ok(!way.includes(path), [...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
});

test('what modules export is used elsewhere: by others, or by a test', async () => {
  const tests = new URL('../', import.meta.url);
  const names = (await readdir(tests, { recursive: true })).filter((n) => /^(unit|e2e|types)\/.*\.(mjs|ts)$/.test(n));
  const texts = await Promise.all(names.map(async (n) => ({ path: `tests/${n}`, text: await readFile(new URL(n, tests), 'utf8') })));
  const files = [...(await all()), ...texts];
  for (const { path, text } of files) {
    if (path.startsWith('tests/') || path === 'sdk/index.js') continue;
    for (const [, name] of text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)) {
      const word = new RegExp(`\\b${name}\\b`);
      assert.ok(files.some((f) => f.path !== path && word.test(f.text)), `${path} exports ${name} to nobody`);
    }
  }
});

test('the user interface leaves media transport to the SDK', async () => {
  for (const { path, text } of await all()) {
    if (path.startsWith('ui/')) assert.doesNotMatch(text, /RTCPeerConnection|new WebSocket/, path);
  }
});
