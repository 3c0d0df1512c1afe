// Addresses that mean no room, and servers that answer with errors, nonsense
// or nothing: always a page with words and a next step, never a blank one or
// an endless spinner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */
/** @typedef {import('./ui.mjs').Key} Key */

const { server, browser } = await open();

const QUIET = { mic: false, cam: false };

for (const language of LANGUAGES) {
  test(`addresses that mean no room, ${language}`, async () => {
    const who = await guest(browser, server.url, { language });
    for (const path of ['/r/.hidden', '/r/%20%20', '/r/two%2Fwords', `/r/${'x'.repeat(65)}`, '/r/a%2Fb', '/r/%3Cscript%3E']) {
      await who.page.goto(server.url + path);
      await who.heading('badRoom.title').waitFor();
      await who.text('badRoom.text').waitFor();
      await who.page.getByRole('link', { name: who.t('page.home'), exact: true }).waitFor();
    }
    await who.page.getByRole('link', { name: who.t('page.home'), exact: true }).click();
    await who.heading('landing.headline').waitFor();
    await who.close();
  });
}

/**
 * Answers in the place of the server.
 * @param {Guest} who
 * @param {(ws: import('playwright-core').WebSocketRoute) => void} answer
 */
const instead = (who, answer) => who.page.routeWebSocket(/\/api\/v1\/ws/, answer);

/** Replies to every request with an error. @param {string} code @param {object} [more] */
const refuse = (code, more) => (/** @type {import('playwright-core').WebSocketRoute} */ ws) =>
  ws.onMessage((text) => ws.send(JSON.stringify({ type: 'error', id: JSON.parse(String(text)).id, code, message: 'as the test wants', ...more })));

/** @type {[string, (ws: import('playwright-core').WebSocketRoute) => void, Key, Key][]} */
const ANSWERS = [
  ['the room is full', refuse('room_full'), 'fail.full.title', 'fail.full.text'],
  ['the server drains', refuse('draining'), 'fail.draining.title', 'fail.draining.text'],
  ['the room name is refused', refuse('bad_room'), 'fail.room.title', 'error.bad_room'],
  ['the name is refused', refuse('bad_name'), 'fail.name.title', 'error.bad_name'],
  ['no common codec', refuse('no_codec'), 'fail.title', 'error.no_codec'],
  ['an error nobody knows', refuse('<b>new</b>'), 'fail.title', 'error.unknown'],
  ['too fast', refuse('rate_limited', { retry_after_ms: 60_000 }), 'fail.crowd.title', 'fail.crowd.text'],
  ['no protocol at all', (ws) => ws.onMessage(() => ws.send('<html>502 Bad Gateway</html>')), 'fail.server.title', 'fail.server.text'],
  ['closed at once', (ws) => void ws.close({ code: 1011 }), 'fail.server.title', 'fail.server.text'],
  ['an answer without content', (ws) => ws.onMessage((text) => ws.send(JSON.stringify({ type: 'joined', id: JSON.parse(String(text)).id }))), 'fail.title', 'error.webrtc_failed'],
];

for (const language of LANGUAGES) {
  test(`a server that refuses or talks nonsense, ${language}`, async () => {
    const who = await guest(browser, server.url, { language, prefs: { ...QUIET, name: 'Ann' } });
    let now = ANSWERS[0][1];
    let asked = 0;
    await instead(who, (ws) => {
      asked++;
      now(ws);
    });
    for (const [what, answer, title, text] of ANSWERS) {
      now = answer;
      await who.page.goto(`${server.url}/r/odd-server`);
      await who.button('prejoin.joinListen').click();
      await who.heading(title).waitFor().catch((error) => assert.fail(`${what}: ${error.message}\n${who.page.problems}`));
      await who.text(text, { code: '<b>new</b>' }).first().waitFor();
      await who.button('app.retry').waitFor();
      await who.button('prejoin.joinListen').waitFor();
      if (title === 'fail.server.title' || title === 'fail.draining.title') continue; // tries again by itself
      const before = asked;
      await who.button('app.retry').click();
      await eventually(async () => asked, (n) => n > before, { what: `${what}: asked again` });
    }
    await who.close();
  });
}

test('a server that says nothing: joining can be cancelled, and ends by itself', async () => {
  const who = await guest(browser, server.url, { prefs: { ...QUIET, name: 'Ann' } });
  await instead(who, () => {});
  await who.page.clock.install();
  await who.page.goto(`${server.url}/r/silent-server`);
  await who.button('prejoin.joinListen').click();
  await who.button('prejoin.joining').waitFor();
  await who.button('prejoin.cancelJoin').click();
  await who.button('prejoin.joinListen').click();
  await who.button('prejoin.joining').waitFor();
  await eventually(async () => (await who.page.clock.fastForward(5_000), who.heading('fail.server.title').isVisible()), Boolean, { what: 'joining ends', ms: 60_000 });
  await who.close();
});

test('an HTTP error instead of a WebSocket, and pages that do not load completely', async () => {
  const who = await guest(browser, server.url, { prefs: { ...QUIET, name: 'Ann' } });
  await who.page.goto(`${server.url}/r/http-error`);
  await who.page.evaluate(() => {
    const Real = WebSocket;
    window.WebSocket = class extends Real {
      constructor(/** @type {string | URL} */ url, /** @type {string | string[] | undefined} */ protocols) {
        super(String(url).replace('/api/v1/ws', '/healthz'), protocols);
      }
    };
  });
  await who.button('prejoin.joinListen').click();
  await who.heading('fail.server.title').waitFor();

  await who.page.route('**/ui/landing.js', (route) => route.abort());
  await who.page.goto(server.url);
  await eventually(() => who.page.evaluate(() => document.body.innerText.trim().length), (n) => n > 40, { what: 'the page says something' });
  await who.close();
});

test('a language that does not load: the one before stays, English helps out, and without any there is a note', async () => {
  const who = await guest(browser, server.url);
  await who.page.route('**/i18n/zh-Hans.js', (route) => route.abort());
  await who.page.goto(server.url);
  const choice = who.page.getByRole('combobox', { name: who.t('app.language') });
  await choice.selectOption('zh-Hans');
  await who.shown('error.connect_failed');
  await who.heading('landing.headline').waitFor();
  assert.equal(await choice.inputValue(), 'en');

  await who.page.goto(`${server.url}/?lang=zh`);
  await who.heading('landing.headline').waitFor();
  assert.equal(await who.page.evaluate(() => document.documentElement.lang), 'en');

  await who.page.route('**/i18n/en.js', (route) => route.abort());
  await who.page.goto(`${server.url}/r/no-words`);
  await who.page.getByText('the page did not load completely').waitFor();
  await who.page.getByText('页面没有完整加载').waitFor();
  await who.close();
});

/** Byes of the server, and what they end in. @type {[string, Key, Key | null][]} */
const BYES = [
  ['removed', 'end.title.removed', 'end.text.removed'],
  ['ended', 'end.title.ended', 'end.text.ended'],
  ['shutdown', 'end.title.shutdown', 'end.text.shutdown'],
  ['internal', 'end.title.failed', 'error.internal'],
];

for (const language of LANGUAGES) {
  test(`the server says goodbye, ${language}`, async () => {
    const who = await guest(browser, server.url, { language, prefs: { ...QUIET, name: 'Ann' } });
    /** @type {import('playwright-core').WebSocketRoute | undefined} */
    let socket;
    await instead(who, (ws) => {
      socket = ws;
      ws.connectToServer();
    });
    for (const [code, title, text] of BYES) {
      await who.enter('goodbye');
      socket?.send(JSON.stringify({ type: 'bye', code, message: '', retryable: false }));
      await socket?.close({ code: 4000 });
      await who.heading(title).waitFor();
      if (text) await who.text(text).first().waitFor();
      await who.button('end.rejoin').waitFor();
    }
    await who.close();
  });
}

test('a server that said it stops and does not come back: told so in the end, and a way back', async () => {
  const who = await guest(browser, server.url, { prefs: { ...QUIET, name: 'Ann' } });
  /** @type {import('playwright-core').WebSocketRoute | undefined} */
  let socket;
  let there = true;
  await instead(who, (ws) => {
    if (!there) return void ws.close({ code: 1011 });
    socket = ws;
    ws.connectToServer();
  });
  await who.page.clock.install();
  await who.enter('stopped-for-long');
  there = false;
  socket?.send(JSON.stringify({ type: 'bye', code: 'shutdown', message: '', retryable: true }));
  await socket?.close({ code: 4004 });
  await who.text('room.serverStopped').first().waitFor();
  await eventually(async () => (await who.page.clock.fastForward(5_000), who.heading('end.title.shutdown').isVisible()), Boolean, { what: 'it gives up', ms: 60_000 });
  await who.text('end.text.shutdown').first().waitFor();
  there = true;
  await who.button('end.rejoin').click();
  await who.bar.waitFor();
  await who.close();
});
