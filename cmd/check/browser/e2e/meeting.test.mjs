// A meeting works: who sees and hears whom, who leaves, who comes late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownChromium } from './browsers.mjs';
import { CAST, enter, eventually, goneAfter, hearsExactly, seesExactly, slowestFirstFrame } from './cast.mjs';
import { open } from './open.mjs';

const { server, browser } = await open();

test('three in a room see and hear each other, a fourth elsewhere does not', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'red-room');
  const ben = await enter(browser, server.url, 'Ben', 'red-room');
  const cleo = await enter(browser, server.url, 'Cleo', 'red-room');
  const dora = await enter(browser, server.url, 'Dora', 'other-room');

  await Promise.all([
    seesExactly(ann, ['Ben', 'Cleo'], 10_000),
    seesExactly(ben, ['Ann', 'Cleo'], 10_000),
    seesExactly(cleo, ['Ann', 'Ben'], 10_000),
  ]);
  for (const [page, others] of /** @type {const} */ ([
    [ann, ['Ben', 'Cleo']],
    [ben, ['Ann', 'Cleo']],
    [cleo, ['Ann', 'Ben']],
    [dora, []],
  ])) {
    await hearsExactly(page, /** @type {(keyof typeof CAST)[]} */ ([...others]));
  }
  await seesExactly(dora, [], 0);

  const firstFrames = await Promise.all([ann, ben, cleo].map((p) => p.evaluate(() => /** @type {any} */ (window).firstFrame)));
  console.log('join to first decoded frame of others, ms:', JSON.stringify(firstFrames.map((f) => Object.fromEntries(Object.entries(f).map(([k, v]) => [k, Math.round(/** @type {number} */ (v))])))));

  const took = await goneAfter(ann, 'Cleo', () => cleo.evaluate(() => (void (/** @type {any} */ (window).room.leave()), Date.now())));
  assert.ok(took < 1_000, `Cleo's tile is gone after ${took} ms`);
  for (const page of [ann, ben, cleo, dora]) assert.deepEqual(page.problems, []);
  await Promise.all([ann, ben, cleo, dora].map((p) => p.context().close()));
});

test('a late joiner sees the first frame of everyone within 2 s', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'late-room');
  const ben = await enter(browser, server.url, 'Ben', 'late-room');
  await seesExactly(ann, ['Ben'], 3_000);
  const slowest = await slowestFirstFrame(() => enter(browser, server.url, 'Dora', 'late-room'), 2);
  assert.ok(slowest < 2_000, `first seen after ${slowest} ms`);
  await Promise.all([ann, ben].map((p) => p.context().close()));
});

test('a killed page is gone within 15 s', async () => {
  const other = await ownChromium({ because: 'it is killed' });
  const ann = await enter(browser, server.url, 'Ann', 'kill-room');
  const ben = await enter(other, server.url, 'Ben', 'kill-room');
  await seesExactly(ann, ['Ben']);
  await seesExactly(ben, ['Ann']);
  const cdp = await other.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const t = Date.now();
  for (const p of processInfo) {
    try {
      process.kill(p.id, 'SIGKILL');
    } catch {
      // already gone with its parent
    }
  }
  await eventually(
    () => ann.evaluate(() => document.querySelectorAll('video[data-key]').length),
    (n) => n === 0,
    { ms: 15_000, what: "Ben's tile is gone" },
  );
  console.log(`tile gone ${Date.now() - t} ms after the page was killed`);
  await other.close().catch(() => {});
  await ann.context().close();
});
