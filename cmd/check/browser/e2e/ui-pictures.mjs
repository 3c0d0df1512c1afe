// Takes pictures of all screens, for eyes and for the README:
//   PARLEY_BIN=… PARLEY_PICTURES=folder [PARLEY_ONLY=dark-en] node e2e/ui-pictures.mjs
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium } from './browsers.mjs';
import { scenery } from './scenery.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const folder = process.env.PARLEY_PICTURES ?? 'pictures';
const only = process.env.PARLEY_ONLY ?? '';
const SIZES = [
  { name: '390x844', width: 390, height: 844, phone: true },
  { name: '1280x800', width: 1280, height: 800, phone: false },
  { name: '1920x1080', width: 1920, height: 1080, phone: false },
];
const NAMES = { en: ['Maya Lindqvist', 'Tariq Haddad', 'Ines Duarte', 'Samuel Okoro', 'Kenji Mori', 'Claire Novak'], 'zh-Hans': ['林雨晴', '陈志远', '王梦瑶', '周子轩', '赵海峰', '刘思琪'] };
const LINES = { en: ['Morning! The numbers are in.', 'Looks better than I thought', 'Notes: https://wiki.example.org/autumn', 'Shall we begin with the map?'], 'zh-Hans': ['早上好！数据出来了。', '比我想的要好', '记录：https://wiki.example.org/autumn', '先看地图吗？'] };

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await launchChromium();
try {
  for (const language of LANGUAGES) for (const theme of ['dark', 'light']) if (`${theme}-${language}`.includes(only)) await look(language, theme);
} finally {
  await browser.close();
  await server.clean();
}

/** @param {import('./ui.mjs').Language} language @param {string} theme */
async function look(language, theme) {
  const room = `pictures-${theme}-${language.toLowerCase()}`;
  const names = NAMES[language];
  const others = [];
  for (let i = 1; i < names.length; i++) {
    const other = await guest(browser, server.url, { name: names[i], language, prefs: i === 3 ? { cam: false } : i === 4 ? { mic: false } : {} });
    await other.page.addInitScript(scenery, { look: i, width: 960, height: 540 });
    await other.enter(room);
    others.push(other);
  }
  for (const [i, line] of LINES[language].entries()) await others[i].say(line);
  await others[1].control('bar.hand').click();
  for (const size of SIZES) await screens(language, theme, size, room, others);
  for (const other of others) await other.close();
}

/**
 * @param {import('./ui.mjs').Language} language
 * @param {string} theme
 * @param {typeof SIZES[number]} size
 * @param {string} room
 * @param {Guest[]} others
 */
async function screens(language, theme, size, room, others) {
  const who = await guest(browser, server.url, {
    name: NAMES[language][0],
    language,
    prefs: { theme, recent: [{ room: 'design-review', at: Date.now() - 5_400_000 }, { room: 'kut-mafo-wyp', at: Date.now() - 90_000_000 }] },
    context: { viewport: { width: size.width, height: size.height }, isMobile: size.phone, hasTouch: size.phone },
  });
  await who.page.addInitScript(scenery, { look: 0, width: 960, height: 540 });
  const shoot = async (/** @type {string} */ screen) => {
    await who.page.mouse.move(2, 2);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await who.page.screenshot({ path: join(folder, `${screen}-${size.name}-${theme}-${language}.png`) });
  };
  await outside(who, shoot, room);
  await inside(who, shoot, size.phone, others);
  await who.close();
}

/** @param {Guest} who @param {(screen: string) => Promise<void>} shoot @param {string} room */
async function outside(who, shoot, room) {
  await who.page.goto(server.url);
  await who.heading('landing.headline').waitFor();
  await shoot('01-landing');
  await who.button('landing.later').click();
  await shoot('02-share');
  await who.page.goto(`${server.url}/test`);
  await who.heading('test.heading').waitFor();
  await shoot('03-setup-test');
  await who.page.goto(`${server.url}/r/.no`);
  await who.heading('badRoom.title').waitFor();
  await shoot('04-bad-room');
  await who.page.goto(`${server.url}/r/alone-${who.language.toLowerCase()}`);
  await who.button('prejoin.join').waitFor();
  await who.field('prejoin.name').fill(who.name);
  await shoot('05-prejoin');
  await who.join();
  await shoot('06-alone');
  await who.enter(room);
}

/** @param {Guest} who @param {(screen: string) => Promise<void>} shoot @param {boolean} phone @param {Guest[]} others */
async function inside(who, shoot, phone, others) {
  await who.moves(who.tile(others[0].name));
  await who.moves(who.tile(others[1].name));
  // Who came and what was said before are not news any more.
  for (const dismiss of await who.button('app.dismiss').all()) await dismiss.click().catch(() => {});
  await who.page.waitForTimeout(2_500);
  await shoot('10-room');
  await who.openChat();
  await shoot('11-chat');
  await who.chatControl.click();
  if (phone) {
    await who.control('bar.more').click();
    await shoot('12-more');
    await who.button('bar.peopleCount', { n: others.length + 1 }).click();
  } else await who.peopleControl.click();
  await shoot('13-people');
  await who.panel('people.title').getByRole('button', { name: who.t('app.close') }).click();
  await who.page.keyboard.press('w');
  await shoot('14-speaker');
  await who.page.keyboard.press('w');
  await who.control('bar.more').click();
  await who.page.getByRole(phone ? 'radio' : 'menuitemradio', { name: who.t('bar.layoutAuto'), exact: true }).click();
  await others[0].control('bar.share').click();
  await who.moves(who.tile(who.t('tile.screen', { name: others[0].name })));
  await who.page.waitForTimeout(800);
  await shoot('15-screen-share');
  if (!phone) {
    await who.openChat();
    await shoot('16-screen-share-chat');
    await who.chatControl.click();
  }
  await others[0].control('bar.share').click();
  await dialogs(who, shoot);
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  await who.page.getByRole('radio', { name: who.t('end.stars', { n: 4 }), exact: true }).press('Space');
  await shoot('30-end');
}

/** @param {Guest} who @param {(screen: string) => Promise<void>} shoot */
async function dialogs(who, shoot) {
  await who.page.keyboard.press('x');
  await who.page.waitForTimeout(1_500);
  await shoot('20-stats');
  await who.page.keyboard.press('x');
  await who.page.keyboard.press('?');
  await who.dialog('shortcut.title').waitFor();
  await shoot('21-shortcuts');
  await who.page.keyboard.press('Escape');
  await who.control('bar.more').click();
  await shoot('22-more');
  await who.page.getByRole('menuitem', { name: who.t('app.settings') }).or(who.button('app.settings')).click();
  await shoot('23-settings');
  await who.page.keyboard.press('Escape');
  await who.control('device.camMenu').click({ timeout: 2_000 }).catch(() => {});
  await shoot('24-camera-menu');
  await who.page.keyboard.press('Escape');
}
