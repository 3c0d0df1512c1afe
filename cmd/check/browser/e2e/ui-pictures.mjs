// Takes the pictures of the README; those of every screen come from the tour
// (tour.test.mjs):
//   PARLEY_BIN=… PARLEY_PICTURES=../../../transport/httpd/pictures node e2e/ui-pictures.mjs
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { scenery } from './scenery.mjs';
import { startServer } from './server.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const folder = process.env.PARLEY_PICTURES ?? 'pictures';
const ROOM = 'autumn-plan';
const NAMES = ['Maya Lindqvist', 'Tariq Haddad', 'Ines Duarte', 'Samuel Okoro', 'Kenji Mori', 'Claire Novak'];
const LINES = ['Morning! The numbers are in.', 'Looks better than I thought', 'Notes: https://wiki.example.org/autumn', 'Shall we begin with the map?'];
/** How long pictures take to become sharp, milliseconds. */
const SETTLE = 8_000;

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await openChromium();
try {
  const others = [];
  for (let look = 1; look < NAMES.length; look++) {
    const other = await somebody(look, { cam: look !== 3, mic: look !== 4 });
    await other.enter(ROOM);
    others.push(other);
  }
  for (const [i, line] of LINES.entries()) await others[i].say(line);
  await others[1].control('bar.hand').click();

  const maya = await somebody(0, {});
  await maya.page.goto(`${server.url}/r/${ROOM}`);
  await maya.field('prejoin.name').fill(maya.name);
  await maya.button('prejoin.join').focus();
  await shoot(maya, 'prejoin');
  await maya.join();
  await settle(maya);
  await shoot(maya, 'room');
  await others[0].control('bar.share').click();
  await maya.moves(maya.tile(maya.t('tile.screen', { name: others[0].name })));
  await maya.openChat();
  await settle(maya);
  await shoot(maya, 'share-chat');
  await others[0].control('bar.share').click();
  await maya.close();

  const phone = await somebody(0, {}, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await phone.enter(ROOM);
  await settle(phone);
  await shoot(phone, 'phone');
} finally {
  await browser.close();
  await server.clean();
}

/** @param {number} look @param {object} prefs @param {object} [context] */
async function somebody(look, prefs, context = { viewport: { width: 1280, height: 800 } }) {
  const who = await guest(browser, server.url, { name: NAMES[look], prefs: { theme: 'dark', silentMicWarning: false, ...prefs }, context });
  await who.page.addInitScript(scenery, { look, width: 960, height: 540 });
  return who;
}

/** Until everybody is seen well and what was news is none any more. @param {Guest} who */
async function settle(who) {
  await eventually(() => who.stage.getByRole('group').count(), (n) => n >= NAMES.length, { what: 'everybody is there' });
  await who.page.waitForTimeout(SETTLE);
  for (const dismiss of await who.button('app.dismiss').all()) await dismiss.click().catch(() => {});
}

/** @param {Guest} who @param {string} name */
async function shoot(who, name) {
  await who.page.mouse.move(2, 2);
  await who.page.waitForTimeout(400);
  await who.page.screenshot({ path: join(folder, `${name}.png`) });
}
