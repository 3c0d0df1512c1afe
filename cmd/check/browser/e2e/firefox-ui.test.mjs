// The main flow of the web client in Firefox ESR, with somebody in Chromium.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { format } from '../../../../transport/httpd/web/lib/i18n.js';
import en from '../../../../transport/httpd/web/i18n/en.js';
import { CAST, eventually } from './cast.mjs';
import { fakeMedia } from './fake_media.mjs';
import { launchFirefox } from './firefox.mjs';
import { open } from './open.mjs';
import { guest } from './ui.mjs';

const { server, browser: chromium } = await open();
const firefox = await launchFirefox(CAST.Ben.hz);
after(() => firefox.close());

/** @param {import('./ui.mjs').Key} key @param {import('./ui.mjs').Params} [params] */
const t = (key, params = {}) => format(en[key], params, 'en');

test('join, see, mute, chat, leave and rate in Firefox', async () => {
  const page = await firefox.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
  await page.evaluateOnNewDocument(fakeMedia, { color: CAST.Ben.color, width: 320, height: 180 });
  await page.setViewport({ width: 1024, height: 640 });
  /** By role and name, as a screen reader finds it. @param {string} role @param {string} name */
  const find = (role, name) => page.locator(`::-p-aria([name="${name}"][role="${role}"])`).setTimeout(30_000);

  await page.goto(`${server.url}/?lang=en`);
  await find('textbox', t('landing.field')).fill('fox-flow');
  await find('button', t('landing.join')).click();
  await find('textbox', t('prejoin.name')).fill('Ben');
  await find('button', t('prejoin.join')).click();
  await find('button', t('bar.leave')).wait();

  const ann = await guest(chromium, server.url, { as: 'Ann' });
  await ann.enter('fox-flow');
  await ann.moves(ann.tile('Ben'));
  const shown = () =>
    page.evaluate(() => {
      const tile = [...document.querySelectorAll('[role="group"]')].find((g) => g.getAttribute('aria-label')?.startsWith('Ann'));
      const video = tile?.querySelector('video');
      return video?.videoWidth ? video.currentTime : 0;
    });
  const first = await eventually(shown, (at) => at > 0, { what: 'Firefox sees Ann', ms: 30_000 });
  await eventually(shown, (at) => at > first + 0.3, { what: 'Firefox sees her move' });

  await find('button', t('bar.mic')).click();
  await ann.tileSays(ann.tile('Ben'), 'tile.muted');
  await find('button', t('bar.cam')).click();
  await ann.tileSays(ann.tile('Ben'), 'tile.camOff');
  await find('button', t('bar.cam')).click();
  await ann.moves(ann.tile('Ben'));

  await ann.say('hello Firefox');
  await find('button', t('bar.chatUnread', { n: 1 })).click();
  await find('textbox', t('chat.field')).fill('hello Chromium');
  await page.keyboard.press('Enter');
  await ann.log.getByText('hello Chromium').waitFor();

  await find('button', t('bar.leave')).click();
  await find('button', t('end.rejoin')).wait();
  await ann.tile('Ben').waitFor({ state: 'detached' });
  await find('button', t('end.rejoin')).click();
  await ann.moves(ann.tile('Ben'));
  assert.deepEqual([...problems, ...ann.page.problems], []);
  await ann.close();
});
