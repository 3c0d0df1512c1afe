// The same smoke in Firefox ESR: who sees and hears whom, who leaves, who
// comes late, and a lost socket. What Firefox and Chromium make of each other
// is seen as well: the late one comes with Chromium.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { enter, eventually, goneAfter, hearsExactly, resumes, seesExactly, slowestFirstFrame } from './cast.mjs';
import { enterFirefox } from './firefox.mjs';
import { openWithCutter } from './open.mjs';

/** @typedef {Awaited<ReturnType<typeof enterFirefox>>} FirefoxPage */

const { server, browser: chromium, cutter } = await openWithCutter();

/** Firefox takes its time to start: the tests follow each other in one room. @type {FirefoxPage[]} */
const foxes = [];
after(async () => {
  for (const fox of foxes) await fox.quit();
});
for (const name of /** @type {const} */ (['Ann', 'Ben', 'Cleo'])) foxes.push(await enterFirefox(name === 'Ben' ? cutter.url : server.url, name, 'fox-room'));
foxes.push(await enterFirefox(server.url, 'Dora', 'other-fox-room'));

test('three in Firefox see and hear each other, a fourth elsewhere does not', async () => {
  const [ann, ben, cleo, dora] = foxes;
  await Promise.all([seesExactly(ann, ['Ben', 'Cleo'], 10_000), seesExactly(ben, ['Ann', 'Cleo'], 10_000), seesExactly(cleo, ['Ann', 'Ben'], 10_000)]);
  await hearsExactly(ann, ['Ben', 'Cleo']);
  await hearsExactly(ben, ['Ann', 'Cleo']);
  await hearsExactly(cleo, ['Ann', 'Ben']);
  await hearsExactly(dora, []);
  await seesExactly(dora, [], 0);
  await dora.quit();
});

test('a late joiner in Chromium sees the first frame of everyone in Firefox within 2 s', async () => {
  const slowest = await slowestFirstFrame(() => enter(chromium, server.url, 'Dora', 'fox-room'), 3);
  assert.ok(slowest < 2_000, `first seen after ${slowest} ms`);
});

test('who leaves in Firefox is gone within a second', async () => {
  const [ann, , cleo] = foxes;
  const took = await goneAfter(ann, 'Cleo', () => cleo.evaluate(() => (void (/** @type {any} */ (window).room.leave()), Date.now())));
  assert.ok(took < 1_000, `Cleo's tile is gone after ${took} ms`);
  await cleo.quit();
});

test('socket cut and restored in Firefox: resumed, media never stopped, missed texts arrive', async () => {
  const [ann, ben] = await theTwo();
  await forget(ann);
  await forget(ben);
  for (const { problems } of foxes) assert.deepEqual(problems, []);
  await resumes(ann, ben, cutter);
});

test('a killed Firefox is gone within 15 s', async () => {
  const [ann, ben] = await theTwo();
  const killed = Date.now();
  await ben.kill();
  await eventually(
    () => ann.evaluate(() => document.querySelectorAll('video[data-key]').length),
    (n) => n === 0,
    { ms: 15_000, what: "Ben's tile is gone" },
  );
  console.log(`tile gone ${Date.now() - killed} ms after Firefox was killed`);
});

/** Ann and Ben, alone in their room also when this is the first test that runs. */
async function theTwo() {
  const [ann, ben, cleo] = foxes;
  await cleo.quit();
  await seesExactly(ann, ['Ben'], 0);
  return [ann, ben];
}

/** What happened so far is none of what comes. @param {FirefoxPage} page */
function forget(page) {
  return page.evaluate(() => void (/** @type {any} */ (window).events.length = 0));
}
