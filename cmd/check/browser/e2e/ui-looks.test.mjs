// How the page looks to different eyes: the system's colours, the region's
// dates, forced colours, and what is told by more than a colour.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

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

/** The details of the connection. @param {Guest} who */
const details = (who) => who.page.getByRole('region', { name: who.t('stats.title'), exact: true });

/** Whether everything in the details can be seen without moving it sideways. @param {Guest} who */
const whole = (who) =>
  details(who).evaluate((el) => {
    const { left, right } = el.getBoundingClientRect();
    const inside = [...el.querySelectorAll('th, td, .stats-facts, button')].filter((part) => part.checkVisibility()).map((part) => part.getBoundingClientRect());
    return left >= 0 && right <= innerWidth && inside.length > 8 && inside.every((part) => part.left >= left && part.right <= right);
  });

for (const language of LANGUAGES) {
  test(`the details of the connection are whole, name their pictures in words, and close with Escape, ${language}`, async () => {
    const who = await guest(browser, server.url, { language, width: 1280, height: 720, prefs: { mic: false }, context: { viewport: { width: 1280, height: 800 } } });
    const named = `a name that is as long as a name of a person is allowed to be`;
    const other = await guest(browser, server.url, { as: 'Ben', name: named, prefs: { mic: false } });
    await who.enter(`details-${language.toLowerCase()}`);
    await other.enter(`details-${language.toLowerCase()}`);
    await who.more('bar.stats');
    const high = `${who.t('stats.layer.f')}${language === 'en' ? ', ' : '，'}1280×720`;
    await details(who).getByText(high).first().waitFor();
    await details(who).getByRole('rowheader', { name: new RegExp(named.slice(0, 10)) }).first().waitFor();
    assert.ok(await whole(who), 'at 1280 pixels');
    assert.doesNotMatch(await details(who).innerText(), /(^|\s)[qhf](\s|$)/m, 'no letters that mean a layer');

    await who.page.keyboard.press('Escape');
    await details(who).waitFor({ state: 'detached' });
    assert.equal(await who.control('bar.more').evaluate((el) => el === document.activeElement), true, 'the focus is where it was');

    // Also from elsewhere, but what is nearer first.
    await who.more('bar.stats');
    await details(who).waitFor();
    await who.control('bar.more').click();
    await who.page.keyboard.press('Escape');
    await who.page.getByRole('menuitem').first().waitFor({ state: 'detached' });
    assert.ok(await details(who).isVisible(), 'Escape closed the menu');
    await who.page.keyboard.press('Escape');
    await details(who).waitFor({ state: 'detached' });
    await other.close();
    await who.close();
  });
}

test('on a phone each figure of the details has its name', async () => {
  const who = await guest(browser, server.url, { language: 'zh-Hans', width: 1280, height: 720, context: PHONE });
  await who.enter('details-phone');
  await who.page.keyboard.press('x');
  const row = details(who).locator('tr').filter({ hasText: '1280×720' });
  await row.first().waitFor();
  assert.ok(await whole(who), 'on a phone');
  const labels = await row.first().locator('td').evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, '::before').content));
  assert.ok(labels.length === 7 && labels.includes(`"${who.t('stats.bitrate')}"`) && labels.every((label) => label.length > 3), labels.join());
  await clean(who, 'details on a phone');
  await who.close();
});

test('an English page in Germany shows 24 hours and figures with a comma', async () => {
  const who = await guest(browser, server.url, { prefs: { lang: 'en', ...OFF }, context: { locale: 'de-DE' } });
  await who.enter('germany');
  await who.say('hello');
  assert.match(await who.log.locator('time').first().innerText(), /^\d\d:\d\d$/);
  await who.page.keyboard.press('Escape');
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  assert.match(await who.page.getByRole('region', { name: who.t('end.summary') }).locator('p').innerText(), /^\d\d? [A-Z][a-z]+ \d{4}, \d\d:\d\d$/);
  await who.close();
});
