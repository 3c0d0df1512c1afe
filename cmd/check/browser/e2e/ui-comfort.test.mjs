// What the page does by itself to keep a meeting bearable, and what it tells
// of somebody's picture: muted in a crowd, cameras paused on a busy machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

const { server, browser } = await open({ args: ['--mute-from', '2'] });

/**
 * Neither names nor controls nor pictures lie under it, on a phone and on a desk.
 * @param {import('./ui.mjs').Guest} who @param {import('playwright-core').Locator} note
 */
async function coversNothing(who, note) {
  for (const size of [{ width: 390, height: 844 }, { width: 1280, height: 800 }]) {
    await who.page.setViewportSize(size);
    const covered = async () => {
      const box = await note.first().boundingBox();
      assert.ok(box && box.width > 100, 'it is there');
      return who.page.evaluate(({ x, y, width, height }) => {
        const below = [...document.querySelectorAll('.tile, .tile-pill, .room-bar button, .room-head button')].filter((el) => el.checkVisibility());
        return below.filter((el) => {
          const r = el.getBoundingClientRect();
          return r.left < x + width - 1 && r.right > x + 1 && r.top < y + height - 1 && r.bottom > y + 1;
        }).map((el) => el.className);
      }, box);
    };
    await eventually(covered, (names) => names.length === 0, { what: `it covers nothing at ${size.width}` });
  }
}

for (const language of LANGUAGES) {
  test(`who comes into a crowd comes in muted, and one click undoes it, ${language}`, async () => {
    const room = `crowd-${language.toLowerCase()}`;
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { cam: false } });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: { cam: false } });
    const cleo = await guest(browser, server.url, { as: 'Cleo', language, prefs: { cam: false } });
    await ann.enter(room);
    await ben.enter(room);
    await ben.pressed(ben.control('bar.mic')); // one other is no crowd
    await cleo.enter(room);
    await cleo.pressed(cleo.control('bar.mic'), false);
    await ann.tileSays(ann.tile('Cleo'), 'tile.muted');
    await cleo.text('room.largeMuted').first().hover(); // it stays while pointed at
    await coversNothing(cleo, cleo.page.locator('.banner'));
    await clean(cleo, 'muted in a crowd');
    await cleo.button('bar.unmute').click();
    await cleo.pressed(cleo.control('bar.mic'));
    await ann.tileSays(ann.tile('Cleo'), 'tile.muted', false);

    // Done some other way, nobody asks any more.
    const dora = await guest(browser, server.url, { as: 'Dora', language, prefs: { cam: false } });
    await dora.enter(room);
    await dora.text('room.largeMuted').first().hover();
    await dora.control('bar.mic').click();
    await dora.text('room.largeMuted').first().waitFor({ state: 'detached' });
    await ann.say('all here?');
    await dora.button('chat.toastOpen').hover();
    await dora.chatControl.click();
    await dora.button('chat.toastOpen').waitFor({ state: 'detached' });
    for (const who of [ann, ben, cleo, dora]) await who.close();
  });
}

/** Runs in the page: a processor whose load the test tells. */
function fakePressure() {
  Object.assign(window, {
    PressureObserver: class {
      /** @param {(records: {state: string}[]) => void} tell */
      constructor(tell) {
        Object.assign(window, { press: (/** @type {string} */ state) => tell([{ state }]) });
      }
      observe() {
        return Promise.resolve();
      }
      disconnect() {}
    },
  });
}

test('a processor at its limit pauses the cameras of others, for this meeting', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { cam: false } });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false } });
  await ann.page.addInitScript(fakePressure);
  await ann.page.clock.install();
  await ben.enter('hot');
  await ann.enter('hot');
  await ann.moves(ann.tile('Ben'));
  const load = (/** @type {string} */ state) => ann.page.evaluate((s) => /** @type {any} */ (window).press(s), state);
  await load('critical');
  await load('serious');
  await ann.page.clock.fastForward(11_000);
  await ann.moves(ann.tile('Ben')); // it was over at once
  await load('critical');
  await ann.page.clock.fastForward(11_000);
  await ann.shown('room.busyComputer');
  await ann.text('room.dataSaver').first().waitFor();
  await clean(ann, 'a processor at its limit');
  const shows = () => ann.tile('Ben').evaluate((tile) => Boolean(tile.querySelector('video')?.srcObject));
  await eventually(shows, (on) => !on, { what: 'the camera is paused' });
  await ann.page.getByRole('main').getByRole('button', { name: ann.t('room.dataSaverOff') }).click();
  await ann.moves(ann.tile('Ben'));
  const kept = await ann.page.evaluate(() => JSON.parse(localStorage.getItem('parley') ?? '{}').dataSaver ?? false);
  if (kept) throw new Error('the next meeting would begin so too');
  await ann.close();
  await ben.close();
});

for (const language of LANGUAGES) {
  test(`a person’s connection is told in words, figures and the size of the picture, ${language}`, async () => {
    const room = `quality-${language.toLowerCase()}`;
    const ann = await guest(browser, server.url, { as: 'Ann', language });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: { mic: false }, width: 640, height: 360 });
    await ann.enter(room);
    await ben.enter(room);
    await ann.moves(ann.tile('Ben'));
    const menu = ann.tile('Ben').getByRole('button', { name: ann.t('tile.menu', { name: 'Ben' }) });
    const look = async () => {
      await menu.click();
      const open = ann.page.getByRole('group', { name: ann.t('tile.menu', { name: 'Ben' }) });
      await open.getByText(' × ').waitFor(); // comes a moment later
      const seen = await open.innerText();
      const inside = await open.evaluate((el) => el.getBoundingClientRect().left >= 0 && el.getBoundingClientRect().right <= innerWidth);
      await ann.page.keyboard.press('Escape');
      return inside ? seen : `out of the window: ${seen}`;
    };
    // The server tells its figures every five seconds.
    await eventually(look, (seen) => !seen.startsWith('out') && seen.includes(ann.t('quality.excellent')) && /\d ?%/.test(seen) && seen.includes('640 × 360'), { what: 'the menu tells the connection', ms: 90_000 });
    await ann.page.setViewportSize({ width: 480, height: 225 });
    await eventually(look, (seen) => !seen.startsWith('out') && seen.includes('320 × 180') && seen.includes(ann.t('stats.reason.size')), { what: 'a small picture, because the tile is small', ms: 90_000 });
    for (const who of [ann, ben]) await who.close();
  });
}

test('who comes back to a page with the chat open has read it', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { mic: false, cam: false } });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false, cam: false } });
  await ann.enter('back-again');
  await ben.enter('back-again');
  await ann.openChat();
  const hide = (/** @type {boolean} */ hidden) =>
    ann.page.evaluate((h) => {
      Object.defineProperty(document, 'hidden', { value: h, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await ben.say('are you there?');
  await ann.control('bar.chatUnread', { n: 1 }).waitFor();
  await hide(false);
  await ann.control('bar.chat').waitFor();
  await ann.log.getByText('are you there?').waitFor();
  await ann.close();
  await ben.close();
});
