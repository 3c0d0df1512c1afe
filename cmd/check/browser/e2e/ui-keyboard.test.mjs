// Everything by keyboard alone: the order of the stops, the toolbar that is
// one stop, shortcuts, help, Escape, and where the focus goes afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

/** What has the focus, as a screen reader names it. @param {Guest} who */
const focused = (who) =>
  who.page.evaluate(() => {
    const el = document.activeElement;
    const label = el?.getAttribute('aria-label') ?? /** @type {any} */ (el)?.labels?.[0]?.textContent ?? el?.textContent;
    return (label ?? '').trim();
  });

/** @param {Guest} who @param {string} name */
const focusOn = (who, name) => eventually(() => focused(who), (now) => now === name, { what: `focus on “${name}”` });

for (const language of LANGUAGES) {
  test(`from the landing page into a meeting and out again, ${language}`, async () => {
    const who = await guest(browser, server.url, { language });
    const { keyboard } = who.page;
    await who.page.goto(server.url);
    await who.heading('landing.headline').waitFor();
    assert.equal(await who.page.evaluate(() => document.documentElement.lang), language);
    // The first stop of a page that was just loaded skips its head.
    for (const key of /** @type {const} */ (['app.skip', null, 'app.theme', 'app.language'])) {
      await keyboard.press('Tab');
      await focusOn(who, key ? who.t(key) : 'Parley');
    }
    for (let i = 0; i < 3; i++) await keyboard.press('Shift+Tab');
    await focusOn(who, who.t('app.skip'));
    await keyboard.press('Enter');
    for (const key of /** @type {const} */ (['landing.new', 'landing.later', 'landing.field', 'landing.join', 'landing.test'])) {
      await keyboard.press('Tab');
      await focusOn(who, who.t(key));
    }
    // On the next page the focus stands on the heading, and so coming back.
    await keyboard.press('Enter');
    await who.heading('test.heading').waitFor(); // called like the link
    await focusOn(who, who.t('test.heading'));
    await who.page.goBack();
    await who.heading('landing.headline').waitFor();
    await focusOn(who, who.t('landing.headline'));
    await keyboard.press('Tab');
    await focusOn(who, who.t('landing.new'));
    await keyboard.press('Enter');
    await focusOn(who, who.t('prejoin.name'));
    await keyboard.type('Ann');
    await keyboard.press('Enter');
    await who.bar.waitFor();
    const room = decodeURIComponent(new URL(who.page.url()).pathname.slice(3));
    await focusOn(who, who.t('prejoin.room', { room }));
    await toolbar(who);
    await shortcuts(who);
    await panelsAndHelp(who);
    await keyboard.press('Control+Shift+L');
    await focusOn(who, who.t('end.title.left'));
    await keyboard.press('Tab');
    await focusOn(who, who.t('end.rejoin'));
    await keyboard.press('Enter');
    await who.bar.waitFor();
    assert.deepEqual(who.page.problems, []);
    await who.close();
  });
}

/** One stop for Tab, arrows inside, and it remembers. @param {Guest} who */
async function toolbar(who) {
  const { keyboard } = who.page;
  await keyboard.press('F2');
  await focusOn(who, who.t('bar.mic'));
  await keyboard.press('ArrowRight');
  await focusOn(who, who.t('device.micMenu'));
  await keyboard.press('ArrowRight');
  await focusOn(who, who.t('bar.cam'));
  await keyboard.press('End');
  await focusOn(who, who.t('bar.leave'));
  await keyboard.press('ArrowRight');
  await focusOn(who, who.t('bar.mic'));
  await keyboard.press('ArrowLeft');
  await keyboard.press('ArrowLeft');
  await focusOn(who, who.t('bar.more'));
  await keyboard.press('Shift+Tab');
  assert.notEqual(await focused(who), who.t('bar.peopleCount', { n: 1 }), 'the toolbar is one stop');
  await keyboard.press('F2');
  await focusOn(who, who.t('bar.more'));
  await keyboard.press('Enter');
  await who.page.getByRole('menuitemradio', { name: who.t('bar.layoutSpeaker') }).waitFor();
  await keyboard.press('End');
  await focusOn(who, who.t('app.settings'));
  await keyboard.press('Escape');
  await focusOn(who, who.t('bar.more'));
}

/** Single keys, not while typing; Space talks while it is held. @param {Guest} who */
async function shortcuts(who) {
  const { keyboard } = who.page;
  await keyboard.press('m');
  await who.pressed(who.control('bar.mic'), false);
  await who.page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await keyboard.down('Space');
  await who.pressed(who.control('bar.mic'));
  await keyboard.up('Space');
  await who.pressed(who.control('bar.mic'), false);
  await keyboard.press('Control+d');
  await who.pressed(who.control('bar.mic'));
  await keyboard.press('v');
  await who.pressed(who.control('bar.cam'), false);
  await keyboard.press('v');
  await who.pressed(who.control('bar.cam'));
  await keyboard.press('h');
  await who.pressed(who.control('bar.hand'));
  await keyboard.press('h');
  await who.pressed(who.control('bar.hand'), false);
}

/** The focus comes back to where it was. @param {Guest} who */
async function panelsAndHelp(who) {
  const { keyboard } = who.page;
  await keyboard.press('F2');
  const before = await focused(who);
  await keyboard.press('c');
  await focusOn(who, who.t('chat.field'));
  await keyboard.type('mvc');
  assert.equal(await who.field('chat.field').inputValue(), 'mvc', 'letters are text here');
  await who.pressed(who.control('bar.mic'));
  await who.field('chat.field').fill('');
  await keyboard.press('Escape');
  await who.panel('chat.title').waitFor({ state: 'detached' });
  await focusOn(who, before);
  await keyboard.press('p');
  await focusOn(who, who.t('people.search'));
  await keyboard.press('Escape');
  await focusOn(who, before);
  await keyboard.press('?');
  const help = who.dialog('shortcut.title');
  await help.getByText(who.t('shortcut.mic')).waitFor();
  await keyboard.press('m');
  await who.pressed(who.control('bar.mic'));
  await keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await focusOn(who, before);
}

test('shortcuts can be changed and switched off', async () => {
  const who = await guest(browser, server.url, { prefs: { cam: false } });
  await who.enter('remap-room');
  await who.more('app.settings');
  const dialog = who.dialog('settings.title');
  await dialog.getByRole('tab', { name: who.t('settings.shortcuts') }).click();
  await dialog.getByRole('button', { name: new RegExp(who.t('settings.remap', { name: who.t('shortcut.mic') })) }).click();
  await who.page.keyboard.press('k');
  await who.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await who.page.keyboard.press('m');
  await who.page.keyboard.press('k');
  await who.pressed(who.control('bar.mic'), false);

  // Held to talk is any key: the microphone closes when it is let go.
  await who.more('app.settings');
  await dialog.getByRole('tab', { name: who.t('settings.shortcuts') }).click();
  await dialog.getByRole('button', { name: new RegExp(who.t('settings.remap', { name: who.t('shortcut.talk') })) }).click();
  await who.page.keyboard.press('j');
  await who.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await who.page.keyboard.down('j');
  await who.pressed(who.control('bar.mic'));
  await who.page.keyboard.up('j');
  await who.pressed(who.control('bar.mic'), false);
  await who.more('app.settings');
  await dialog.getByRole('tab', { name: who.t('settings.shortcuts') }).click();
  await dialog.getByRole('switch', { name: who.t('settings.shortcutsOn') }).press('Space');
  await who.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await who.page.keyboard.press('k');
  await who.page.keyboard.press('Control+d');
  await who.pressed(who.control('bar.mic'));
  await who.close();
});

test('with reduced motion nothing moves on and on', async () => {
  const who = await guest(browser, server.url, { prefs: { name: 'Ann' } });
  await who.page.goto(server.url);
  const endless = () => who.page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running' && a.effect?.getTiming().iterations === Infinity).length);
  await who.heading('landing.headline').waitFor();
  assert.equal(await endless(), 0, 'landing');
  await who.enter('calm-room');
  assert.equal(await endless(), 0, 'room');
  await who.close();
});
