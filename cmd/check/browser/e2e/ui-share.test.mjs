// A shared screen stands first and large, and is stopped from the bar; the
// whole screen brings a warning; blocked sound asks for one click.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

const { server, browser } = await open();

/** Runs in the page: a screen that is a canvas. @param {string} surface */
export function fakeScreen(surface) {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const denied = /** @type {any} */ (window).denyScreen;
    if (denied) throw new DOMException(denied[1], denied[0]);
    const canvas = document.createElement('canvas');
    canvas.width = 480;
    canvas.height = 270;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    let n = 0;
    const draw = () => {
      c.fillStyle = `hsl(${(n += 5)} 60% 50%)`;
      c.fillRect(0, 0, 480, 270);
    };
    draw();
    const timer = setInterval(draw, 100);
    const [track] = canvas.captureStream(10).getVideoTracks();
    const { stop } = track;
    track.stop = () => (clearInterval(timer), stop.call(track));
    track.getSettings = () => ({ displaySurface: surface });
    Object.assign(window, { sharedScreen: track });
    return new MediaStream([track]);
  };
}

for (const language of LANGUAGES) {
  test(`sharing a screen, ${language}`, async () => {
    const ann = await guest(browser, server.url, { as: 'Ann', language });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: { mic: false } });
    await ann.page.addInitScript(fakeScreen, 'window');
    const room = `share-${language.toLowerCase()}`;
    await ann.enter(room);
    await ben.enter(room);
    await ben.moves(ben.tile('Ann'));

    await ann.control('bar.share').click();
    const screen = ben.tile(ben.t('tile.screen', { name: 'Ann' }));
    await ben.moves(screen);
    await ben.shown('room.shareStarted', { name: 'Ann' });
    const boxes = () => Promise.all([screen, ben.tile('Ann')].map((tile) => tile.boundingBox()));
    await eventually(boxes, ([large, small]) => Boolean(large && small && large.width * large.height > 3 * small.width * small.height), { what: 'the screen is large' });
    await ann.text('room.sharingYou').waitFor();
    // Sharp for reading; smooth for films, if one says so.
    const hint = () => ann.page.evaluate(() => /** @type {any} */ (window).sharedScreen.contentHint);
    assert.equal(await hint(), 'detail');
    await ann.button('room.shareMotion').click();
    await ann.pressed(ann.button('room.shareMotion'));
    assert.equal(await hint(), 'motion');
    await ann.pressed(ann.control('bar.share'));

    // Whoever comes later sees it too.
    const cleo = await guest(browser, server.url, { as: 'Cleo', language, prefs: { mic: false, cam: false } });
    await cleo.enter(room);
    await cleo.moves(cleo.tile(cleo.t('tile.screen', { name: 'Ann' })));
    await cleo.close();

    await ann.button('room.stopSharing').click();
    await screen.waitFor({ state: 'detached' });
    await ann.text('room.sharingYou').waitFor({ state: 'detached' });
    await ben.moves(ben.tile('Ann'));

    await ann.page.evaluate(() => Object.assign(window, { denyScreen: ['NotAllowedError', 'Permission denied by system'] }));
    await ann.control('bar.share').click();
    await ann.shown('room.shareDenied');
    assert.deepEqual([...ann.page.problems, ...ben.page.problems], []);
    await ann.close();
    await ben.close();
  });
}

test('sharing the whole screen warns of endless mirrors', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { mic: false, cam: false } });
  await ann.page.addInitScript(fakeScreen, 'monitor');
  await ann.enter('mirrors');
  await ann.control('bar.share').click();
  await ann.text('room.mirrors').first().waitFor();
  await ann.button('room.shareOther').waitFor();
  await ann.page.getByRole('main').getByRole('button', { name: ann.t('room.stopSharing') }).click();
  await eventually(() => ann.button('room.shareOther').isVisible(), (there) => !there, { what: 'the warning is gone' });
  await ann.close();
});

test('sound that the browser blocks is started by one click', async () => {
  const ben = await guest(browser, server.url, { as: 'Ben' });
  await ben.enter('silent-room');
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { mic: false, cam: false } });
  await ann.page.addInitScript(() => {
    const { play } = HTMLMediaElement.prototype;
    let allowed = false;
    addEventListener('click', (e) => (allowed ||= e.target instanceof Element && e.target.closest('.banner') !== null), true);
    HTMLMediaElement.prototype.play = function () {
      if (this instanceof HTMLAudioElement && !this.muted && !allowed) return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
      return play.call(this);
    };
  });
  await ann.enter('silent-room');
  await ann.button('room.audioBlocked').click();
  await ann.button('room.audioBlocked').waitFor({ state: 'detached' });
  await ann.close();
  await ben.close();
});
