// Joining: what is sent, what is known afterwards, how it fails.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { advance, bench, fakeClock, person, realClock, settle } from './fake/bench.mjs';
import { FakeTrack } from './fake/rtc.mjs';

beforeEach(fakeClock);
afterEach(realClock);

test('the offer travels in join: four sending sections, then the seats', async () => {
  const b = bench();
  await b.join({ seats: 3 });
  assert.equal(b.server.socket.url, 'wss://meet.test/api/v1/ws');
  assert.equal(b.server.socket.protocol, 'parley.v1');
  const [join] = b.server.received('join');
  assert.equal(join.offer, 'pc1 offer 1');
  assert.deepEqual(join.sources, { microphone: '0', camera: '1', screen: '2', screen_audio: '3' });
  assert.deepEqual(join.seats, [{ audio: '4', video: '5' }, { audio: '6', video: '7' }, { audio: '8', video: '9' }]);
  assert.deepEqual(join.unmuted, []);
  assert.deepEqual(
    b.pc.transceivers.map((t) => `${t.kind} ${t.direction}`),
    ['audio sendonly', 'video sendonly', 'video sendonly', 'audio sendonly', ...Array(3).fill(['audio recvonly', 'video recvonly']).flat()],
  );
  assert.deepEqual(b.pc.transceivers[1].sender.encodings.map((/** @type {any} */ e) => [e.rid, e.scaleResolutionDownBy]), [['q', 4], ['h', 2], ['f', 1]]);
  assert.equal(b.pc.remoteDescription.sdp, 'answer to pc1 offer 1');
});

test('joined fills the room, and nobody in it is announced as new', async () => {
  const b = bench();
  b.server.others = [person('ann'), person('ben', { away: true })];
  b.server.answers.join = (r) => ({ ...b.server.joined(r), hands: ['ben'], chat: [{ id: 'c0', key: 'k', participant: 'x', name: 'X', at: 1, text: 'before' }] });
  await b.join();
  assert.equal(b.room.state, 'connected');
  assert.equal(b.room.name, 'tea');
  assert.equal(b.room.localParticipant.id, 'me-1');
  assert.deepEqual([...b.room.remoteParticipants.keys()], ['ann', 'ben']);
  assert.equal(b.room.remoteParticipants.get('ben')?.away, true);
  assert.equal(b.room.remoteParticipants.get('ann')?.isMuted('camera'), false);
  assert.equal(b.room.remoteParticipants.get('ann')?.isMuted('screen'), true);
  assert.deepEqual(b.room.hands, ['ben']);
  assert.deepEqual(b.room.chat.messages.map((m) => m.text), ['before']);
  assert.equal(b.room.meeting?.limits.seats, 40);
  assert.equal(b.room.serverNow() - Date.now(), 250);
  assert.deepEqual(b.seen('participantConnected'), []);
  assert.deepEqual(b.seen('chatMessage'), []);
});

test('what comes right behind joined waits until the caller can listen', async () => {
  const b = bench();
  b.server.others = [person('ann')];
  b.server.answers.join = (r) => {
    setImmediate(() => b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true }));
    return undefined;
  };
  const joined = b.room.connect({ room: 'tea', name: 'Me', seats: 1 }).then(() => {
    assert.equal(b.seen('trackSubscribed').length, 0, 'announced before connect() resolved');
  });
  await settle();
  await joined;
  await advance(1);
  assert.deepEqual(b.seen('trackSubscribed').map((e) => [e.participant.id, e.source]), [['ann', 'microphone'], ['ann', 'camera']]);
});

test('tracks handed over are sent from the start', async () => {
  const b = bench();
  const audio = new FakeTrack('audio');
  const video = new FakeTrack('video');
  audio.enabled = false;
  await b.join({ audio, video });
  assert.deepEqual(b.server.received('join')[0].unmuted, ['camera'], 'a disabled microphone joins muted');
  assert.equal(b.pc.transceivers[0].sender.track, audio);
  assert.equal(b.pc.transceivers[1].sender.track, video);
  assert.deepEqual(b.media.asked, [], 'no second prompt');
  assert.equal(b.room.localParticipant.isCameraEnabled, true);
  assert.equal(b.room.localParticipant.isMicrophoneEnabled, false);
  await b.room.leave();
  assert.deepEqual([audio.readyState, video.readyState], ['ended', 'ended']);
});

test('a join does not wait for a permission prompt', async () => {
  const b = bench();
  /** @type {(value?: unknown) => void} */
  let allow = () => {};
  b.media.gate = new Promise((resolve) => (allow = resolve));
  await b.join({ audio: true, video: true });
  assert.equal(b.room.state, 'connected');
  assert.deepEqual(b.server.received('join')[0].unmuted, []);
  allow();
  await settle();
  assert.deepEqual(b.seen('localTrackPublished').map((e) => e.source).sort(), ['camera', 'microphone']);
  assert.deepEqual(b.server.received('mute').map((m) => [m.source, m.muted]).sort(), [['camera', false], ['microphone', false]]);
});

test('a device that can not be had does not cost the join', async () => {
  const b = bench();
  b.media.error = new DOMException('Permission denied', 'NotAllowedError');
  await b.join({ audio: true });
  assert.equal(b.room.state, 'connected');
  const [{ source, error }] = b.seen('mediaDevicesError');
  assert.deepEqual([source, error.code], ['microphone', 'permission_denied']);
  assert.equal(b.room.localParticipant.mediaErrors.get('microphone')?.code, 'permission_denied');
});

for (const [what, prepare, code, retryable] of /** @type {const} */ ([
  ['a server that is not there', (/** @type {any} */ b) => (b.server.door = 'refuse'), 'connect_failed', true],
  ['a full room', (/** @type {any} */ b) => (b.server.answers.join = () => ({ type: 'error', code: 'room_full', message: 'full' })), 'room_full', true],
  ['a refused name', (/** @type {any} */ b) => (b.server.answers.join = () => ({ type: 'error', code: 'bad_name', message: 'no' })), 'bad_name', false],
  ['an answer that is none', (/** @type {any} */ b) => (b.server.answers.join = (/** @type {any} */ r) => ({ ...b.server.joined(r), answer: 'bad' })), 'webrtc_failed', true],
  ['a server that hangs up', (/** @type {any} */ b) => (b.server.answers.join = () => (setImmediate(() => b.server.socket.drop()), null)), 'connection_lost', true],
])) {
  test(`${what}: ${code}, and nothing is left behind`, async () => {
    const b = bench();
    prepare(b);
    const handed = new FakeTrack('video');
    const failed = b.room.connect({ room: 'tea', name: 'Me', audio: true, video: /** @type {any} */ (handed) }).catch((e) => e);
    await settle();
    const error = await failed;
    assert.equal(error.code, code);
    assert.equal(error.retryable, retryable);
    assert.equal(b.room.state, 'disconnected');
    assert.equal(b.pc.connectionState, 'closed');
    assert.ok(b.server.sockets.every((s) => s.readyState >= 2), 'a socket stays open');
    assert.equal(handed.readyState, 'live', 'a track handed over stays with the caller when the join fails');
    assert.ok(b.media.given.every((t) => t.readyState === 'ended'), 'a captured track goes on');
    delete b.server.answers.join;
    b.server.door = 'accept';
    await b.join();
    assert.equal(b.room.state, 'connected', 'a second try works');
  });
}

test('a server that does not answer: timeout', async () => {
  const b = bench();
  b.server.door = 'hang';
  const failed = b.room.connect({ room: 'tea', name: 'Me' }).catch((e) => e);
  await advance(10_100, 500);
  assert.equal((await failed).code, 'timeout');
});

test('aborted while opening, while joining, and before', async () => {
  for (const when of ['before', 'opening', 'joining']) {
    const b = bench();
    const abort = new AbortController();
    if (when === 'before') abort.abort();
    if (when === 'opening') b.server.door = 'hang';
    if (when === 'joining') b.server.answers.join = () => null;
    const failed = b.room.connect({ room: 'tea', name: 'Me', audio: true, signal: abort.signal }).catch((e) => e);
    await settle();
    abort.abort(new Error('enough'));
    await settle();
    const error = await failed;
    assert.equal(error.code, 'aborted', when);
    assert.equal(b.room.state, 'disconnected', when);
    assert.ok(b.server.sockets.every((s) => s.readyState >= 2), `${when}: a socket stays open`);
    assert.ok(b.media.given.every((t) => t.readyState === 'ended'), `${when}: a track goes on`);
    assert.deepEqual(b.seen('disconnected'), [], 'it never was connected');
  }
});

test('aborting after the join does nothing', async () => {
  const b = bench();
  const abort = new AbortController();
  await b.join({ signal: abort.signal });
  abort.abort();
  await settle();
  assert.equal(b.room.state, 'connected');
});

test('bad addresses and rooms without a name are refused without a socket', async () => {
  const b = bench();
  await assert.rejects(b.room.connect({ url: 'nonsense', name: 'Me', room: 'tea' }), { code: 'bad_url' });
  await assert.rejects(b.room.connect({ url: 'ftp://x/r/tea', name: 'Me' }), { code: 'bad_url' });
  await assert.rejects(b.room.connect({ url: 'https://x/', name: 'Me' }), { code: 'bad_room' });
  await assert.rejects(b.room.connect({ room: ' ', name: 'Me' }), { code: 'bad_room' });
  assert.equal(b.server.sockets.length, 0);
});

test('a browser without WebRTC, and a page that may not open sockets', async () => {
  const { platform } = bench();
  const old = bench({ platform: { ...platform, RTCPeerConnection: undefined } });
  await assert.rejects(old.room.connect({ room: 'tea', name: 'Me' }), { code: 'unsupported' });
  const forbidden = class {
    constructor() {
      throw new DOMException('blocked', 'SecurityError');
    }
  };
  const strict = bench({ platform: { ...platform, WebSocket: forbidden } });
  await assert.rejects(strict.room.connect({ room: 'tea', name: 'Me' }), { code: 'connect_failed' });
  assert.equal(strict.room.state, 'disconnected');
});

test('a link names server and room', async () => {
  const b = bench();
  b.server.title = 'Tea Room';
  const joined = b.room.connect({ url: 'http://other.test:8443/r/Cafe%CC%81%20Tea.', name: 'Me' });
  await settle();
  await joined;
  assert.equal(b.server.socket.url, 'ws://other.test:8443/api/v1/ws');
  assert.equal(b.server.received('join')[0].room, 'Cafe\u0301 Tea.', 'as it stands there: the server folds');
  assert.equal(b.room.name, 'Tea Room', 'as who opened it typed it');
  assert.equal(b.room.meeting?.room, 'Cafe\u0301 Tea.', 'this one folds nothing');
});

test('joining twice is refused', async () => {
  const b = bench();
  await b.join();
  await assert.rejects(b.room.connect({ room: 'tea', name: 'Me' }), { code: 'already_joined' });
});

test('the setup test asks for an echo', async () => {
  const b = bench();
  const joined = b.room.connect({ name: 'Me', echo: true });
  await settle();
  await joined;
  assert.equal(b.server.received('join')[0].echo, true);
});
