// Pictures that are on and do not come: the tile says why, and shows them as
// soon as they do. Publishers that do what browsers do not are made of browsers.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { wordsFor } from '../../../../transport/httpd/web/ui/picture-problem.js';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { DESKTOP, FOLDER, PHONE } from './tour.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

/** A phone on its side: tiles are small. */
const SMALL = { width: 568, height: 320 };

/** Runs in the page: what is encoded passes by, and can be held back. */
function stubborn() {
  const Real = /** @type {any} */ (RTCPeerConnection);
  const held = { all: false, keys: false };
  const pass = (/** @type {any} */ side, sends = false) => {
    const { readable, writable } = side.createEncodedStreams();
    const video = side.track?.kind === 'video';
    const transform = (/** @type {any} */ frame, /** @type {TransformStreamDefaultController} */ to) => {
      const stays = sends && 'type' in frame && (held.all || (held.keys && frame.type === 'key'));
      if (!stays) to.enqueue(frame);
    };
    void readable.pipeThrough(new TransformStream({ transform })).pipeTo(writable).catch(() => {});
    return video;
  };
  Object.assign(window, {
    held,
    RTCPeerConnection: class extends Real {
      /** @param {any} config */
      constructor(config) {
        super({ ...config, encodedInsertableStreams: true });
      }
      /** @param {any[]} args */
      addTransceiver(...args) {
        const t = super.addTransceiver(...args);
        pass(t.sender, true);
        pass(t.receiver);
        return t;
      }
    },
  });
}

/** Runs in the page: a browser that takes pictures in H264 only. */
function particular() {
  const { setCodecPreferences } = RTCRtpTransceiver.prototype;
  RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
    const all = [...codecs];
    const pictures = this.direction === 'recvonly' && all[0]?.mimeType.startsWith('video/');
    setCodecPreferences.call(this, pictures ? all.filter((c) => /h264/i.test(c.mimeType)) : all);
  };
}

/** Runs in the page: what is written on a tile and does not fit above its name. @param {Element} tile */
function outside(tile) {
  const { left, right, top } = tile.getBoundingClientRect();
  const name = /** @type {Element} */ (tile.querySelector('.tile-foot')).getBoundingClientRect();
  return [...tile.querySelectorAll('.tile-note > *')]
    .map((el) => ({ what: el.textContent, box: el.getBoundingClientRect() }))
    .filter(({ box }) => box.width && (box.left < left || box.right > right || box.top < top || box.bottom > name.top))
    .map(({ what }) => what);
}

/** @param {Guest} who @param {{all?: boolean, keys?: boolean}} what */
const hold = (who, what) => who.page.evaluate((w) => void Object.assign(/** @type {any} */ (window).held, w), what);

/**
 * Waits until a tile says why it has no picture, to the eye and to a screen
 * reader, and fits on every screen.
 * @param {Guest} who
 * @param {string} whose
 * @param {string} problem
 */
async function says(who, whose, problem) {
  const { what, help } = wordsFor(problem, whose, who.language);
  const tile = who.tile(whose);
  await tile.getByText(what).waitFor();
  await tile.getByText(help).waitFor();
  await eventually(() => who.label(tile), (label) => label.includes(what), { what: `${who.name} is told “${what}”` });
  await clean(who, problem);
  for (const size of [SMALL, PHONE, DESKTOP]) {
    await who.page.setViewportSize(size);
    await tile.getByText(what).waitFor();
    const wrong = () => tile.evaluate(outside);
    await eventually(wrong, (lines) => !lines.length, { what: `${problem} fits at ${size.width}`, ms: 2_000 });
    if (FOLDER) await pictures(who, `problem-${problem.split(' ')[0]}-${size.width}`);
  }
}

/** @param {Guest} who @param {string} name */
async function pictures({ page, language }, name) {
  await mkdir(FOLDER, { recursive: true });
  for (const theme of ['light', 'dark']) {
    await page.evaluate((t) => document.documentElement.setAttribute('data-theme', t), theme);
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(FOLDER, `${name}-${theme}-${language}.png`) });
  }
}

for (const language of LANGUAGES) {
  test(`a picture that does not come: why, and that it is back, ${language}`, async () => {
    const room = `problem-${language.toLowerCase()}`;
    const ben = await guest(browser, server.url, { as: 'Ben', language, context: { viewport: DESKTOP } });
    await ben.page.addInitScript(stubborn);
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { mic: false }, context: { viewport: DESKTOP } });
    await ben.enter(room);
    await ann.enter(room);
    await ann.moves(ann.tile('Ben'));

    await hold(ben, { all: true });
    await says(ann, 'Ben', 'no_media');
    const cleo = await guest(browser, server.url, { as: 'Cleo', language, prefs: { mic: false, cam: false }, context: { viewport: DESKTOP } });
    const began = Date.now();
    await cleo.enter(room);
    await cleo.tile('Ben').getByText(wordsFor('no_media', 'Ben', language).what).waitFor();
    console.log(`who came late knew why after ${Date.now() - began} ms`);
    await hold(ben, { all: false });
    await ann.moves(ann.tile('Ben'));
    await cleo.moves(cleo.tile('Ben'));
    await cleo.close();

    // Who comes now needs a key frame; what is made of the one that is held
    // back nobody can decode.
    await hold(ben, { keys: true });
    const dora = await guest(browser, server.url, { as: 'Dora', language, prefs: { mic: false, cam: false }, context: { viewport: DESKTOP } });
    await dora.enter(room);
    await says(dora, 'Ben', 'no_keyframe');
    await ann.tile('Ben').getByText(wordsFor('no_keyframe', 'Ben', language).what).waitFor();
    await hold(ben, { keys: false });
    await dora.moves(dora.tile('Ben'));
    await ann.moves(ann.tile('Ben'));
    await dora.close();

    const eve = await guest(browser, server.url, { as: 'Dora', name: 'Eve', language, prefs: { mic: false, cam: false }, context: { viewport: DESKTOP } });
    await eve.page.addInitScript(particular);
    await eve.enter(room);
    await says(eve, 'Ben', 'codec VP8');
    for (const who of [ann, ben, eve]) {
      assert.deepEqual(who.page.problems, [], who.name);
      await who.close();
    }
  });
}
