// Microphone, camera and screen: switching, losing, replacing.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { cameraLayers } from '../../../../transport/httpd/web/lib/simulcast.js';
import { advance, bench, fakeClock, realClock, settle } from './fake/bench.mjs';

beforeEach(fakeClock);
afterEach(realClock);

const MIC = 0;
const CAM = 1;
const SCREEN = 2;
const SCREEN_AUDIO = 3;

/** @param {ReturnType<typeof bench>} b */
const mutes = (b) => b.server.received('mute').map((m) => `${m.source} ${m.muted ? 'off' : 'on'}`);

test('the microphone stays open while muted, the camera does not', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setMicrophoneEnabled(true);
  await me.setCameraEnabled(true);
  const [mic, cam] = b.media.given;
  await me.setMicrophoneEnabled(false);
  await me.setCameraEnabled(false);
  await settle();
  assert.deepEqual([mic.enabled, mic.readyState], [false, 'live']);
  assert.equal(b.pc.transceivers[MIC].sender.track, mic);
  assert.equal(cam.readyState, 'ended');
  assert.equal(b.pc.transceivers[CAM].sender.track, null);
  await me.setMicrophoneEnabled(true);
  await me.setCameraEnabled(true);
  await settle();
  assert.equal(mic.enabled, true);
  assert.equal(b.media.given.length, 3, 'only the camera is opened again');
  assert.deepEqual(mutes(b), ['microphone on', 'camera on', 'microphone off', 'camera off', 'microphone on', 'camera on']);
  assert.equal(b.server.received('offer').length, 0, 'no renegotiation');
});

test('quick presses end in the last wish', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  b.server.answers.mute = () => null; // the first is not answered before the last press
  for (const on of [true, false, true, false, true]) void me.setCameraEnabled(on);
  await settle();
  delete b.server.answers.mute;
  assert.equal(me.isCameraEnabled, true);
  assert.equal(b.media.given.filter((t) => t.readyState === 'live').length, 1);
  assert.deepEqual(mutes(b), ['camera on'], 'one at a time');
});

test('a mute that was too fast is repeated', async () => {
  const b = bench();
  await b.join();
  b.server.answers.mute = () => ({ type: 'error', code: 'rate_limited', message: '', retry_after_ms: 300 });
  await b.room.localParticipant.setMicrophoneEnabled(true);
  await settle();
  delete b.server.answers.mute;
  await advance(400);
  assert.deepEqual(mutes(b), ['microphone on', 'microphone on']);
  await advance(5_000, 500);
  assert.equal(mutes(b).length, 2);
});

test('of hands and names that were too fast the last is repeated', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  const tooFast = () => ({ type: 'error', code: 'rate_limited', message: '', retry_after_ms: 300 });
  b.server.answers.hand = tooFast;
  b.server.answers.rename = tooFast;
  const all = [me.setHand(true), me.setHand(false), me.rename('A'), me.rename('B')];
  await settle();
  delete b.server.answers.hand;
  delete b.server.answers.rename;
  await advance(400);
  await Promise.all(all);
  assert.deepEqual(b.server.received('hand').map((r) => r.raised), [true, false, false]);
  assert.deepEqual(b.server.received('rename').map((r) => r.name), ['A', 'B', 'B']);
  await advance(5_000, 500);
  assert.equal(b.server.received('hand').length, 3);
});

test('devices may be opened before the meeting', async () => {
  const b = bench();
  await b.room.localParticipant.setCameraEnabled(true, { width: 640, height: 360, facingMode: 'user' });
  assert.deepEqual(b.media.asked[0].video.width, { ideal: 640 });
  assert.deepEqual(b.media.asked[0].video.facingMode, { ideal: 'user' });
  await b.join();
  assert.deepEqual(b.server.received('join')[0].unmuted, ['camera']);
  assert.equal(b.pc.transceivers[CAM].sender.track, b.media.given[0]);
});

test('another device is taken without renegotiation', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setMicrophoneEnabled(true);
  await me.setMicrophoneEnabled(false);
  await me.switchActiveDevice('audioinput', 'mic-2');
  const [first, second] = b.media.given;
  assert.deepEqual(b.media.asked[1].audio.deviceId, { exact: 'mic-2' });
  assert.equal(first.readyState, 'ended');
  assert.equal(second.label, 'Headset');
  assert.equal(second.enabled, false, 'a muted microphone stays muted');
  assert.equal(b.pc.transceivers[MIC].sender.track, second);
  assert.equal(me.activeDevice('audioinput'), 'mic-2');
  await me.switchActiveDevice('videoinput', 'cam-2');
  assert.equal(b.media.given.length, 2, 'a camera that is off stays off');
  await me.setCameraEnabled(true);
  assert.equal(b.media.given[2].label, 'Back camera');
  await me.switchActiveDevice('audiooutput', 'speaker-1');
  assert.equal(me.activeDevice('audiooutput'), 'speaker-1');
  assert.deepEqual(b.seen('activeDeviceChanged').map((e) => e.kind), ['audioinput', 'videoinput', 'audiooutput']);
  assert.equal(b.server.received('offer').length, 0);
});

test('a device that can not be taken leaves the old one', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setMicrophoneEnabled(true);
  await assert.rejects(me.switchActiveDevice('audioinput', 'mic-9'), { code: 'not_found', source: 'microphone' });
  assert.equal(b.media.given[0].readyState, 'live');
  assert.equal(me.activeDevice('audioinput'), '');
  assert.equal(b.pc.transceivers[MIC].sender.track, b.media.given[0]);
});

test('phones that open one camera only get the other by closing the first', async () => {
  const b = bench();
  b.media.oneCamera = true;
  await b.join();
  await b.room.localParticipant.setCameraEnabled(true);
  await b.room.localParticipant.switchActiveDevice('videoinput', 'cam-2');
  assert.deepEqual(b.media.given.map((t) => [t.label, t.readyState]), [['Front camera', 'ended'], ['Back camera', 'live']]);
  assert.equal(b.pc.transceivers[CAM].sender.track, b.media.given[1]);
});

test('other options for the microphone take effect while it is on', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setMicrophoneEnabled(true);
  await me.setMicrophoneEnabled(true, { noiseSuppression: false });
  assert.equal(b.media.given.length, 2);
  assert.equal(b.media.asked[1].audio.noiseSuppression, false);
  await me.setMicrophoneEnabled(true, { noiseSuppression: false });
  assert.equal(b.media.given.length, 2, 'the same options change nothing');
});

test('other options take the microphone as it is opened again: the old track ends before', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setMicrophoneEnabled(true);
  let open = () => {};
  b.media.gate = new Promise((resolve) => (open = () => resolve(undefined)));
  const changed = me.setMicrophoneEnabled(true, { echoCancellation: false });
  await settle();
  assert.deepEqual(b.media.given.map((t) => t.readyState), ['ended']);
  open();
  await changed;
  assert.equal(b.pc.transceivers[MIC].sender.track, b.media.given[1]);

  b.media.error = new DOMException('taken meanwhile', 'NotReadableError');
  await assert.rejects(me.setMicrophoneEnabled(true, { echoCancellation: true }), { code: 'in_use' });
  await settle();
  assert.equal(me.isMicrophoneEnabled, false, 'off, and said so');
  assert.equal(b.pc.transceivers[MIC].sender.track, null);
  assert.deepEqual(mutes(b), ['microphone on', 'microphone off']);
});

test('music is taken as it sounds and gets more bits; speech is as before', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  const { sender } = b.pc.transceivers[MIC];
  const sent = () => [/** @type {any} */ (sender.track).contentHint, sender.encodings[0].maxBitrate];
  await me.setMicrophoneEnabled(true, { noiseSuppression: true, voiceIsolation: true, music: true });
  assert.deepEqual(b.media.asked[0].audio, { echoCancellation: false, noiseSuppression: false, autoGainControl: false, voiceIsolation: false });
  assert.deepEqual(sent(), ['music', 128_000]);
  await me.switchActiveDevice('audioinput', 'mic-2');
  assert.deepEqual(sent(), ['music', 128_000], 'another device, too');
  await me.setMicrophoneEnabled(true, { music: false });
  assert.deepEqual(b.media.asked[2].audio, { echoCancellation: true, noiseSuppression: true, autoGainControl: true, voiceIsolation: true, deviceId: { ideal: 'mic-2' } });
  assert.deepEqual(sent(), ['', undefined]);
  assert.equal(b.server.received('offer').length, 0, 'no renegotiation');
});

test('a track handed over as music is sent as music', async () => {
  const b = bench();
  const [track] = (await b.media.getUserMedia({ audio: true })).getTracks();
  track.contentHint = 'music';
  await b.join({ audio: track });
  assert.equal(b.pc.transceivers[MIC].sender.encodings[0].maxBitrate, 128_000);
});

test('a browser that takes no bitrate for sound sends it all the same', async () => {
  const b = bench();
  await b.join();
  b.pc.transceivers[MIC].sender.setParameters = async () => Promise.reject(new DOMException('no', 'InvalidStateError'));
  await b.room.localParticipant.setMicrophoneEnabled(true, { music: true });
  assert.equal(b.pc.transceivers[MIC].sender.track, b.media.given[0]);
});

for (const tellTrack of [true, false]) {
  test(`an unplugged microphone gives way to the default and is said (track ${tellTrack ? 'ends' : 'stays silent'})`, async () => {
    const b = bench();
    await b.join();
    const me = b.room.localParticipant;
    await me.setMicrophoneEnabled(true, { deviceId: 'mic-2' });
    await settle();
    b.media.unplug('mic-2', { tellTrack });
    await settle();
    assert.deepEqual(b.seen('deviceLost'), [{ kind: 'audioinput', label: 'Headset', fallback: 'Desk microphone' }]);
    assert.equal(b.pc.transceivers[MIC].sender.track, b.media.given[1]);
    assert.equal(me.isMicrophoneEnabled, true);
    assert.deepEqual(mutes(b), ['microphone on'], 'nobody else notices');
  });
}

test('a muted microphone that is unplugged comes back muted', async () => {
  const b = bench();
  await b.join();
  await b.room.localParticipant.setMicrophoneEnabled(true);
  await b.room.localParticipant.setMicrophoneEnabled(false);
  b.media.unplug('mic-1');
  await settle();
  assert.equal(b.media.given[1].enabled, false);
  assert.equal(b.room.localParticipant.isMicrophoneEnabled, false);
});

test('the only camera unplugged: off, and said', async () => {
  const b = bench();
  b.media.devices = b.media.devices.filter((d) => d.deviceId !== 'cam-2');
  await b.join();
  await b.room.localParticipant.setCameraEnabled(true);
  b.media.unplug('cam-1');
  await settle();
  assert.deepEqual(b.seen('deviceLost'), [{ kind: 'videoinput', label: 'Front camera', fallback: null }]);
  assert.equal(b.seen('mediaDevicesError')[0].error.code, 'not_found');
  assert.equal(b.room.localParticipant.isCameraEnabled, false);
  assert.equal(b.pc.transceivers[CAM].sender.track, null);
  assert.deepEqual(mutes(b), ['camera on', 'camera off']);
});

test('a track that is no device (a canvas) is not taken for unplugged', async () => {
  const b = bench();
  b.media.synthetic = true;
  await b.join();
  await b.room.localParticipant.setCameraEnabled(true);
  await settle();
  b.media.unplug('cam-1', { tellTrack: false });
  await settle();
  assert.deepEqual(b.seen('deviceLost'), []);
  assert.equal(b.media.given[0].readyState, 'live');
});

test('a screen with its sound; the browser’s own stop ends both', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setScreenShareEnabled(true);
  const [screen, sound] = b.media.given;
  assert.equal(screen.contentHint, 'detail');
  assert.equal(b.pc.transceivers[SCREEN].sender.track, screen);
  assert.equal(b.pc.transceivers[SCREEN_AUDIO].sender.track, sound);
  await me.setScreenShareEnabled(true);
  assert.equal(b.media.given.length, 2, 'sharing twice is sharing once');
  screen.end();
  await settle();
  assert.equal(sound.readyState, 'ended');
  assert.equal(me.isScreenShareEnabled, false);
  assert.deepEqual([b.pc.transceivers[SCREEN].sender.track, b.pc.transceivers[SCREEN_AUDIO].sender.track], [null, null]);
  assert.deepEqual(mutes(b), ['screen on', 'screen_audio on', 'screen off', 'screen_audio off']);
});

test('a screen without sound, for films; closing the picker is no fault', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setScreenShareEnabled(true, { audio: false, contentHint: 'motion' });
  assert.equal(b.media.given.length, 1);
  assert.equal(b.media.given[0].contentHint, 'motion');
  await me.setScreenShareEnabled(false);
  b.media.error = new DOMException('Permission denied', 'NotAllowedError');
  await assert.rejects(me.setScreenShareEnabled(true), { code: 'cancelled' });
  assert.equal(me.mediaErrors.size, 0);
});

test('what opens after leaving is closed at once', async () => {
  const b = bench();
  await b.join();
  /** @type {(value?: unknown) => void} */
  let allow = () => {};
  b.media.gate = new Promise((resolve) => (allow = resolve));
  const late = b.room.localParticipant.setCameraEnabled(true).catch((e) => e);
  await settle();
  await b.room.leave();
  allow();
  assert.equal((await late).code, 'aborted');
  assert.equal(b.media.given[0].readyState, 'ended');
  assert.equal(b.room.localParticipant.tracks.size, 0);
});

test('no media devices: insecure page or old browser', async () => {
  for (const [secure, code] of /** @type {const} */ ([[false, 'insecure_context'], [true, 'unsupported']])) {
    const plain = bench();
    const b = bench({ platform: { ...plain.platform, mediaDevices: undefined, secure } });
    await assert.rejects(b.room.localParticipant.setMicrophoneEnabled(true), { code, source: 'microphone' });
    await assert.rejects(b.room.localParticipant.setScreenShareEnabled(true), { code });
  }
});

/** A server that does not take the camera. @param {ReturnType<typeof bench>} b */
function refuseCamera(b) {
  const problems = [{ mid: '1', source: 'camera', code: 'no_codec', message: 'none' }, { mid: '5', seat: 0, code: 'sdp_profile', message: 'no' }];
  b.server.answers.join = (request) => ({ ...b.server.usual(request), problems });
  return problems;
}

test('a source that the server does not take can not be turned on, the others can', async () => {
  const b = bench();
  refuseCamera(b);
  await b.join();
  const me = b.room.localParticipant;
  await assert.rejects(me.setCameraEnabled(true), { code: 'no_codec', source: 'camera' });
  assert.equal(b.media.given[0].readyState, 'ended', 'and its light is off');
  assert.equal(me.isCameraEnabled, false);
  assert.equal(me.mediaErrors.get('camera')?.code, 'no_codec');
  assert.equal(b.pc.transceivers[CAM].sender.track, null);
  await me.setMicrophoneEnabled(true);
  await settle();
  assert.deepEqual(mutes(b).filter((m) => m.includes('on')), ['microphone on']);
});

test('what was on before the answer ends when the server does not take it, and it is said', async () => {
  const b = bench();
  refuseCamera(b);
  await b.room.localParticipant.setCameraEnabled(true);
  await b.join();
  await settle();
  assert.deepEqual(b.seen('mediaDevicesError').map(({ source, error }) => [source, error.code]), [['camera', 'no_codec']]);
  assert.equal(b.media.given[0].readyState, 'ended');
  assert.equal(b.room.localParticipant.isCameraEnabled, false);
});

test('a screen whose sound the server does not take is shared without', async () => {
  const b = bench();
  b.server.answers.join = (request) => ({ ...b.server.usual(request), problems: [{ mid: '3', source: 'screen_audio', code: 'no_codec', message: '' }] });
  await b.join();
  await b.room.localParticipant.setScreenShareEnabled(true);
  assert.deepEqual([...b.room.localParticipant.tracks.keys()], ['screen']);
  assert.deepEqual(b.seen('mediaDevicesError').map(({ source, error }) => [source, error.code]), [['screen_audio', 'no_codec']]);
  assert.deepEqual(b.media.given.map((t) => t.readyState), ['live', 'ended']);
});

test('what a later answer does not take ends too; a section without a mid is not named again', async () => {
  const b = bench();
  await b.join({ seats: 1 });
  await b.room.localParticipant.setScreenShareEnabled(true);
  b.server.answers.offer = ({ offer }) => ({ type: 'answer', answer: `answer to ${offer}`, problems: [{ mid: '2', source: 'screen', code: 'sdp_mismatch', message: '' }] });
  b.room.setView([1, 2].map((n) => ({ participant: `p${n}`, source: 'camera', width: 1, height: 1 })));
  await advance(300);
  assert.deepEqual(b.seen('mediaDevicesError').map(({ source }) => source), ['screen']);
  assert.deepEqual([...b.room.localParticipant.tracks.keys()], ['screen_audio']);
  await assert.rejects(b.room.localParticipant.setScreenShareEnabled(true), { code: 'sdp_mismatch' });
  assert.deepEqual(b.media.given.slice(2).map((t) => t.readyState), ['ended', 'ended'], 'sound and picture of the attempt');
  // A browser takes the mid from a transceiver whose section was rejected.
  b.pc.transceivers[SCREEN].stopped = true;
  delete b.server.answers.offer;
  b.room.setView([1, 2, 3, 4].map((n) => ({ participant: `p${n}`, source: 'camera', width: 1, height: 1 })));
  await advance(300);
  assert.deepEqual(Object.keys(b.server.received('offer').at(-1)?.sources), ['microphone', 'camera', 'screen_audio']);
});

test('the camera is sent in as many layers as its size is worth, the biggest in full', async () => {
  const b = bench();
  await b.join();
  const me = b.room.localParticipant;
  await me.setCameraEnabled(true);
  const layers = () => b.pc.transceivers[CAM].sender.encodings.map((/** @type {any} */ e) => (e.active === false ? '-' : `${e.rid}/${e.scaleResolutionDownBy}`)).join(' ');
  assert.equal(layers(), 'q/4 h/2 f/1');
  b.media.size = { width: 640, height: 480 };
  await me.switchActiveDevice('videoinput', 'cam-2');
  assert.equal(layers(), 'q/2 h/1 -');
  b.media.size = { width: 1920, height: 1080 };
  await me.switchActiveDevice('videoinput', 'cam-1');
  assert.equal(layers(), 'q/4 h/2 f/1', 'and back');
  assert.equal(b.server.received('offer').length, 0, 'no renegotiation');
});

test('layers by size: never more than Chromium sends, always one in full', () => {
  for (const [width, height, want] of /** @type {const} */ ([[0, 0, 3], [1280, 720, 3], [720, 1280, 3], [960, 540, 3], [800, 600, 2], [640, 480, 2], [640, 360, 2], [480, 270, 2], [352, 288, 1], [320, 180, 1], [1, 1, 1]])) {
    const all = cameraLayers(width, height);
    const active = all.filter((l) => l.active);
    assert.deepEqual(all.map((l) => l.rid), ['q', 'h', 'f'], 'as negotiated');
    assert.equal(active.length, want, `${width}×${height}`);
    assert.deepEqual(all.slice(0, want), active, 'Chromium keeps the first');
    assert.equal(active.at(-1)?.scaleResolutionDownBy, 1);
    for (let i = 1; i < active.length; i++) assert.ok(active[i].scaleResolutionDownBy < active[i - 1].scaleResolutionDownBy && active[i].maxBitrate > active[i - 1].maxBitrate);
  }
});
