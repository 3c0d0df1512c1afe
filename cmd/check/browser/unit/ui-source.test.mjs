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

test('the user interface leaves media transport to the SDK', async () => {
  for (const { path, text } of await all()) {
    if (path.startsWith('ui/')) assert.doesNotMatch(text, /RTCPeerConnection|new WebSocket/, path);
  }
});
