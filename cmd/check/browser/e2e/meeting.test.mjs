// A meeting works: who sees and hears whom, who leaves, who comes late.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from './browsers.mjs';
import { CAST, enter, eventually, hearsExactly, seesExactly } from './cast.mjs';
import { startServer } from './server.mjs';

/** @type {import('./server.mjs').Server} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  server = await startServer();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await server?.clean();
});

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

  // A clean leave is seen within a second.
  // Both pages take the time themselves: that of the test beside them says
  // more about how busy the machine is.
  const gone = ann.evaluate(
    () =>
      new Promise((resolve) => {
        const look = () => (document.querySelectorAll('video[data-key]').length === 1 ? resolve(Date.now()) : setTimeout(look, 10));
        look();
      }),
  );
  const left = await cleo.evaluate(() => (void (/** @type {any} */ (window).room.leave()), Date.now()));
  const took = Number(await gone) - left;
  console.log(`tile gone ${took} ms after a clean leave`);
  assert.ok(took < 1_000, `Cleo's tile is gone after ${took} ms`);
  for (const page of [ann, ben, cleo, dora]) assert.deepEqual(page.problems, []);
  await Promise.all([ann, ben, cleo, dora].map((p) => p.context().close()));
});

test('a late joiner sees the first frame of everyone within 2 s', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'late-room');
  const ben = await enter(browser, server.url, 'Ben', 'late-room');
  await seesExactly(ann, ['Ben'], 3_000);
  // It takes 0.3 s. Whatever else the machine does for a while is given two
  // more chances to be over.
  let slowest = Infinity;
  for (let i = 0; i < 3 && slowest >= 2_000; i++) {
    const dora = await enter(browser, server.url, 'Dora', 'late-room');
    const frames = await eventually(
      () => dora.evaluate(() => /** @type {any} */ (window).firstFrame),
      (seen) => Object.keys(seen).length === 2,
      { what: 'Dora sees both' },
    );
    console.log('late joiner, ms to the first frames:', JSON.stringify(frames));
    slowest = Math.max(.../** @type {number[]} */ (Object.values(frames)));
    await dora.context().close();
  }
  assert.ok(slowest < 2_000, `first seen after ${slowest} ms`);
  await Promise.all([ann, ben].map((p) => p.context().close()));
});

test('a killed page is gone within 15 s', async () => {
  const other = await launchChromium();
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
