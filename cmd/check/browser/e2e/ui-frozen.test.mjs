// A server that stands still, its sockets open: people are told what is so, soon,
// and nothing that is not; and that it goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { openChromium } from './browsers.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

/** How soon it must be told on a machine that does nothing else, and what this one may add, milliseconds. */
const TOLD = 5_000;
const SLACK = 1_500;

/** Runs in the page: notes when each line of the banners came and went. */
function noteBanners() {
  const lines = /** @type {{text: string, at: number, dimmed: boolean}[]} */ ([]);
  Object.assign(window, { lines });
  const look = () => {
    const text = document.querySelector('parley-banners')?.textContent ?? '';
    if (text !== (lines.at(-1)?.text ?? '')) lines.push({ text, at: Date.now(), dimmed: document.querySelector('parley-stage.stale') !== null });
  };
  new MutationObserver(look).observe(/** @type {Element} */ (document.querySelector('parley-room')), { subtree: true, childList: true, characterData: true });
}

/** @param {Guest} who @returns {Promise<{text: string, at: number, dimmed: boolean}[]>} */
const lines = (who) => who.page.evaluate(() => /** @type {any} */ (window).lines);

/**
 * Freezes the server under people in a room until all have been told, then lets it go on.
 * @param {import('./server.mjs').Server} server
 * @param {Guest[]} people
 */
async function freeze(server, people) {
  for (const who of people) await who.page.evaluate(noteBanners);
  const began = Date.now();
  server.freeze();
  const took = [];
  for (const who of people) {
    const silent = who.t('room.serverSilent');
    const seen = await eventually(() => lines(who), (all) => all.some(({ text }) => text.includes(silent)), { what: `${who.name} is told`, ms: 20_000 });
    took.push((seen.find(({ text }) => text.includes(silent))?.at ?? 0) - began);
    await who.said('room.serverSilent');
    await eventually(() => who.page.locator('parley-stage.stale').count(), (n) => n === 1, { what: 'the tiles are dimmed' });
    const wrong = seen.filter(({ text }) => text.includes(who.t('room.mediaInterrupted')) || text.includes(who.t('room.mediaBlocked')));
    assert.deepEqual(wrong, [], 'nothing is said of a chat that works');
  }
  console.log(`told after ${took.join(', ')} ms`);
  for (const ms of took) assert.ok(ms >= 3_300 && ms < TOLD + SLACK, `${ms} ms`);
}

for (const language of LANGUAGES) {
  test(`a server that stands still is said to, its people wait, and it goes on, ${language}`, async () => {
    const server = await startServer();
    const browser = await openChromium();
    const ann = await guest(browser, server.url, { as: 'Ann', language });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: { mic: false, cam: false } });
    try {
      await ann.enter('frozen');
      await ben.enter('frozen');
      await ben.moves(ben.tile('Ann'));
      await ann.page.waitForTimeout(4_000); // what looks after it has come
      await freeze(server, [ann, ben]);
      await ben.page.waitForTimeout(4_000); // until sockets are given up: the same words stay
      assert.ok((await lines(ben)).at(-1)?.text.includes(ben.t('room.serverSilent')));
      server.thaw();
      for (const who of [ann, ben]) await who.page.getByRole('strong').filter({ hasText: who.t('room.serverSilent') }).waitFor({ state: 'detached' });
      await ben.moves(ben.tile('Ann'));
      await ann.say('and on we go');
      assert.deepEqual(ben.page.problems, []);
    } finally {
      server.thaw();
      await browser.close();
      await server.clean();
    }
  });
}

test('where nobody speaks or is seen it is told as soon, and a short stop is not told at all', async () => {
  const server = await startServer();
  const browser = await openChromium();
  const quiet = { mic: false, cam: false };
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: quiet });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: quiet });
  try {
    await ann.enter('silent');
    await ben.enter('silent');
    await ann.page.waitForTimeout(4_000);
    await ann.page.evaluate(noteBanners);
    await ben.page.evaluate(noteBanners);
    for (let i = 0; i < 3; i++) {
      server.freeze();
      await ann.page.waitForTimeout(2_500);
      server.thaw();
      await ann.page.waitForTimeout(1_500);
    }
    assert.deepEqual([await lines(ann), await lines(ben)], [[], []], 'not a word of stops of 2.5 s');
    await freeze(server, [ann, ben]);
    server.thaw();
    for (const who of [ann, ben]) await who.page.getByRole('strong').filter({ hasText: who.t('room.serverSilent') }).waitFor({ state: 'detached' });
  } finally {
    server.thaw();
    await browser.close();
    await server.clean();
  }
});
