// The server is restarted under a meeting: everybody joins anew, with other ids,
// one after the other. For the people nothing of that has happened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { startCutter, startServer } from './server.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

/** Runs in the page: keeps all that is shown or spoken for a moment, and whether one was ever said to be alone. */
function listen() {
  const heard = /** @type {string[]} */ ([]);
  const seen = { alone: false, heard };
  Object.assign(window, { seen });
  const look = () => (seen.alone ||= document.querySelector('.alone')?.checkVisibility() ?? false);
  new MutationObserver((changes) => {
    look();
    for (const { target, addedNodes } of changes) {
      const at = target instanceof Element ? target : target.parentElement;
      if (at?.matches('[role="status"], [role="alert"]') && at.textContent) heard.push(at.textContent);
      if (at?.matches('parley-toasts')) for (const node of addedNodes) heard.push(node.textContent ?? '');
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}

/** @param {Guest} who @returns {Promise<{alone: boolean, heard: string[]}>} */
const seen = (who) => who.page.evaluate(() => /** @type {any} */ (window).seen);

/** Seconds on the meeting's clock. @param {Guest} who */
async function clock(who) {
  const text = await who.page.getByRole('timer', { name: who.t('room.elapsed') }).innerText();
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/**
 * How it ends, each in a language of its own.
 * @type {[string, import('./ui.mjs').Language, (server: import('./server.mjs').Server) => Promise<unknown>][]}
 */
const ENDS = [
  ['killed', 'en', (server) => server.kill()],
  ['stopped', 'zh-Hans', (server) => server.stop()],
];

for (const [what, language, end] of ENDS) {
  test(`a server that is ${what} (${language}) and started again: the same meeting for its people`, async () => {
    const first = await startServer();
    const cutter = await startCutter(first.port);
    const browser = await openChromium();
    let again = first;
    const ann = await guest(browser, first.url, { as: 'Ann', language });
    const ben = await guest(browser, cutter.url, { as: 'Ben', language, prefs: { mic: false } });
    try {
      await ann.enter('restarted');
      await ben.enter('restarted');
      await ann.moves(ann.tile('Ben'));
      await ann.say('said before');
      await ben.openChat();
      await ben.control('bar.hand').click();
      await ann.tileSays(ann.tile('Ben'), 'tile.hand', true, { n: 1 });
      await eventually(() => clock(ann), (s) => s >= 6, { what: 'some time has passed' });
      const before = await clock(ann);
      for (const who of [ann, ben]) await who.page.evaluate(listen);

      cutter.cut();
      await end(first);
      await ann.page.getByRole('strong').waitFor();
      await ann.field('chat.field').fill('said between');
      await ann.button('chat.send').click();
      again = await startServer({ data: first.data, port: first.port });

      // Ann is back before Ben, and waits for him.
      await ann.shown('room.reconnected');
      await ann.tileSays(ann.tile('Ben'), 'tile.away');
      assert.equal(await ann.stage.getByRole('group').count(), 2);
      await ann.page.waitForTimeout(1_500);
      cutter.mend();
      await ben.shown('room.reconnected');
      await ann.moves(ann.tile('Ben'));
      await ben.moves(ben.tile('Ann'));
      for (const who of [ann, ben]) await eventually(() => who.stage.getByRole('group').count(), (n) => n === 2, { what: 'the same two' });
      await ann.tileSays(ann.tile('Ben'), 'tile.hand', true, { n: 1 });

      for (const who of [ann, ben]) {
        const { alone, heard } = await seen(who);
        assert.equal(alone, false, `${who.name} was never alone`);
        const other = who === ann ? 'Ben' : 'Ann';
        for (const key of /** @type {const} */ (['room.left', 'room.lostPerson', 'room.joined', 'room.youJoinedAlone'])) {
          const words = who.t(key, { name: other, room: 'restarted' });
          assert.ok(!heard.some((text) => text.includes(words)), `${who.name} hears “${words}”: ${heard.join(' | ')}`);
        }
        assert.ok((await clock(who)) >= before, `the clock goes on: ${await clock(who)} after ${before}`);
      }
      await ann.say('said after');
      for (const text of ['said before', 'said between', 'said after']) {
        for (const who of [ann, ben]) {
          await who.log.getByText(text, { exact: true }).first().waitFor();
          assert.equal(await who.log.getByText(text, { exact: true }).count(), 1, `${text}, for ${who.name}`);
        }
      }
      assert.equal(await ann.log.getByText('Ann', { exact: true }).count(), 0, 'all of it is her own');
      assert.equal(await ben.log.getByText(ben.t('chat.you'), { exact: true }).count(), 0);

      // Afterwards people come and go as ever.
      await ben.control('bar.leave').click();
      await ann.shown('room.left', { name: 'Ben' });
      await ann.heading('room.alone').waitFor();
      await ann.control('bar.leave').click();
      const summary = ann.page.getByRole('region', { name: ann.t('end.summary') });
      const [minutes, seconds] = (await summary.locator('dd').first().innerText()).split(':').map(Number);
      assert.ok(minutes * 60 + seconds >= before, 'one was there all the time');
    } finally {
      await browser.close();
      await cutter.close();
      await again.clean();
    }
  });
}

test('who does not come back after a restart has left, once their time is over', async () => {
  const first = await startServer();
  const browser = await openChromium();
  let again = first;
  const ann = await guest(browser, first.url, { as: 'Ann', prefs: { mic: false, cam: false } });
  const ben = await guest(browser, first.url, { as: 'Ben', prefs: { mic: false, cam: false } });
  try {
    await ann.page.clock.install();
    await ann.enter('missing');
    await ben.enter('missing');
    await ann.tile('Ben').waitFor();
    await first.kill();
    await ben.close();
    await ann.page.getByRole('strong').waitFor();
    again = await startServer({ data: first.data, port: first.port });
    await ann.shown('room.reconnected');
    await ann.tileSays(ann.tile('Ben'), 'tile.away');
    await ann.page.clock.fastForward(31_000);
    await ann.shown('room.left', { name: 'Ben' });
    await ann.heading('room.alone').waitFor();
  } finally {
    await browser.close();
    await again.clean();
  }
});
