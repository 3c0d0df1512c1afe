// Music mode: the microphone as it sounds, and more bits for it. With the
// browser's own microphone, for only that has settings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

/** Runs in the page: the real microphone, and an eye on what is sent. */
function atPiano() {
  const media = /** @type {any} */ (navigator.mediaDevices);
  delete media.getUserMedia; // the tone of the other tests
  const { setLocalDescription, addTransceiver } = RTCPeerConnection.prototype;
  const w = /** @type {any} */ (window);
  w.offers = 0;
  RTCPeerConnection.prototype.addTransceiver = function (/** @type {any[]} */ ...args) {
    const transceiver = /** @type {any} */ (addTransceiver).apply(this, args);
    if (transceiver.direction === 'sendonly' && args[0] === 'audio') w.microphone = this.getTransceivers()[0].sender;
    return transceiver;
  };
  RTCPeerConnection.prototype.setLocalDescription = function (/** @type {any[]} */ ...args) {
    w.offers++;
    return /** @type {any} */ (setLocalDescription).apply(this, args);
  };
}

/** What is sent of the microphone, and how. @param {Guest} who */
const sent = (who) =>
  who.page.evaluate(() => {
    const sender = /** @type {RTCRtpSender} */ (/** @type {any} */ (window).microphone);
    const { echoCancellation, noiseSuppression, autoGainControl } = sender.track?.getSettings() ?? {};
    return { echoCancellation, noiseSuppression, autoGainControl, hint: sender.track?.contentHint, max: sender.getParameters().encodings[0].maxBitrate ?? 0 };
  });

/** Bits per second that the encoder aims at. @param {Guest} who */
const target = (who) =>
  who.page.evaluate(async () => {
    const report = /** @type {RTCStatsReport} */ (await /** @type {any} */ (window).microphone.getStats());
    return [...report.values()].find((s) => s.type === 'outbound-rtp')?.targetBitrate ?? 0;
  });

const SPEECH = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, hint: '', max: 0 };
const MUSIC = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, hint: 'music', max: 128_000 };

/** @param {Guest} who @param {typeof SPEECH} how @param {string} what */
async function sends(who, how, what) {
  await eventually(() => sent(who), (now) => JSON.stringify(now) === JSON.stringify(how), { what });
}

for (const language of LANGUAGES) {
  test(`music mode in the call, over a mute, and after loading again, ${language}`, async () => {
    const ann = await guest(browser, server.url, { language, prefs: { cam: false, audio: { noiseSuppression: true } } });
    await ann.page.addInitScript(atPiano);
    await ann.enter(`music-${language.toLowerCase()}`);
    await sends(ann, SPEECH, 'speech to begin with');
    const { page } = ann;
    const offers = await page.evaluate(() => /** @type {any} */ (window).offers);
    const option = (/** @type {import('./ui.mjs').Key} */ key) => page.getByRole('switch', { name: ann.t(key), exact: true });

    await ann.control('device.micMenu').click();
    await option('device.noiseSuppression').uncheck();
    await sends(ann, { ...SPEECH, noiseSuppression: false }, 'an option alone');
    await option('device.music').press('Space');
    await sends(ann, MUSIC, 'music');
    await eventually(() => target(ann), (rate) => rate > 100_000, { what: 'the encoder aims high' });
    for (const key of /** @type {const} */ (['device.noiseSuppression', 'device.echoCancellation', 'device.autoGainControl'])) {
      assert.equal(await option(key).isDisabled(), true, key);
      assert.equal(await option(key).isChecked(), false, key);
    }
    await ann.text('device.musicHelp').waitFor();
    await clean(ann, 'microphone menu in music mode');
    await page.keyboard.press('Escape');

    await ann.control('bar.mic').click();
    await ann.pressed(ann.control('bar.mic'), false);
    await ann.control('bar.mic').click();
    await ann.pressed(ann.control('bar.mic'));
    await sends(ann, MUSIC, 'music after a mute');
    assert.equal(await page.evaluate(() => /** @type {any} */ (window).offers), offers, 'no renegotiation');

    await page.reload(); // which leads right back
    await ann.bar.waitFor();
    await sends(ann, MUSIC, 'music after loading again');
    await page.keyboard.press('Escape');
    await ann.more('app.settings');
    assert.equal(await option('device.echoCancellation').isDisabled(), true);
    await option('device.music').uncheck();
    await sends(ann, { ...SPEECH, noiseSuppression: false }, 'speech again, as it was chosen');
    assert.equal(await option('device.echoCancellation').isChecked(), true);
    assert.equal(await option('device.noiseSuppression').isChecked(), false);
    await eventually(() => target(ann), (rate) => rate > 0 && rate < 64_000, { what: 'the encoder aims as before' });
    assert.deepEqual(page.problems, []);
    await ann.close();
  });
}

test('in music mode a microphone that is silent is still told, and a quiet one is not', async () => {
  const ann = await guest(browser, server.url, { prefs: { cam: false, audio: { music: true } } });
  await ann.page.addInitScript(() => {
    /** @type {GainNode[]} */
    const gains = [];
    navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext();
      const hum = new OscillatorNode(context, { frequency: 50 });
      const gain = new GainNode(context, { gain: 0.001 }); // what a quiet room leaves without processing
      const out = new MediaStreamAudioDestinationNode(context);
      hum.connect(gain).connect(out);
      hum.start();
      gains.push(gain);
      return out.stream;
    };
    Object.assign(window, { cut: () => gains.forEach((g) => (g.gain.value = 0)) });
  });
  await ann.enter('music-silent');
  await ann.ownTile.waitFor();
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  assert.equal(await ann.text('room.silentMic').count(), 0, 'a quiet room is not silent');
  await ann.page.evaluate(() => /** @type {any} */ (window).cut());
  await ann.text('room.silentMic').first().waitFor({ timeout: 20_000 });
  await ann.close();
});
