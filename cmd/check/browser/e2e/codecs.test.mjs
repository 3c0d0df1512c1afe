// Who sends VP9 or AV1 is seen, in one layer or several, whoever was in the seat
// before; and who sends H264 as our own page does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAST, enter, eventually, seesExactly } from './cast.mjs';
import { enterSending, receives, sent } from './foreign.mjs';
import { open } from './open.mjs';
import { colourOf, joinRoom, pictures } from './probe.mjs';

/**
 * @typedef {import('./foreign.mjs').Sends} Sends
 * @typedef {keyof typeof CAST} Name
 */

const { server, browser } = await open();

for (const sends of /** @type {Sends[]} */ ([
  { codec: 'VP9' },
  { codec: 'AV1' },
  { codec: 'VP9', mode: 'L2T3_KEY' },
  { codec: 'AV1', mode: 'L1T3' },
  { codec: 'AV1', mode: 'L2T1' },
  { codec: 'H264' },
  { codec: 'H264', rarely: true },
])) {
  const what = `${sends.codec} ${sends.mode ?? ''}${sends.rarely ? 'with few parameter sets' : ''}`.trim();
  test(`${what} of another page is seen`, async () => {
    const room = what.replaceAll(' ', '-');
    const ann = await enterSending(browser, server.url, 'Ann', room, sends);
    await eventually(() => ann.evaluate(sent), (frames) => frames > 20, { what: 'Ann sends' });
    const ben = await enter(browser, server.url, 'Ben', room, { video: false });
    await seesExactly(ben, ['Ann']);
    const before = await ben.evaluate(receives);
    assert.deepEqual(before.codecs, [sends.codec]);
    // A third one comes while it is being watched.
    const cleo = await enter(browser, server.url, 'Cleo', room, { video: false });
    await seesExactly(cleo, ['Ann']);
    await seesExactly(ben, ['Ann'], 1_000);
    const now = await ben.evaluate(receives);
    assert.ok(now.frames > before.frames + 20, `${before.frames} frames, then ${now.frames}`);
    if (sends.rarely) assert.ok((await ann.evaluate(() => /** @type {any} */ (window).stripped)) > 0, 'no key frame came without its sets');
    assert.deepEqual([...ann.problems, ...ben.problems], []);
    for (const page of [ann, ben, cleo]) await page.context().close();
  });
}

test('one seat shows one after the other, whatever they send', async () => {
  const sources = {
    Ann: await enterSending(browser, server.url, 'Ann', 'turns', { codec: 'AV1', mode: 'L2T1' }),
    Ben: await enterSending(browser, server.url, 'Ben', 'turns', { codec: 'AV1' }),
    Cleo: await enterSending(browser, server.url, 'Cleo', 'turns', { codec: 'VP9' }),
    Dora: await enterSending(browser, server.url, 'Dora', 'turns', { codec: 'VP8' }),
  };
  const viewer = await browser.newPage();
  await viewer.goto(`${server.url}/sdk/README.md`);
  await viewer.evaluate(joinRoom, { room: 'turns', name: 'Viewer', audio: false, video: false, seats: 1 });
  const colours = Object.fromEntries(Object.entries(CAST).map(([name, { rgb }]) => [name, rgb]));
  for (const name of /** @type {Name[]} */ (['Ann', 'Ben', 'Ann', 'Dora', 'Ann', 'Cleo', 'Ben', 'Dora', 'Cleo', 'Ann'])) {
    await viewer.evaluate((participant) => /** @type {any} */ (window).room.setView([{ participant, source: 'camera', width: 320, height: 180 }]), sources[name].id);
    const shown = async () => (await viewer.evaluate(pictures))[`${name}/camera`];
    const first = await eventually(shown, (p) => p?.frames > 0 && colourOf(p.rgb, colours) === name, { what: `${name} is shown` });
    await eventually(shown, (p) => p.frames > first.frames + 10, { what: `${name} moves` });
  }
  for (const page of Object.values(sources)) await page.context().close();
});
