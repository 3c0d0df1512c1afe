// How the page looks to different eyes: the system's colours, the region's
// dates, forced colours, and what is told by more than a colour.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();
const OFF = { mic: false, cam: false };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** @param {Guest} who */
const theme = (who) => who.page.evaluate(() => document.documentElement.dataset.theme);

/** Notes every theme that the document ever had. @param {Guest} who */
const watchTheme = (who) =>
  who.page.addInitScript(() => {
    const seen = /** @type {string[]} */ ([]);
    Object.assign(window, { seen });
    const note = () => {
      const now = document.documentElement?.dataset.theme;
      if (now && document.body && now !== seen.at(-1)) seen.push(now);
      requestAnimationFrame(note);
    };
    note();
  });

/** @param {Guest} who */
const seen = (who) => who.page.evaluate(() => /** @type {any} */ (window).seen);

test('the page is light or dark as the system is, at once and when it changes', async () => {
  const who = await guest(browser, server.url, { context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['light'], 'no other colours before');
  assert.equal(await who.page.getByRole('combobox', { name: who.t('app.theme') }).inputValue(), 'system');
  await who.page.emulateMedia({ colorScheme: 'dark' });
  await eventually(() => theme(who), (now) => now === 'dark', { what: 'dark with the system' });
  assert.equal(await who.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  await who.page.emulateMedia({ colorScheme: 'light' });
  await eventually(() => theme(who), (now) => now === 'light', { what: 'light with the system' });
  await who.close();
});

test('who chose colours keeps them, whatever the system does', async () => {
  const who = await guest(browser, server.url, { context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  const select = who.page.getByRole('combobox', { name: who.t('app.theme') });
  await select.selectOption('dark');
  assert.equal(await theme(who), 'dark');
  await who.page.reload();
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['dark'], 'no light before');
  assert.equal(await select.inputValue(), 'dark');
  await select.selectOption('light');
  await who.page.emulateMedia({ colorScheme: 'dark' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await theme(who), 'light');
  const bars = await who.page.locator('meta[name="theme-color"]').evaluateAll((all) => all.map((m) => m.getAttribute('content')));
  assert.ok(bars.length && bars.every((colour) => colour === '#f3f6f6'), 'the bar of the browser, too');
  await select.selectOption('system');
  assert.equal(await theme(who), 'dark');
  await who.close();
});

test('what the first version stored as dark without being asked follows the system', async () => {
  const who = await guest(browser, server.url, { prefs: { theme: 'dark', sounds: {} }, context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['light']);
  await who.close();
});
