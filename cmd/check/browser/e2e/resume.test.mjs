// A lost signalling socket is invisible to media, and nothing said is missed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from './browsers.mjs';
import { enter, eventually, seesExactly } from './cast.mjs';
import { startCutter, startServer } from './server.mjs';

/** @type {import('./server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof startCutter>>} */
let cutter;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  server = await startServer();
  cutter = await startCutter(server.port);
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await cutter?.close();
  await server?.clean();
});

test('socket cut and restored: resumed, media never stopped, missed texts arrive', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'resume-room');
  const ben = await enter(browser, cutter.url, 'Ben', 'resume-room');
  await seesExactly(ben, ['Ann']);
  await seesExactly(ann, ['Ben']);

  cutter.cut();
  await eventually(() => ben.evaluate(() => /** @type {any} */ (window).room.state), (s) => s === 'reconnecting', { what: 'Ben notices' });
  await ann.evaluate(() => /** @type {any} */ (window).room.chat.send('said while Ben was away'));
  // Media goes on in both directions while the socket is gone.
  await seesExactly(ann, ['Ben'], 1_000);
  cutter.mend();
  await eventually(() => ben.evaluate(() => /** @type {any} */ (window).room.state), (s) => s === 'connected', { what: 'Ben is back' });
  await seesExactly(ben, ['Ann'], 2_000);
  await seesExactly(ann, ['Ben'], 2_000);

  const events = await ben.evaluate(() => /** @type {any} */ (window).events);
  const types = events.map((/** @type {any} */ e) => e.type);
  assert.ok(types.includes('reconnected'), types.join());
  assert.ok(!types.includes('participantDisconnected'), 'resumed, not joined anew');
  assert.equal(events.filter((/** @type {any} */ e) => e.type === 'chatMessage' && e.detail.text === 'said while Ben was away').length, 1);
  const gone = await ann.evaluate(() => /** @type {any} */ (window).events.filter((/** @type {any} */ e) => e.type === 'participantDisconnected').length);
  assert.equal(gone, 0, 'Ann never saw Ben leave');
});
