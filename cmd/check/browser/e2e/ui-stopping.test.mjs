// A server that drains, stops or is killed, and comes back: said as it is, and
// found again.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { wordsFor as drainWords } from '../../../../transport/httpd/web/ui/drain.js';
import { openChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

const browser = await openChromium();
after(() => browser.close());

const QUIET = { mic: false, cam: false };

for (const language of LANGUAGES) {
  test(`the server drains, stops and comes back, ${language}`, async () => {
    const own = await startServer();
    let again = own;
    const ann = await guest(browser, own.url, { as: 'Ann', language, prefs: QUIET });
    const ben = await guest(browser, own.url, { as: 'Ben', language, prefs: QUIET });
    try {
      await ann.enter('stopping');
      await ben.page.goto(`${own.url}/r/elsewhere`);
      await ben.button('prejoin.joinListen').waitFor();

      const exited = own.drain();
      const before = drainWords(299_000, language);
      await ann.page.locator('parley-banners').getByText(before).waitFor();
      await ann.told(before, 'said');
      const cleo = await guest(browser, own.url, { as: 'Cleo', language, prefs: QUIET });
      await cleo.enter('stopping'); // who is late to a meeting finds it, and hears how long there is
      await cleo.page.locator('parley-banners').getByText(/[45]/).waitFor();
      await cleo.close();
      await ben.field('prejoin.name').fill('Ben');
      await ben.button('prejoin.joinListen').click();
      await ben.heading('fail.draining.title').waitFor();

      // Ctrl-C ends the drain; who was in a meeting is told and waits.
      void own.stop();
      await ann.text('room.serverStopped').first().waitFor();
      await ann.said('room.serverStopped');
      assert.equal(await ann.page.locator('parley-banners').getByText(before).count(), 0, 'it has stopped, and no longer will');
      assert.equal(await ann.text('room.reconnecting').count(), 0, 'nothing is wrong with the network');
      assert.equal(await exited, 0);
      await ben.heading('fail.server.title').waitFor({ timeout: 60_000 });
      await ben.page.getByText(new RegExp(ben.t('fail.retryIn', { s: '\\d+' }))).waitFor();
      await ben.button('app.retry').waitFor();
      again = await startServer({ data: own.data, port: own.port });
      // The page tries by itself too, and may be quicker than a hand.
      await ben.pressUntil(ben.button('app.retry'), ben.bar);
      await ann.shown('room.reconnected');
      await ann.text('room.serverStopped').waitFor({ state: 'detached' });
    } finally {
      await ann.close();
      await ben.close();
      await again.clean();
    }
  });
}

test('the last minute of a server: seconds, then its end, and back again', async () => {
  const own = await startServer({ args: ['--drain', '12s'] });
  let again = own;
  const ann = await guest(browser, own.url, { as: 'Ann', prefs: QUIET });
  try {
    await ann.enter('last-minute');
    const exited = own.drain();
    const banner = ann.page.locator('parley-banners .drain');
    await banner.waitFor();
    const seen = new Set();
    await eventually(async () => seen.add(/0:\d\d/.exec(await banner.innerText())?.[0]).size, (n) => n >= 4, { what: 'seconds run down' });
    assert.ok(!seen.has(undefined), [...seen].join());
    assert.equal(await banner.evaluate((el) => el.closest('[aria-live], [role="status"], [role="alert"]')), null, 'no screen reader hears each second');
    await ann.text('room.serverStopped').first().waitFor({ timeout: 30_000 });
    assert.equal(await exited, 0);
    again = await startServer({ data: own.data, port: own.port });
    await ann.shown('room.reconnected');
    assert.equal(await banner.count(), 0);
  } finally {
    await ann.close();
    await again.clean();
  }
});

test('a killed server is waited for, and found again without a click', async () => {
  const own = await startServer();
  let again = own;
  const ann = await guest(browser, own.url, { as: 'Ann', prefs: QUIET });
  try {
    await ann.enter('killed');
    await own.kill();
    await ann.text('room.reconnecting').first().waitFor();
    again = await startServer({ data: own.data, port: own.port });
    await ann.shown('room.reconnected');
    await ann.say('still here');
  } finally {
    await ann.close();
    await again.clean();
  }
});
