// Every screen and state a person can meet, one after the other.
//   PARLEY_BIN=… PARLEY_PICTURES=folder node --test e2e/tour.test.mjs
// takes pictures of all of them in both languages, both colours and three sizes.
import { wordsFor as drainWords } from '../../../../transport/httpd/web/ui/drain.js';
import { describe, test } from 'node:test';
import { fakeDevices } from './fake_devices.mjs';
import { open } from './open.mjs';
import { scenery } from './scenery.mjs';
import { DESKTOP, FOLDER, PHONE, Tour } from './tour.mjs';
import { faulty, joinMany, slides } from './tour_pages.mjs';
import { Guest, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Key} Key */
/** @typedef {import('./ui.mjs').Language} Language */
/** @typedef {import('playwright-core').WebSocketRoute} WebSocketRoute */

const { server, browser } = await open({ args: ['--allow-host', 'meet.test'] });

/** @typedef {{phone: boolean, theme: 'dark' | 'light', language: Language}} Look */

/** @type {Look} */
const PHONE_LOOK = { phone: true, theme: 'light', language: 'zh-Hans' };
/** @type {Look} */
const DESK_LOOK = { phone: false, theme: 'dark', language: 'en' };
/** @type {Look[]} */
const FOR_EYES = [PHONE_LOOK, DESK_LOOK, { phone: true, theme: 'dark', language: 'en' }, { phone: false, theme: 'light', language: 'zh-Hans' }];

const NAMES = { en: ['Maya Lindqvist', 'Tariq Haddad', 'Ines Duarte', 'Kenji Mori', 'Claire Novak', 'Samuel Okoro', 'Priya Nair', 'Jonas Weber', 'Lucía Fernández'], 'zh-Hans': ['林雨晴', '陈志远', '王梦瑶', '赵海峰', '刘思琪', '周子轩', '欧阳文静', '黄伟', '徐佳怡'] };
const LINES = { en: ['Morning! The numbers are in.', 'Notes: https://wiki.example.org/autumn', 'Between us: well done.', 'and here we begin'], 'zh-Hans': ['早上好！数据出来了。', '记录：https://wiki.example.org/autumn', '私下说一句：做得好。', '我们开始吧'] };

/**
 * @param {Look} look
 * @param {{as?: number, prefs?: object, drawn?: boolean}} [more] as: which of the names; drawn: for eyes, with a face, and silent
 */
async function somebody({ phone, theme, language }, { as = 0, prefs = {}, drawn = true } = {}) {
  const context = phone ? { viewport: PHONE, isMobile: true, hasTouch: true } : { viewport: DESKTOP };
  const who = await guest(browser, server.url, { name: NAMES[language][as], language, context, prefs: { theme, silentMicWarning: !FOLDER || !drawn, ...prefs } });
  if (FOLDER && drawn) await who.page.addInitScript(scenery, { look: as, width: 640, height: 360 });
  await who.page.addInitScript(fakeDevices, { audioinput: ['Desk microphone', 'Headset'], videoinput: ['Front camera', 'Back camera'], audiooutput: ['Loudspeaker'] });
  return who;
}

/** @type {Record<string, (look: Look, room: string) => Promise<void>>} */
const WALKS = { 'before a meeting': outside, 'joining, and not': joining, 'the setup test': setupTest, 'a meeting of two': meeting, 'dialogs and menus': dialogs, 'many people, and screens': crowd, ends, 'dead ends': deadEnds, 'in a frame': framed, 'trouble in a meeting': trouble };
const ALL = Object.keys(WALKS);

/**
 * Tours, side by side: most of the time is waiting. Every screen is seen on the
 * phone, those that are laid out otherwise at a desk at one as well. Eyes see
 * everything everywhere.
 * @type {{look: Look, walks: string[]}[]}
 */
const TOURS = FOLDER
  ? FOR_EYES.map((look) => ({ look, walks: ALL }))
  : [
      { look: PHONE_LOOK, walks: ALL.slice(0, -1) },
      { look: DESK_LOOK, walks: ['before a meeting', 'a meeting of two', 'dialogs and menus', 'many people, and screens'] },
      { look: PHONE_LOOK, walks: ['trouble in a meeting'] },
    ];

describe('every screen', { concurrency: FOLDER ? 1 : TOURS.length }, () => {
  for (const { look, walks } of TOURS) {
    const called = `${look.phone ? 'phone' : 'desktop'}, ${look.theme}, ${look.language}`;
    describe(called, { concurrency: 1 }, () => {
      for (const walk of walks) {
        const room = `${called} ${walk}`.replaceAll(/\W+/g, '-').toLowerCase();
        test(`${walk}: ${called}`, () => WALKS[walk](look, room));
      }
    });
  }
});

/** Calls window.desk. @param {Guest} who @param {'fail' | 'plug' | 'unplug'} what @param {...unknown} args */
const desk = (who, what, ...args) => who.page.evaluate(([w, a]) => /** @type {any} */ (window).desk[w](...a), /** @type {const} */ ([what, /** @type {any[]} */ (args)]));

/** @type {typeof WALKS['']} */
async function outside(look, room) {
  const who = await somebody(look, { prefs: { recent: [{ room: 'design-review', at: Date.now() - 3_600_000 }, { room: 'kut-mafo-wyp', at: Date.now() - 90_000_000 }] } });
  const tour = new Tour(who, look);
  await who.page.goto(server.url);
  await tour.stop('landing', who.heading('landing.headline'));
  await who.field('landing.field').fill('??');
  await who.page.keyboard.press('Enter');
  await tour.stop('landing with a wrong code', who.text('landing.badInput', { example: `${server.url}/r/abc-defg-hij` }));
  await who.button('landing.later').click();
  await tour.stop('share for later', who.dialog('share.title'));

  await who.page.goto(`${server.url}/r/${room}`);
  await tour.stop('preview of somebody new', who.button('prejoin.join'));
  await who.button('prejoin.join').click();
  await tour.stop('preview without a name', who.text('prejoin.nameNeeded'));
  await who.field('prejoin.name').fill(who.name);
  for (const device of /** @type {const} */ (['device.mic', 'device.cam'])) await who.button(device).click();
  await tour.stop('preview with all off', who.button('prejoin.joinListen'));
  for (const device of /** @type {const} */ (['device.mic', 'device.cam'])) await who.button(device).click();
  await who.button('prejoin.join').waitFor();

  const faults = { permission_denied: 'NotAllowedError', system_denied: 'NotAllowedError|Permission denied by system', not_found: 'NotFoundError', in_use: 'NotReadableError', other: 'TypeError' };
  for (const [cause, fault] of Object.entries(faults)) {
    await desk(who, 'fail', { microphone: fault, camera: fault });
    await who.page.reload();
    await tour.stop(`preview ${cause}`, who.page.getByRole('region', { name: who.t(/** @type {Key} */ (`media.${cause}.both.title`)), exact: true }));
  }
  await desk(who, 'fail', { microphone: faults.in_use, camera: faults.not_found });
  await who.page.reload();
  await tour.stop('preview with two troubles', who.page.getByRole('region', { name: who.t('media.not_found.camera.title') }));
  await desk(who, 'fail', { microphone: '', camera: '' });

  const tab = Object.assign(await who.page.context().newPage(), { problems: [] });
  await new Guest(tab, who).enter(room);
  await who.page.bringToFront();
  await who.page.reload();
  await tour.stop('preview in a second tab', who.text('prejoin.elsewhere'));
  await who.close();
}

/** Stands between a page and the server. @param {Guest} who */
async function between(who) {
  const wire = {
    /** What becomes of the next connections. @type {(ws: WebSocketRoute) => unknown} */
    now: (ws) => ws.connectToServer(),
    /** @type {WebSocketRoute | undefined} */
    socket: undefined,
    /** Says something in the place of the server. @param {object} message */
    say: (message) => wire.socket?.send(JSON.stringify(message)),
  };
  await who.page.routeWebSocket(/\/api\/v1\/ws/, (ws) => {
    wire.socket = ws;
    wire.now(ws);
  });
  return wire;
}

/** @type {typeof WALKS['']} */
async function joining(look, room) {
  const who = await somebody(look, { prefs: { name: NAMES[look.language][0], cam: false } });
  const tour = new Tour(who, look);
  const wire = await between(who);
  const begin = async () => {
    await who.page.goto(`${server.url}/r/${room}`);
    await who.button('prejoin.join').click();
  };
  wire.now = () => {};
  await begin();
  await tour.stop('joining', who.button('prejoin.joining'));

  /** @type {[string, Key][]} */
  const refusals = [['room_full', 'fail.full.title'], ['server_full', 'fail.busy.title'], ['rate_limited', 'fail.crowd.title'], ['bad_name', 'fail.name.title'], ['no_codec', 'fail.title'], ['draining', 'fail.draining.title']];
  for (const [code, title] of refusals) {
    wire.now = (ws) => ws.onMessage((text) => ws.send(JSON.stringify({ type: 'error', id: JSON.parse(String(text)).id, code, message: '' })));
    await begin();
    await tour.stop(`not joined ${code}`, who.heading(title));
  }
  wire.now = (ws) => ws.close({ code: 1011 });
  await begin();
  await tour.stop('not joined, no answer', who.heading('fail.server.title'));

  /** @type {[string, number, object, Key][]} */
  const doors = [
    ['proxy', 403, { code: 'forbidden_origin', origin: 'https://meet.example.org', host: '127.0.0.1:8443' }, 'fail.proxy.title'],
    ['foreign name', 421, { code: 'foreign_host', host: 'meet.example.org' }, 'fail.host.title'],
    ['crowd', 429, { code: 'rate_limited', limit: 'opens', retry_after_ms: 30_000 }, 'fail.crowd.text'],
    ['many connections', 429, { code: 'rate_limited', limit: 'sockets', retry_after_ms: 30_000 }, 'fail.crowd.most'],
    ['full', 503, { code: 'server_full', retry_after_ms: 30_000 }, 'fail.busy.title'],
  ];
  for (const [name, status, json, proof] of doors) {
    await who.page.route('**/api/v1/reach', (route) => route.fulfill({ status, json: { message: '', ...json } }));
    await begin();
    await tour.stop(`refused, ${name}`, who.text(proof));
    await who.page.unroute('**/api/v1/reach');
  }
  await who.close();
}

/** @type {typeof WALKS['']} */
async function setupTest(look) {
  const who = await somebody(look);
  const tour = new Tour(who, look);
  await who.page.goto(`${server.url}/test`);
  await tour.stop('setup test', who.button('test.start'));
  const wire = await between(who);
  wire.now = () => {};
  await desk(who, 'fail', { microphone: 'NotAllowedError', camera: 'NotAllowedError' });
  await who.button('test.start').click();
  await tour.stop('setup test running', who.button('test.stop'));
  await who.button('test.stop').click();
  wire.now = (ws) => ws.close({ code: 1011 });
  await who.button('test.again').click();
  await tour.stop('setup test failed', who.text('test.done.failed', { n: 3 }));

  wire.now = (ws) => ws.connectToServer();
  await desk(who, 'fail', { microphone: '', camera: '' });
  await who.button('test.again').click();
  const end = who.text('test.done.passed').or(who.text('test.done.warning'));
  await end.first().waitFor({ timeout: 60_000 });
  await tour.stop('setup test done', end);
  await who.close();
}

/** The menu of a tile. @param {Guest} who @param {import('playwright-core').Locator} tile @param {string} name */
async function tileMenu(who, tile, name) {
  await tile.hover();
  await tile.getByRole('button', { name: who.t('tile.menu', { name }), exact: true }).click();
  return who.page.getByRole('group', { name: who.t('tile.menu', { name }), exact: true }).last();
}

/** The list of people, which a phone has in the menu. @param {Guest} who @param {number} n */
async function people(who, n) {
  if (await who.peopleControl.isVisible()) await who.peopleControl.click();
  else {
    await who.control('bar.more').click();
    await who.button('bar.peopleCount', { n }).click();
  }
  return who.panel('people.title');
}

/** @param {Guest} who @param {Key} panel */
const closePanel = (who, panel) => who.panel(panel).getByRole('button', { name: who.t('app.close') }).click();

/** @type {typeof WALKS['']} */
async function meeting(look, room) {
  const lines = LINES[look.language];
  const who = await somebody(look);
  const tour = new Tour(who, look);
  await who.enter(room);
  await tour.stop('alone', who.heading('room.alone'));
  await who.openChat();
  await tour.stop('chat, empty', who.heading('chat.empty'));
  await closePanel(who, 'chat.title');

  const other = await somebody({ ...look, phone: false }, { as: 1, prefs: { mic: false } });
  await other.enter(room);
  await who.moves(who.tile(other.name));
  await tour.stop('two people', who.tile(other.name));
  await other.say(lines[0]);
  await other.say(lines[1]);
  await tour.stop('a note of the chat', who.button('chat.toastOpen'));
  await who.openChat();
  await tour.stop('chat', who.log.getByText(lines[0]));
  await who.field('chat.field').fill('/');
  await tour.stop('chat commands', who.page.getByRole('button', { name: '/help' }));
  await who.field('chat.field').fill('');
  await closePanel(who, 'chat.title');

  const menu = await tileMenu(who, who.tile(other.name), other.name);
  await tour.stop('menu of a tile', menu);
  await who.button('tile.message').click();
  await who.field('chat.field').fill(lines[2]);
  await who.button('chat.send').click();
  await who.log.getByText(lines[2]).waitFor();
  await tour.stop('chat in private', who.button('chat.toClear'));
  await closePanel(who, 'chat.title');

  await tour.stop('menu of oneself', await tileMenu(who, who.ownTile, who.name));
  await who.page.getByRole('radio', { name: who.t('tile.hideSelf') }).click();
  await tour.stop('oneself hidden', who.page.getByRole('button', { name: who.t('tile.showSelf') }));
  await who.page.getByRole('button', { name: who.t('tile.showSelf') }).click();

  await other.control('bar.hand').click();
  await who.page.keyboard.press('h');
  await tour.stop('people with raised hands', (await people(who, 2)).getByRole('heading', { name: who.t('people.hands') }));
  const panel = who.panel('people.title');
  await panel.getByRole('button', { name: who.t('tile.menu', { name: other.name }), exact: true }).click();
  await tour.stop('menu of a person', who.button('tile.message'));
  await who.page.keyboard.press('Escape');
  await panel.getByRole('button', { name: who.t('tile.menu', { name: who.name }), exact: true }).click();
  await tour.stop('renaming', who.field('people.newName'));
  await who.page.keyboard.press('Escape');
  await closePanel(who, 'people.title');

  await other.control('bar.react').click();
  await other.button('react.send', { emoji: '🎉' }).click();
  await tour.stop('a reaction', who.page.getByRole('main').getByText('🎉'));

  await who.page.keyboard.press('t');
  await tour.stop('typing captions', who.field('caption.field'));
  await who.page.keyboard.press('Escape');
  await other.page.keyboard.press('t');
  await other.field('caption.field').fill(lines[3]);
  await other.page.keyboard.press('Enter');
  await tour.stop('captions', who.page.getByText(lines[3]).last());
  await who.close();
  await other.close();
}

/** @type {typeof WALKS['']} */
async function dialogs(look, room) {
  const who = await somebody(look);
  const tour = new Tour(who, look);
  const { page } = who;
  await who.enter(room);
  await who.control('device.micMenu').click();
  await tour.stop('microphone menu', page.getByRole('group', { name: who.t('device.micMenu') }));
  await page.keyboard.press('Escape');
  await who.control('device.camMenu').click();
  await tour.stop('camera menu', page.getByRole('group', { name: who.t('device.camMenu') }));
  await page.keyboard.press('Escape');
  if (!look.phone) {
    await who.control('bar.react').click();
    await tour.stop('reactions', who.button('react.send', { emoji: '🎉' }));
    await page.keyboard.press('Escape');
  }
  await who.control('bar.more').click();
  const settings = page.getByRole('menuitem', { name: who.t('app.settings') }).or(who.button('app.settings'));
  await tour.stop('more', settings);
  await settings.click();
  const dialog = who.dialog('settings.title');
  for (const key of /** @type {const} */ (['settings.devices', 'settings.general', 'settings.sounds', 'settings.shortcuts'])) {
    await dialog.getByRole('tab', { name: who.t(key), exact: true }).click();
    await tour.stop(key, dialog.getByRole('tabpanel', { name: who.t(key), exact: true }));
  }
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await tour.stop('shortcuts', who.dialog('shortcut.title'));
  await page.keyboard.press('Escape');
  await page.getByRole('banner').getByRole('button', { name: room }).click();
  await tour.stop('invitation', who.dialog('share.titleInCall'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await page.getByRole('region', { name: who.t('stats.title') }).getByRole('rowheader').first().waitFor();
  await page.getByRole('region', { name: who.t('stats.title') }).getByText(who.t('stats.state.connected')).waitFor();
  await tour.stop('connection details', page.getByRole('region', { name: who.t('stats.title') }));
  await page.keyboard.press('x');
  await who.close();
}

/** @type {typeof WALKS['']} */
async function crowd(look, room) {
  const who = await somebody(look);
  const other = await somebody({ ...look, phone: false }, { as: 1, prefs: { mic: false } });
  const tour = new Tour(who, look);
  await who.enter(room);
  await other.enter(room);
  const others = await somebody({ ...look, phone: false }, { as: 2 });
  await others.page.goto(`${server.url}/sdk/README.md`);
  const names = NAMES[look.language].slice(2);
  const choose = async (/** @type {Key} */ key) => {
    await who.control('bar.more').click();
    await who.page.getByRole(look.phone ? 'radio' : 'menuitemradio', { name: who.t(key), exact: true }).click();
  };
  await others.page.evaluate(joinMany, { room, names });
  for (const name of [other.name, names[0], names[1]]) await who.moves(who.tile(name));
  await tour.stop('nine people', who.tile(/** @type {string} */ (names.at(-1))));
  await who.page.keyboard.press('w');
  await tour.stop('speaker view with pages', who.button('room.next'));
  await tileMenu(who, who.tile(other.name), other.name);
  await who.button('tile.pin').click();
  await who.tileSays(who.tile(other.name), 'tile.pinned');
  await tour.stop('pinned', who.tile(other.name));
  await tileMenu(who, who.tile(other.name), other.name);
  await who.button('tile.unpin').click();
  await choose('bar.layoutAuto');

  await other.page.evaluate(slides);
  await who.page.evaluate(slides);
  await other.control('bar.share').click();
  const screen = who.tile(who.t('tile.screen', { name: other.name }));
  await who.moves(screen);
  await tour.stop('a shared screen', screen);
  await who.openChat();
  await tour.stop('a shared screen and the chat', who.field('chat.field'));
  await closePanel(who, 'chat.title');
  await other.control('bar.share').click();
  await screen.waitFor({ state: 'detached' });
  await who.page.keyboard.press('s');
  await tour.stop('sharing the whole screen', who.text('room.mirrors'));
  await who.button('room.stopSharing').last().click();
  await choose('bar.dataSaver');
  await tour.stop('low data', who.text('room.dataSaver'));
  for (const one of [who, other, others]) await one.close();
}

/** @type {typeof WALKS['']} */
async function trouble(look, room) {
  const other = await somebody({ ...look, phone: false }, { as: 1 });
  await other.enter(room);
  const who = await somebody(look, { drawn: false });
  const tour = new Tour(who, look);
  await who.page.addInitScript(faulty);
  const wire = await between(who);
  await who.enter(room);
  await tour.stop('sound blocked', who.button('room.audioBlocked'));
  await who.button('room.audioBlocked').click();
  await desk(who, 'plug', 'audioinput', 'Conference phone');
  await tour.stop('a new device', who.button('device.use'));
  await desk(who, 'unplug', 'videoinput', 'Front camera');
  await tour.stop('a device unplugged', who.text('device.lostFallback', { label: 'Front camera', fallback: 'Back camera' }));
  wire.say({ type: 'draining', in_ms: 300_000 });
  await tour.stop('the server drains', who.page.getByText(drainWords(299_000, look.language)));
  await tour.stop('a silent microphone', who.text('room.silentMic'));
  wire.say({ type: 'limited', source: 'camera', reason: 'rate', limit_bps: 15_000_000 });
  await tour.stop('too much for the server', who.text('room.limited.picture', { n: 15 }));

  wire.now = (ws) => ws.close({ code: 1011 });
  await wire.socket?.close({ code: 1011 });
  await tour.stop('reconnecting', who.text('room.reconnecting'));
  await who.page.route('**/api/v1/reach', (route) => route.fulfill({ status: 429, json: { code: 'rate_limited', message: '', limit: 'opens', retry_after_ms: 20_000 } }));
  await tour.stop('reconnecting in a crowd', who.text('fail.crowd.text'));
  await who.page.unroute('**/api/v1/reach');
  // The words of reconnecting make room for those of a crowd: their absence is no sign
  // that the server is reached, and what is said before that reaches nobody.
  const back = new Promise((resolve) => {
    wire.now = (ws) => ws.connectToServer().onMessage((text) => {
      ws.send(text);
      if (/"type":"(resumed|joined)"/.test(String(text))) resolve(undefined);
    });
  });
  await who.button('room.tryNow').click({ timeout: 1_000 }).catch(() => {});
  await back;
  await who.text('room.reconnecting').first().waitFor({ state: 'detached' });
  await who.page.evaluate(() => /** @type {any} */ (window).become('failed'));
  await tour.stop('sound and picture blocked', who.text('room.mediaBlocked'));
  wire.now = (ws) => ws.close({ code: 1011 });
  wire.say({ type: 'bye', code: 'shutdown', message: '', retryable: true });
  await wire.socket?.close({ code: 4004 });
  await tour.stop('the server stopped', who.text('room.serverStopped'));
  await who.close();

  const unheard = await somebody(look);
  await unheard.page.goto(`${server.url}/r/${room}`);
  await desk(unheard, 'fail', { microphone: 'NotAllowedError', camera: 'NotAllowedError' });
  await unheard.page.reload();
  await unheard.join();
  const help = new Tour(unheard, look);
  await help.stop('unheard', unheard.text('room.unheard'));
  await unheard.control('bar.mic').click();
  await help.stop('help in the meeting', unheard.page.getByRole('alertdialog'));
  await unheard.close();
  await other.close();
}

/** @type {typeof WALKS['']} */
async function ends(look, room) {
  const who = await somebody(look, { prefs: { mic: false, cam: false } });
  const tour = new Tour(who, look);
  const wire = await between(who);
  await who.enter(room);
  await who.control('bar.leave').click();
  await tour.stop('end left', who.heading('end.title.left'));
  await who.page.getByRole('radio', { name: who.t('end.stars', { n: 4 }), exact: true }).press('Space');
  await tour.stop('end with stars', who.button('end.send'));
  await who.button('end.send').click();
  await tour.stop('end rated', who.text('end.thanks'));
  await who.page.getByText(who.t('record.title'), { exact: true }).click();
  await tour.stop('meeting record', who.page.getByRole('table', { name: who.t('record.title') }));
  /** @type {[string, Key][]} */
  const byes = [['removed', 'end.title.removed'], ['ended', 'end.title.ended'], ['room_yielded', 'end.title.room_yielded'], ['shutdown', 'end.title.shutdown'], ['duplicate_identity', 'end.title.duplicate_identity'], ['internal', 'end.title.failed'], ['timeout', 'end.title.lost']];
  for (const [code, title] of byes) {
    await who.enter(room);
    wire.say({ type: 'bye', code, message: '', retryable: false });
    await wire.socket?.close({ code: 4000 });
    await tour.stop(`end ${code}`, who.heading(title));
  }
  await who.close();
}

/** @type {typeof WALKS['']} */
async function deadEnds(look) {
  const who = await somebody(look);
  const tour = new Tour(who, look);
  await who.page.goto(`${server.url}/r/.no`);
  await tour.stop('bad room name', who.heading('badRoom.title'));
  await who.page.evaluate(() => {
    history.pushState(null, '', '/nowhere');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await tour.stop('no such page', who.heading('lost.title'));
  await who.page.goto(`http://meet.test:${server.port}/r/insecure-room`);
  await tour.stop('insecure address', who.heading('insecure.title'));
  await who.button('insecure.listen').click();
  await tour.stop('preview at an insecure address', who.button('prejoin.joinListen'));
  await who.page.route('**/ui/landing.js', (route) => route.abort());
  await who.page.goto(server.url);
  await tour.stop('crash', who.heading('crash.title'));
  await who.page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
  await who.page.goto(`${server.url}/r/old-browser`);
  await tour.stop('old browser', who.heading('old.title'));
  await who.close();
}

/** @type {typeof WALKS['']} */
async function framed(look, room) {
  const who = await somebody(look, { prefs: { mic: false } });
  const tour = new Tour(who, look);
  await who.page.goto(`${server.url}/embed.html`);
  await tour.stop('frame without a room', who.text('embed.bad'));
  await who.page.goto(`${server.url}/embed.html?room=${room}&name=${who.name}`);
  await tour.stop('frame before the meeting', who.button('prejoin.join'));
  await who.join();
  await tour.stop('frame with a meeting', who.heading('room.alone'));
  await who.control('bar.leave').click();
  await tour.stop('frame after the meeting', who.heading('end.title.left'));
  await who.close();
}
