// When the connection breaks, the door is closed, or another tab takes over:
// each is a state of its own that says what is so and offers the next step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { openWithCutter } from './open.mjs';
import { Guest, LANGUAGES, guest } from './ui.mjs';

const { server, browser, cutter } = await openWithCutter();

const QUIET = { mic: false, cam: false };

for (const language of LANGUAGES) {
  test(`a cut connection: banner, attempts, “try now”, what was pressed is done after, ${language}`, async () => {
    const ann = await guest(browser, server.url, { as: 'Ann', language });
    const ben = await guest(browser, cutter.url, { as: 'Ben', language });
    const room = `cut-${language.toLowerCase()}`;
    await ann.enter(room);
    await ben.enter(room);
    await ben.moves(ben.tile('Ann'));

    cutter.cut();
    await ben.text('room.reconnecting').first().waitFor();
    await ben.moves(ben.tile('Ann'));
    await ben.control('bar.hand').click();
    await ben.shown('room.queued');
    const attempt = async () => Number(/\d+/.exec(await ben.page.getByText(new RegExp(ben.t('room.reconnectAttempt', { n: '\\d+' }))).innerText())?.[0]);
    const first = await eventually(attempt, (n) => n >= 2, { what: 'attempts are counted' });
    await eventually(async () => (await ben.button('room.tryNow').click(), attempt()), (n) => n > first, { what: 'trying now counts' });

    cutter.mend();
    const dropped = ben.text('room.reconnecting').first().waitFor({ state: 'hidden' });
    await Promise.all([ben.button('room.tryNow').click({ timeout: 1_000 }).catch(() => {}), dropped]);
    await ben.shown('room.reconnected');
    await ann.tileSays(ann.tile('Ben'), 'tile.hand', true, { n: 1 });
    await ben.moves(ben.tile('Ann'));
    await ben.close();
    await ann.close();
  });
}

/** Runs in the page: a media path whose state the test can tell. */
function fakePath() {
  const real = /** @type {() => string} */ (Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'connectionState')?.get);
  const path = {
    /** Instead of the real state, empty for that. */
    state: '',
    restarts: 0,
    /** @type {RTCPeerConnection[]} */
    peers: [],
    /** @param {string} state */
    become(state) {
      path.state = state;
      for (const pc of path.peers) pc.dispatchEvent(new Event('connectionstatechange'));
    },
  };
  Object.defineProperty(RTCPeerConnection.prototype, 'connectionState', {
    get() {
      return path.state || real.call(this);
    },
  });
  const prototype = /** @type {any} */ (RTCPeerConnection.prototype);
  const { createOffer } = prototype;
  prototype.createOffer = function (/** @type {RTCOfferOptions | undefined} */ options) {
    if (!path.peers.includes(this)) path.peers.push(this);
    if (options?.iceRestart) path.restarts++;
    return createOffer.call(this, options);
  };
  Object.assign(window, { path });
}

for (const language of LANGUAGES) {
  test(`sound and picture that do not get through are said, with a way on, ${language}`, async () => {
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { mic: false } });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: QUIET });
    await ben.page.addInitScript(fakePath);
    const room = `path-${language.toLowerCase()}`;
    await ann.enter(room);
    await ben.page.goto(`${server.url}/r/${room}`);
    const become = (/** @type {string} */ state) => ben.page.evaluate((s) => /** @type {any} */ (window).path.become(s), state);
    const restarts = () => ben.page.evaluate(() => /** @type {any} */ (window).path.restarts);

    // Blocked from the start: the chat works, and the test tells more.
    await become('failed');
    await ben.join();
    const blocked = ben.text('room.mediaBlocked').first();
    await become('failed');
    await blocked.waitFor();
    await ben.said('room.mediaBlocked');
    assert.equal(await ben.page.getByRole('main').getByRole('link', { name: ben.t('landing.test') }).getAttribute('href'), '/test');
    await ben.say('can you read me?');
    const before = await restarts();
    await ben.button('room.tryNow').click();
    await eventually(restarts, (n) => n > before, { what: 'it is tried again' });
    await become('');
    await blocked.waitFor({ state: 'detached' });
    await ben.moves(ben.tile('Ann'));

    // Broken for a while.
    await become('disconnected');
    await ben.text('room.mediaInterrupted').first().waitFor();
    await become('');
    await ben.text('room.mediaInterrupted').first().waitFor({ state: 'detached' });
    assert.deepEqual(ben.page.problems, []);
    await ann.close();
    await ben.close();
  });
}

test('giving up while reconnecting leaves, and trying for too long ends with a way back', async () => {
  const ben = await guest(browser, cutter.url, { as: 'Ben', prefs: QUIET });
  await ben.page.clock.install();
  await ben.enter('give-up');
  cutter.cut();
  await ben.button('room.giveUp').click();
  await ben.heading('end.title.left').waitFor();
  cutter.mend();
  await ben.button('end.rejoin').click();
  await ben.bar.waitFor();

  cutter.cut();
  await ben.text('room.reconnecting').first().waitFor();
  await eventually(async () => (await ben.page.clock.fastForward(15_000), ben.heading('end.title.lost').isVisible()), Boolean, { what: 'it gives up', ms: 60_000 });
  await ben.text('end.text.lost').first().waitFor();
  cutter.mend();
  await ben.button('end.rejoin').click();
  await ben.bar.waitFor();
  await ben.close();
});

test('the same person in a second tab: told, moved here, and brought back', async () => {
  const first = await guest(browser, server.url, { as: 'Ann' });
  await first.enter('two-tabs');
  const page = Object.assign(await first.page.context().newPage(), { problems: [] });
  const second = new Guest(page, first);
  await page.goto(`${server.url}/r/two-tabs`);
  await second.text('prejoin.elsewhere').waitFor();
  await second.button('prejoin.moveHere').click();
  await second.bar.waitFor();
  await first.heading('end.title.duplicate_identity').waitFor();
  assert.equal(await second.stage.getByRole('group').count(), 1, 'the same person, not two');
  await first.page.bringToFront();
  await first.button('end.useHere').click();
  await first.bar.waitFor();
  await second.heading('end.title.duplicate_identity').waitFor();
  await first.close();
});

/** Runs in the page: the cutter stops everything, a refusal only the socket. */
const load = () => Promise.all(['/ui/room.js', '/ui/end.js', '/sdk/reach.js'].map((path) => import(path))).then(() => {});

/** What the server says over HTTP of the sockets it refuses. @param {Guest} who @param {number} status @param {object} json */
const door = (who, status, json) => who.page.route('**/api/v1/reach', (route) => route.fulfill({ status, json: { message: '', ...json } }));

for (const language of LANGUAGES) {
  test(`refused at the door: why, a countdown, and in without a click, ${language}`, async () => {
    const ben = await guest(browser, cutter.url, { as: 'Ben', language, prefs: QUIET });
    await ben.page.goto(`${cutter.url}/r/door-${language.toLowerCase()}`);
    await ben.field('prejoin.name').fill('Ben');
    await ben.page.evaluate(load);
    await door(ben, 429, { code: 'rate_limited', limit: 'opens', retry_after_ms: 2_000 });
    cutter.cut();
    await ben.button('prejoin.joinListen').click();
    await ben.text('fail.crowd.text').first().waitFor();
    await ben.page.getByText(new RegExp(ben.t('fail.retryIn', { s: '\\d+' }))).waitFor();
    cutter.mend();
    await ben.bar.waitFor();

    // The same while reconnecting.
    cutter.cut();
    await ben.text('fail.crowd.text').first().waitFor();
    cutter.mend();
    await ben.shown('room.reconnected');
    await ben.close();
  });

  test(`a proxy that hides the address is named, with what mends it, ${language}`, async () => {
    const ben = await guest(browser, cutter.url, { as: 'Ben', language, prefs: QUIET });
    await ben.page.goto(`${cutter.url}/r/proxy-${language.toLowerCase()}`);
    await ben.field('prejoin.name').fill('Ben');
    await ben.page.evaluate(load);
    await door(ben, 403, { code: 'forbidden_origin', origin: 'https://meet.example.org', host: 'inner:8443' });
    cutter.cut();
    await ben.button('prejoin.joinListen').click();
    await ben.heading('fail.proxy.title').waitFor();
    await ben.text('fail.proxy.mend', { origin: 'https://meet.example.org', host: 'inner:8443' }).first().waitFor();
    await ben.page.getByText('proxy_set_header Host $http_host;').waitFor();
    cutter.mend();
    await ben.pressUntil(ben.button('app.retry'), ben.bar);
    await ben.close();
  });
}

test('a server that goes away while the page of the room is being fetched is one that does not answer', async () => {
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  await ben.page.route('**/ui/room.js', (route) => route.abort());
  await ben.page.goto(`${server.url}/r/half-there`);
  await ben.field('prejoin.name').fill('Ben');
  await ben.button('prejoin.joinListen').click();
  await ben.heading('fail.server.title').waitFor();
  await ben.page.getByText(new RegExp(ben.t('fail.retryIn', { s: '\\d+' }))).waitFor();
  await ben.page.unroute('**/ui/room.js');
  await ben.pressUntil(ben.button('app.retry'), ben.bar);
  await ben.close();
});

test('a browser that fails in the middle of joining: told by the name of what went wrong, with a way on', async () => {
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  await ben.page.addInitScript(() => {
    window.OscillatorNode = /** @type {any} */ (
      class {
        constructor() {
          throw new DOMException('as the test wants', 'InvalidStateError');
        }
      }
    );
  });
  await ben.page.goto(`${server.url}/r/half-joined`);
  await ben.field('prejoin.name').fill('Ben');
  await ben.button('prejoin.joinListen').click();
  await ben.text('error.unknown', { code: 'InvalidStateError' }).first().waitFor();
  await ben.button('app.retry').waitFor();
  await ben.close();
});
