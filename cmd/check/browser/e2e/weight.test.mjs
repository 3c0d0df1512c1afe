// What the page costs: bytes on a cold load, time until it can be used, other
// hosts asked (none), the policy it comes with, and the processor in a meeting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

/** The first page, the preview and the meeting together, headers and all. */
const MAX_BYTES = 200 * 1024;
/** Most time until usable that passes here, milliseconds; on a quiet machine it is a fraction. */
const MAX_USABLE = 3_000;
/** How often a load may be tried for that: whatever else the machine does may be over the next time. */
const LOADS = 3;

const { server, browser } = await open();

/** Counts what comes over the wire, as compressed as it comes. @param {Guest} who */
async function meter(who) {
  const cdp = await who.page.context().newCDPSession(who.page);
  const seen = { bytes: 0, heads: 0, requests: 0, strangers: /** @type {string[]} */ ([]) };
  cdp.on('Network.requestWillBeSent', ({ request }) => {
    seen.requests++;
    if (/^(https?|wss?):/.test(request.url) && new URL(request.url).host !== new URL(who.url).host) seen.strangers.push(request.url);
  });
  cdp.on('Network.webSocketCreated', ({ url }) => {
    if (new URL(url).host !== new URL(who.url).host) seen.strangers.push(url);
  });
  cdp.on('Network.responseReceived', ({ response }) => (seen.heads += response.encodedDataLength));
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (seen.bytes += encodedDataLength));
  await cdp.send('Network.enable');
  return seen;
}

/**
 * Somebody comes to a page for the first time.
 * @param {import('./ui.mjs').Language} language
 * @param {string} url
 * @param {import('./ui.mjs').Key} button that makes it usable
 */
async function load(language, url, button) {
  for (let i = 1; ; i++) {
    const who = await guest(browser, server.url, { language, prefs: { name: 'Ann' } });
    const seen = await meter(who);
    const began = performance.now();
    const answer = await who.page.goto(url);
    await who.button(button).waitFor();
    const usable = performance.now() - began;
    await who.page.waitForLoadState('networkidle');
    if (usable < MAX_USABLE || i === LOADS) return { who, seen, usable, answer };
    await who.close();
  }
}

for (const language of LANGUAGES) {
  test(`a cold load is light and soon usable, ${language}`, async () => {
    const { who: landing, seen: first, usable, answer } = await load(language, server.url, 'landing.new');
    const kilo = (/** @type {number} */ n) => `${(n / 1024).toFixed(1)} KB`;
    const { bytes: landed, requests: asked } = first;
    policy(answer?.headers()['content-security-policy'] ?? '');
    await landing.button('landing.new').click();
    await landing.join();
    await landing.heading('room.alone').waitFor();
    await landing.page.waitForLoadState('networkidle');
    console.log(`${language}: landing ${kilo(landed)} in ${asked} requests, usable after ${Math.round(usable)} ms; from there into the meeting ${kilo(first.bytes)} (${kilo(first.heads)} of it headers) in ${first.requests}`);
    assert.ok(usable < MAX_USABLE, `landing usable after ${usable} ms`);
    assert.ok(first.bytes < MAX_BYTES, `from the landing page into the meeting: ${first.bytes} bytes`);
    assert.deepEqual(first.strangers, []);
    assert.deepEqual(await landing.violations(), []);
    await landing.close();

    const { who: room, seen: second, usable: ready } = await load(language, `${server.url}/r/weight-${language.toLowerCase()}`, 'prejoin.join');
    console.log(`${language}: room page ${kilo(second.bytes)} in ${second.requests} requests, usable after ${Math.round(ready)} ms`);
    assert.ok(second.bytes < MAX_BYTES, `room page: ${second.bytes} bytes`);
    assert.ok(ready < MAX_USABLE, `preview usable after ${ready} ms`);
    assert.deepEqual(second.strangers, []);
    assert.deepEqual(await room.violations(), []);
    await room.close();
  });
}

/** Strict, without exceptions. @param {string} header */
function policy(header) {
  assert.match(header, /default-src 'self'/);
  assert.ok(!/unsafe-|\*|https?:/.test(header), header);
  for (const part of ['script-src', 'style-src']) assert.match(header, new RegExp(`${part} 'self'(;|$)`), header);
}

test('every page comes with the policy', async () => {
  for (const path of ['/', '/r/some-room', '/test', '/embed.html']) policy((await fetch(server.url + path)).headers.get('content-security-policy') ?? '');
});

test('the main thread with nine tiles', async () => {
  const other = await ownChromium({ because: 'what the eight others cost is none of the ninth’s' });
  const ann = await guest(browser, server.url, { as: 'Ann', context: { viewport: { width: 1280, height: 800 } } });
  await ann.enter('nine');
  /** @type {Guest[]} */
  const others = [];
  try {
    for (let i = 0; i < 8; i++) {
      const prefs = i < 4 ? { mic: false } : { mic: false, cam: false };
      const one = await guest(other, server.url, { as: 'Ben', name: `Guest ${i}`, prefs, width: 160, height: 90, context: { viewport: { width: 320, height: 240 } } });
      await one.enter('nine');
      others.push(one);
    }
    await eventually(() => ann.stage.getByRole('group').count(), (n) => n === 9, { what: 'nine tiles', ms: 60_000 });
    await ann.moves(ann.tile('Guest 0'));
    const cdp = await ann.page.context().newCDPSession(ann.page);
    await cdp.send('Performance.enable');
    const look = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]));
    const before = await look();
    const began = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const after = await look();
    const seconds = (performance.now() - began) / 1000;
    const share = (/** @type {string} */ name) => (((after[name] - before[name]) / seconds) * 100).toFixed(1);
    console.log(`nine tiles, five cameras: main thread ${share('TaskDuration')} % (scripts ${share('ScriptDuration')} %, layout ${share('LayoutDuration')} %, style ${share('RecalcStyleDuration')} %)`);
    assert.ok(Number(share('TaskDuration')) < 60, 'the main thread has room');
    assert.deepEqual(ann.page.problems, []);
  } finally {
    await other.close();
    await ann.close();
  }
});
