// A server below a path of a host (--public-url https://host/meet): a meeting, its
// links, its record and the SDK, behind a proxy that takes the path off and behind one
// that does not. Nothing is asked for outside. And who came by an address that is not
// secure is led to the public one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBaseProxy } from './base_proxy.mjs';
import { openChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

const ways = [true, false].flatMap((strips) => LANGUAGES.map((language) => ({ strips, language })));
for (const { strips, language } of ways) {
  test(`below a path, behind a proxy that ${strips ? 'takes it off' : 'leaves it'}, ${language}`, async () => {
    const proxy = await startBaseProxy({ base: '/meet', strips });
    const server = await startServer({ args: ['--public-url', `${proxy.origin}/meet`, '--allow-frame', proxy.origin] });
    const browser = await openChromium();
    try {
      assert.equal(server.url, `${proxy.origin}/meet`, 'the box says what to open');
      const port = Number(/here\s+http:\/\/localhost:(\d+)/.exec(server.log())?.[1]);
      proxy.before(port);
      await meeting(server.url, browser, language);
      await invitedPast(`http://127.0.0.1:${port}`, server.url, browser, language);
      assert.deepEqual(proxy.outside, [], 'all was asked for below the path');
      await sdkElsewhere(proxy.origin, server.url, browser);
      for (const at of [server.url, `http://127.0.0.1:${port}`]) assert.equal((await fetch(`${at}/healthz`)).status, 200, at);
    } finally {
      await browser.close();
      await server.clean();
      await proxy.close();
    }
  });
}

for (const language of LANGUAGES) {
  test(`who came past a proxy with a certificate is shown the public address, ${language}`, async () => {
    const server = await startServer({ args: ['--public-url', 'https://public.example/meet', '--allow-host', 'meet.test'] });
    const port = Number(/here\s+http:\/\/localhost:(\d+)/.exec(server.log())?.[1]);
    const browser = await openChromium();
    try {
      const who = await guest(browser, `http://meet.test:${port}`, { language });
      for (const [path, shown] of [['/', '/'], ['/r/tea', '/r/tea'], ['/meet/r/tea', '/r/tea']]) {
        await who.page.goto(`http://meet.test:${port}${path}`);
        if (path === '/') await who.text('insecure.ways').click();
        await who.page.getByRole('link', { name: `https://public.example/meet${shown}`, exact: true }).waitFor();
        assert.equal(await who.page.getByRole('link', { name: 'localhost' }).count(), 0, path);
        assert.equal(await who.text('insecure.admin').count(), 0, path);
      }
      // The browser says by itself what a header is worth without HTTPS.
      assert.deepEqual(who.page.problems.filter((p) => !p.includes('Cross-Origin-Opener-Policy')), []);
      await who.close();
    } finally {
      await browser.close();
      await server.clean();
    }
  });
}

/**
 * Two people and what they click.
 * @param {string} url
 * @param {import('playwright-core').Browser} browser
 * @param {import('./ui.mjs').Language} language
 */
async function meeting(url, browser, language) {
  const [ann, ben] = [await guest(browser, url, { as: 'Ann', language }), await guest(browser, url, { as: 'Ben', language })];
  await ann.page.goto(`${url}/`);
  await ann.button('landing.new').click();
  await ann.page.waitForURL(new RegExp(`^${url}/r/[a-z]{3}-[a-z]{4}-[a-z]{3}$`));
  const link = ann.page.url();
  const room = link.slice(`${url}/r/`.length);
  await ann.join();
  await ann.openPeople();
  await ann.button('people.invite').click();
  const dialog = ann.dialog('share.titleInCall');
  assert.equal(await dialog.getByRole('textbox').inputValue(), link);
  await dialog.getByRole('img', { name: ann.t('share.qr', { link }) }).waitFor();
  await ann.page.keyboard.press('Escape');

  await ben.page.goto(`${url}/${room.toUpperCase()}`); // leads to where the room is
  assert.equal(ben.page.url(), link);
  await ben.join();
  await ben.moves(ben.tile('Ann'));
  await ben.say(`come to ${link}`);
  await (await ann.openChat()).getByRole('link', { name: link }).waitFor();

  await ann.control('bar.leave').click();
  await ann.heading('end.title.left').waitFor();
  await ann.page.locator('details', { hasText: ann.t('record.title') }).locator('summary').press('Enter');
  await ann.page.getByRole('table', { name: ann.t('record.title') }).getByText('Ben').waitFor();
  await ann.page.getByRole('link', { name: ann.t('page.home') }).click();
  await ann.button('landing.new').waitFor();
  assert.equal(ann.page.url(), `${url}/`);
  // The room by its link, typed, and again by the browser's way back.
  await ann.field('landing.field').fill(link);
  await ann.page.keyboard.press('Enter');
  await ann.page.waitForURL(link);
  await ann.page.goBack();
  await ann.button('landing.new').waitFor();
  await ann.page.getByRole('link', { name: ann.t('landing.test') }).click();
  await ann.page.waitForURL(`${url}/test`);

  for (const who of [ann, ben]) {
    assert.deepEqual(who.page.problems, []);
    assert.deepEqual(await who.page.evaluate(() => /** @type {any} */ (window).violations), []);
    await who.close();
  }
}

/**
 * Who opens the server by another address stays there, and invites to the public one.
 * @param {string} past
 * @param {string} url
 * @param {import('playwright-core').Browser} browser
 * @param {import('./ui.mjs').Language} language
 */
async function invitedPast(past, url, browser, language) {
  const ann = await guest(browser, past, { as: 'Ann', language });
  await ann.enter('tea');
  assert.equal(ann.page.url(), `${past}/r/tea`);
  await ann.openPeople();
  await ann.button('people.invite').click();
  assert.equal(await ann.dialog('share.titleInCall').getByRole('textbox').inputValue(), `${url}/r/tea`);
  assert.deepEqual(ann.page.problems, []);
  await ann.close();
}

/**
 * A page of the host that is not ours joins with the SDK: by a link, and with nothing
 * but a name, which means the server that the SDK came from. And the example.
 * @param {string} origin
 * @param {string} url
 * @param {import('playwright-core').Browser} browser
 */
async function sdkElsewhere(origin, url, browser) {
  const page = await browser.newPage();
  await page.goto(`${origin}/elsewhere`);
  const names = await page.evaluate(async (server) => {
    const { join } = await import(`${server}/sdk/index.js`);
    const [ann, ben] = [await join(`${server}/r/sdk`, { name: 'Ann' }), await join(undefined, { room: 'sdk', name: 'Ben' })];
    const there = [ann.name, ben.remoteParticipants.size];
    await ben.rate(5, 'good');
    await Promise.all([ann.leave(), ben.leave()]);
    return there;
  }, url);
  assert.deepEqual(names, ['sdk', 1]);
  await page.close();
  const ann = await guest(browser, url, { as: 'Ann' });
  await ann.page.goto(`${url}/sdk/example.html?room=example&name=Ann`);
  await ann.page.getByRole('status').filter({ hasText: 'in example' }).waitFor();
  await ann.page.goto(`${url}/embed.html?room=framed&name=Ann`);
  await eventually(() => ann.button('prejoin.join').or(ann.button('prejoin.joinListen')).count(), (n) => n > 0, { what: 'a preview to be framed' });
  assert.deepEqual(ann.page.problems, []);
  await ann.close();
}
