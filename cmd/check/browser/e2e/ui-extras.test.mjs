// The setup test against the real server, the frame for other sites, and the
// example of the SDK.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

// Another site, on whose page a meeting stands in a frame.
const site = createServer((request, response) => {
  const to = new URL(request.url ?? '/', siteURL).searchParams.get('frame') ?? '';
  response.setHeader('content-type', 'text/html');
  response.end(`<!doctype html><title>Site</title><iframe title="Meeting" allow="camera; microphone" width="900" height="600" src="${to.replaceAll('"', '')}"></iframe>
    <script>heard = []; addEventListener('message', (e) => { if (e.data && e.data.source === 'parley') heard.push(e.data); });</script>`);
});
await new Promise((resolve) => site.listen(0, '127.0.0.1', () => resolve(undefined)));
after(() => site.close());
const siteURL = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (site.address()).port}`;

const { server, browser } = await open({ args: ['--allow-frame', siteURL] });

for (const language of LANGUAGES) {
  test(`the setup test passes against the real server, ${language}`, async () => {
    const who = await guest(browser, server.url, { language });
    await who.page.goto(server.url);
    await who.page.getByRole('link', { name: who.t('landing.test') }).click();
    await who.heading('test.heading').waitFor();
    await Promise.all([who.button('test.stop').waitFor(), who.button('test.start').click()]);
    await who.button('test.again').waitFor({ timeout: 100_000 });
    const rows = await who.page.getByRole('list', { name: who.t('test.steps') }).getByRole('listitem').allInnerTexts();
    assert.equal(rows.length, 10);
    // A busy machine may well lose a packet: that is a remark, not a failure.
    for (const row of rows) assert.ok(row.includes(who.t('test.state.passed')) || (row.startsWith(who.t('test.loss')) && row.includes(who.t('test.state.warning'))), `${row}\n— of —\n${rows.join('\n')}`);
    const download = who.page.waitForEvent('download');
    await who.button('test.download').click();
    assert.equal((await download).suggestedFilename(), 'parley-setup-test.txt');
    assert.deepEqual(who.page.problems, []);
    await who.close();
  });
}

test('the setup test says what fails, and what to do', async () => {
  const who = await guest(browser, server.url);
  await who.page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await who.page.routeWebSocket(/\/api\/v1\/ws/, (ws) => void ws.close({ code: 1011 }));
  await who.page.goto(`${server.url}/test`);
  await who.button('test.start').click();
  await who.button('test.again').waitFor({ timeout: 100_000 });
  const steps = who.page.getByRole('list', { name: who.t('test.steps') }).getByRole('listitem');
  const row = (/** @type {import('./ui.mjs').Key} */ key) => steps.filter({ has: who.heading(key) });
  await row('test.mic').getByText(who.t('media.permission_denied.microphone.title')).waitFor();
  await row('test.socket').getByText(who.t('test.socket.fix')).waitFor();
  await row('test.media').getByText(who.t('test.state.skipped')).waitFor();
  await row('test.media').getByText(who.t('test.skip.needs', { check: who.t('test.socket') })).waitFor();
  await who.text('test.done.failed', { n: 3 }).first().waitFor();
  await who.close();
});

test('a meeting in the frame of another site tells that site what happens', async () => {
  const who = await guest(browser, server.url, { as: 'Ann' });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false, cam: false } });
  await who.page.goto(`${siteURL}/?frame=${encodeURIComponent(`${server.url}/embed.html?room=framed&name=Ann`)}`);
  const frame = who.page.frameLocator('iframe[title="Meeting"]');
  await frame.getByRole('button', { name: who.t('prejoin.join'), exact: true }).click();
  await frame.getByRole('toolbar', { name: who.t('bar.label') }).waitFor();
  await ben.enter('framed');
  await ben.moves(ben.tile('Ann'));
  await ben.say('hello, frame');
  const types = () => who.page.evaluate(() => /** @type {any} */ (window).heard.map((/** @type {any} */ m) => m.type));
  await eventually(types, (seen) => ['ready', 'state', 'joined', 'participantJoined', 'chat', 'muteChanged'].every((type) => seen.includes(type)), { what: 'events' });

  // Commands of the site are done; the meeting stays deaf to anyone else.
  const command = (/** @type {object} */ message) =>
    who.page.evaluate(([m, origin]) => document.querySelector('iframe')?.contentWindow?.postMessage({ target: 'parley', ...m }, origin), /** @type {const} */ ([/** @type {any} */ (message), server.url]));
  await command({ command: 'mute', muted: true });
  await ben.tileSays(ben.tile('Ann'), 'tile.muted');
  await command({ command: 'chat', text: 'from the site' });
  await ben.log.getByText('from the site').waitFor();
  await command({ command: 'leave' });
  await eventually(types, (seen) => seen.includes('left'), { what: 'left' });
  await who.close();
  await ben.close();
});

test('a site that is not allowed gets no frame', async () => {
  const page = await browser.newPage();
  const other = siteURL.replace('127.0.0.1', 'localhost');
  const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
  await page.goto(`${other}/?frame=${encodeURIComponent(`${server.url}/embed.html?room=framed`)}`);
  await refused;
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).heard), []);
  await page.close();
});

test('the example of the SDK works', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann' });
  const ben = await guest(browser, server.url, { as: 'Ben' });
  for (const who of [ann, ben]) await who.page.goto(`${server.url}/sdk/example.html?room=example-room&name=${who.name}`);
  for (const who of [ann, ben]) await who.page.getByRole('status').filter({ hasText: 'in example-room' }).waitFor();
  await ann.page.getByRole('textbox', { name: 'Say' }).fill('hello from the example');
  await ann.page.getByRole('button', { name: 'Send' }).click();
  await ben.page.getByRole('list', { name: 'Chat' }).getByText('Ann: hello from the example').waitFor();
  const frames = () => ben.page.getByTitle('Ann').evaluate((video) => /** @type {HTMLVideoElement} */ (video).getVideoPlaybackQuality().totalVideoFrames);
  await eventually(frames, (n) => n > 3, { what: 'a picture' });
  await ann.page.getByRole('button', { name: 'Leave' }).click();
  await ann.page.getByRole('status').filter({ hasText: 'ended: left' }).waitFor();
  await eventually(() => ben.page.getByTitle('Ann').count(), (n) => n === 0, { what: 'the tile is gone' });
  for (const who of [ann, ben]) {
    assert.deepEqual(who.page.problems, []);
    await who.close();
  }
});
