// axe-core on the main screens in forced colours; tour looks at all others.
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { fakeDevices } from './fake_devices.mjs';
import { open } from './open.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

const context = /** @type {const} */ ({ forcedColors: 'active' });

test('axe finds nothing before and after a meeting', async () => {
  const who = await guest(browser, server.url, { context, prefs: { name: 'Ann', recent: [{ room: 'design-review', at: Date.now() - 3_600_000 }] } });
  await who.page.addInitScript(fakeDevices, { audioinput: ['Desk microphone'], videoinput: ['Front camera'] });
  await who.page.goto(server.url);
  await who.heading('landing.headline').waitFor();
  await clean(who, 'landing');
  await who.field('landing.field').fill('??');
  await who.page.keyboard.press('Enter');
  await clean(who, 'landing with a wrong code');
  await who.button('landing.later').click();
  await who.dialog('share.title').waitFor();
  await clean(who, 'share');

  await who.page.goto(`${server.url}/test`);
  await who.heading('test.heading').waitFor();
  await clean(who, 'setup test');
  await who.page.goto(`${server.url}/r/.no`);
  await who.heading('badRoom.title').waitFor();
  await clean(who, 'bad room name');

  await who.page.goto(`${server.url}/r/axe-outside`);
  await who.button('prejoin.join').waitFor();
  await clean(who, 'prejoin');
  await who.page.evaluate(() => /** @type {any} */ (window).desk.fail({ microphone: 'NotAllowedError', camera: 'NotAllowedError' }));
  await who.page.reload();
  await who.page.getByRole('region', { name: who.t('media.permission_denied.both.title') }).waitFor();
  await clean(who, 'prejoin with help');
  await who.join();
  await who.control('bar.mic').click();
  await who.page.getByRole('alertdialog').waitFor();
  await clean(who, 'help in the room');
  await who.page.keyboard.press('Escape');
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  await who.page.getByRole('radio', { name: who.t('end.stars', { n: 4 }), exact: true }).press('Space');
  await clean(who, 'end page');
  await who.page.getByText(who.t('record.title'), { exact: true }).click();
  await who.page.getByRole('table', { name: who.t('record.title') }).waitFor();
  await clean(who, 'end page with the record');
  await who.close();
});

test('axe finds nothing in a meeting', async () => {
  const who = await guest(browser, server.url, { context });
  await who.enter('axe-inside');
  await who.heading('room.alone').waitFor();
  await clean(who, 'alone');
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false } });
  await ben.enter('axe-inside');
  await ben.control('bar.hand').click();
  await who.moves(who.tile('Ben'));
  await ben.say('Hello https://example.org/');
  await clean(who, 'with another, and notices');
  await panels(who);
  await dialogs(who);
  await who.close();
  await ben.close();
});

/** @param {Guest} who */
async function panels(who) {
  await who.openChat();
  await who.log.getByText('Hello').waitFor();
  await who.field('chat.field').fill('/');
  await clean(who, 'chat with commands');
  await who.field('chat.field').fill('');
  await who.say('A line of my own');
  await clean(who, 'chat');
  await who.panel('chat.title').getByRole('button', { name: who.t('app.close') }).click();
  if (await who.peopleControl.isVisible()) await who.peopleControl.click();
  else {
    await who.control('bar.more').click();
    await who.button('bar.peopleCount', { n: 2 }).click();
  }
  const panel = who.panel('people.title');
  await panel.waitFor();
  await clean(who, 'people');
  await panel.getByRole('button', { name: who.t('tile.menu', { name: 'Ben' }), exact: true }).click();
  await clean(who, 'menu of a person');
  await who.page.keyboard.press('Escape');
  await panel.getByRole('button', { name: who.t('app.close') }).click();
}

/** @param {Guest} who */
async function dialogs(who) {
  const { page } = who;
  await who.control('bar.more').click();
  await clean(who, 'more');
  const settings = page.getByRole('menuitem', { name: who.t('app.settings') }).or(who.button('app.settings'));
  await settings.click();
  const dialog = who.dialog('settings.title');
  for (const key of /** @type {const} */ (['settings.devices', 'settings.general', 'settings.sounds', 'settings.shortcuts'])) {
    await dialog.getByRole('tab', { name: who.t(key), exact: true }).click();
    await clean(who, who.t(key));
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await who.dialog('shortcut.title').waitFor();
  await clean(who, 'shortcuts');
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await page.getByRole('region', { name: who.t('stats.title') }).waitFor();
  await clean(who, 'connection details');
  await page.keyboard.press('x');
  await who.control('device.micMenu').click();
  await clean(who, 'microphone menu');
  await page.keyboard.press('Escape');
}
