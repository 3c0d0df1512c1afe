// Lost sockets, lost networks, lost sessions.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { defaultPolicy } from '../../../../transport/httpd/web/sdk/reconnect.js';
import { advance, bench, fakeClock, person, realClock, settle } from './fake/bench.mjs';

beforeEach(fakeClock);
afterEach(realClock);

async function joined(more = {}) {
  const b = bench();
  b.server.others = [person('ann')];
  b.server.seq = 7;
  await b.join(more);
  b.pc.become('connected');
  b.events.length = 0;
  return b;
}

test('a lost socket is resumed where it was; media is left alone', async () => {
  const b = await joined({ audio: true });
  b.server.send('participant_renamed', { participant: 'ann', name: 'Ann' });
  await settle();
  b.server.socket.drop();
  assert.equal(b.room.state, 'reconnecting');
  await advance(50);
  assert.equal(b.room.state, 'connected');
  const [resume] = b.server.received('resume');
  assert.deepEqual([resume.token, resume.seq], ['token-me-1', 8]);
  assert.deepEqual(b.seen('reconnecting').map((e) => [e.attempt, e.nextInMs, e.error.code]), [[1, 0, 'connection_lost']]);
  assert.deepEqual(b.seen('reconnected'), [{ resumed: true }]);
  assert.equal(b.pcs.length, 1);
  assert.equal(b.media.given[0].readyState, 'live');
  assert.equal(b.server.received('join').length, 1);
});

test('missed events follow, each once; seats told anew are kept, others are empty', async () => {
  const b = await joined();
  b.server.others.push(person('ben'));
  b.server.send('participant_joined', { participant: person('ben') });
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  b.server.send('seated', { seat: 1, participant: 'ben', source: 'camera', video: true });
  await settle();
  b.events.length = 0;
  b.server.answers.resume = () => {
    setImmediate(() => {
      b.server.socket.deliver({ type: 'participant_joined', seq: 8, participant: person('ben') }); // known
      b.server.socket.deliver({ type: 'participant_renamed', seq: 9, participant: 'ann', name: 'Missed' });
      b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
      b.server.send('speakers', { speakers: [] });
    });
    return undefined;
  };
  b.server.socket.drop();
  await advance(50);
  assert.deepEqual(b.names().filter((n) => n !== 'stateChanged'), ['reconnecting', 'reconnected', 'participantNameChanged', 'trackUnsubscribed', 'trackUnsubscribed']);
  assert.ok(b.seen('trackUnsubscribed').every((e) => e.participant.id === 'ben'), 'only the seat that was not told again');
});

test('what was asked for meanwhile is done afterwards, once', async () => {
  const b = await joined();
  b.server.door = 'refuse';
  b.server.socket.drop();
  await settle();
  const text = b.room.chat.send('while away');
  await settle(); // its module comes
  const hand = b.room.localParticipant.setHand(true);
  await b.room.localParticipant.setMicrophoneEnabled(true);
  await assert.rejects(b.room.localParticipant.react('👍'), { code: 'not_connected', retryable: true });
  await advance(1_200);
  b.server.door = 'accept';
  await advance(3_000);
  assert.equal((await text).text, 'while away');
  await hand;
  assert.deepEqual(b.server.requests.map((r) => r.type), ['join', 'resume', 'chat', 'hand', 'mute']);
});

test('a text whose reply was lost is sent again under the same key', async () => {
  const b = await joined();
  b.server.answers.chat = () => null;
  const text = b.room.chat.send('once');
  await settle();
  delete b.server.answers.chat;
  b.server.socket.drop();
  await advance(50);
  await text;
  const keys = b.server.received('chat').map((r) => r.key);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
});

test('no more than a hundred requests wait', async () => {
  const b = await joined();
  b.server.door = 'hang';
  b.server.socket.drop();
  await settle();
  const all = Array.from({ length: 110 }, (_, i) => b.room.chat.send(`${i}`).catch((e) => e.code));
  await settle();
  void b.room.leave();
  await settle();
  const codes = await Promise.all(all);
  assert.equal(codes.filter((c) => c === 'busy').length, 10);
  assert.equal(codes.filter((c) => c === 'not_connected').length, 100);
});

test('a session that is gone is joined anew with the same tracks', async () => {
  const b = await joined({ audio: { music: true }, video: true });
  await b.room.localParticipant.rename('Me too');
  b.server.send('participant_renamed', { participant: 'me-1', name: 'Me too' });
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  b.server.send('hand_changed', { participant: 'ann', raised: true, at: 1 });
  await settle();
  b.events.length = 0;
  const [mic, cam] = b.media.given;
  b.server.answers.resume = () => ({ type: 'error', code: 'resume_gone', message: '' });
  b.server.others = [person('ben')];
  b.server.socket.drop();
  await advance(50);
  assert.equal(b.room.state, 'connected');
  assert.deepEqual(b.seen('reconnected'), [{ resumed: false }]);
  const [first, second] = b.server.received('join');
  assert.equal(second.identity, first.identity, 'so that the server ends the ghost');
  assert.equal(second.name, 'Me too');
  assert.deepEqual(second.unmuted, ['microphone', 'camera']);
  assert.equal(b.pcs.length, 2);
  assert.equal(b.pcs[0].connectionState, 'closed');
  assert.deepEqual([b.pc.transceivers[0].sender.track, b.pc.transceivers[1].sender.track], [mic, cam]);
  assert.deepEqual([mic.readyState, cam.readyState], ['live', 'live']);
  assert.equal(b.pc.transceivers[0].sender.encodings[0].maxBitrate, 128_000, 'as it was sent before');
  assert.equal(b.room.localParticipant.id, 'me-2');
  assert.deepEqual([...b.room.remoteParticipants.keys()], ['ben']);
  assert.deepEqual(b.room.hands, []);
  const names = b.names();
  assert.ok(names.indexOf('trackUnsubscribed') < names.indexOf('participantDisconnected'));
  assert.equal(b.seen('participantConnected')[0].participant.id, 'ben');
  assert.equal(b.server.received('mute').length, 2, 'the mute state went with the join');
  assert.equal(b.server.sockets.length, 2, 'the same socket serves resume and join');
});

test('the view is told again after every way back', async () => {
  const b = await joined();
  b.room.setView([{ participant: 'ann', source: 'camera', width: 5, height: 5 }]);
  await advance(200);
  b.server.socket.drop();
  await advance(100);
  b.server.answers.resume = () => ({ type: 'error', code: 'resume_gone', message: '' });
  b.server.socket.drop();
  await advance(100);
  assert.deepEqual(b.server.received('view').map((v) => v.items.length), [1, 1, 1]);
});

test('given up when the policy says so; the tracks stop', async () => {
  const b = await joined({ audio: true });
  b.server.door = 'refuse';
  b.server.socket.drop();
  await advance(20_000, 250);
  assert.equal(b.room.state, 'disconnected');
  assert.deepEqual(b.seen('disconnected').map((d) => [d.reason, d.retryable]), [['reconnect_failed', true]]);
  assert.deepEqual(b.seen('reconnecting').map((e) => e.nextInMs), [0, 1_000, 2_000, 3_000, 4_000]);
  assert.equal(b.media.given[0].readyState, 'ended');
  assert.equal(b.pc.connectionState, 'closed');
});

test('an error that is final ends the tries', async () => {
  const b = await joined();
  b.server.answers.resume = () => ({ type: 'error', code: 'resume_gone', message: '' });
  b.server.answers.join = () => ({ type: 'error', code: 'bad_room', message: '' });
  b.server.socket.drop();
  await advance(100);
  assert.deepEqual(b.seen('disconnected').map((d) => d.reason), ['bad_room']);
  assert.ok(b.server.sockets.every((s) => s.readyState >= 2));
});

for (const [what, poke] of /** @type {const} */ ([
  ['tryNow()', (/** @type {any} */ b) => b.room.tryNow()],
  ['the network coming back', (/** @type {any} */ b) => b.window.dispatchEvent(new Event('online'))],
  ['the page being looked at', (/** @type {any} */ b) => b.document.dispatchEvent(new Event('visibilitychange'))],
])) {
  test(`${what} tries now`, async () => {
    const b = await joined();
    b.server.door = 'refuse';
    b.server.socket.drop();
    await advance(1_100);
    b.server.door = 'accept';
    assert.equal(b.room.state, 'reconnecting');
    poke(b);
    await settle();
    assert.equal(b.room.state, 'connected');
  });
}

test('a network that dies silently is noticed within 20 s', async () => {
  const b = await joined();
  b.server.socket.dead = true;
  await advance(14_000, 500);
  assert.deepEqual(b.seen('serverStateChanged').map((e) => e.state), ['late', 'silent'], 'told, and nothing else done');
  assert.deepEqual(b.names().filter((n) => n !== 'serverStateChanged'), []);
  await advance(6_100, 100);
  assert.deepEqual(b.seen('reconnected'), [{ resumed: true }]);
  assert.equal(b.server.sockets.length, 2);
});

test('a socket that answers its pings is kept', async () => {
  const b = await joined();
  b.document.visibilityState = 'hidden';
  await advance(65_000, 500);
  assert.equal(b.server.received('ping').length, 4);
  assert.equal(b.server.sockets.length, 1);
});

test('a server that stops: joined anew, for its sessions are gone', async () => {
  const b = await joined();
  b.server.send('bye', { code: 'shutdown', message: '', retryable: true });
  await advance(4_000);
  assert.equal(b.room.state, 'connected');
  assert.equal(b.server.received('resume').length, 0);
  assert.equal(b.server.received('join').length, 2);
  assert.equal(b.seen('reconnecting')[0].error.code, 'shutdown');
});

test('all who are told that the server stops come back over some seconds', async () => {
  const waits = [];
  for (let i = 0; i < 40; i++) {
    const b = await joined();
    b.server.socket.drop(4004);
    await settle();
    waits.push(b.seen('reconnecting')[0].nextInMs);
  }
  assert.ok(Math.min(...waits) >= 700 && Math.max(...waits) < 4_000, `${waits}`);
  assert.ok(Math.max(...waits) - Math.min(...waits) > 1_000, `${waits}`);
  const b = await joined();
  b.server.socket.drop();
  await settle();
  assert.equal(b.seen('reconnecting')[0].nextInMs, 0, 'one whose network is lost is no herd');
});

test('a message that is not the protocol ends the socket, not the stay', async () => {
  for (const text of ['{', '[]', 'null', '{"type":5}', '"x"']) {
    const b = await joined();
    b.server.socket.deliver(text);
    await advance(100);
    assert.equal(b.seen('reconnected').length, 1, text);
  }
});

test('leaving while reconnecting ends it', async () => {
  const b = await joined({ audio: true });
  b.server.door = 'refuse';
  b.server.socket.drop();
  await advance(500);
  assert.equal(await b.room.leave(), null);
  assert.deepEqual(b.seen('disconnected').map((d) => d.reason), ['left']);
  const before = b.server.sockets.length;
  await advance(30_000, 1_000);
  assert.equal(b.server.sockets.length, before);
  assert.equal(b.media.given[0].readyState, 'ended');
});

test('a socket lost right behind joined counts as a failed try', async () => {
  const b = await joined();
  b.server.answers.resume = () => ({ type: 'error', code: 'resume_gone', message: '' });
  let tries = 0;
  b.server.answers.join = (r) => {
    if (++tries === 1) setImmediate(() => setImmediate(() => b.server.socket.drop()));
    return undefined;
  };
  b.server.socket.drop();
  await advance(5_000);
  assert.equal(b.room.state, 'connected');
  assert.ok(b.server.socket.readyState === 1);
  const sent = b.room.chat.send('works');
  await settle();
  assert.equal((await sent).text, 'works');
});

/** A pair of addresses over which so many packets came, the last now. @param {any} b @param {number} packets @param {object} [more] */
function received(b, packets, more = {}) {
  const now = Date.now();
  b.pc.report = new Map([['p', { id: 'p', type: 'candidate-pair', nominated: true, state: 'succeeded', timestamp: now, lastPacketReceivedTimestamp: now, packetsReceived: packets, requestsSent: 1, responsesReceived: 1, ...more }]]);
}

/** Somebody whose picture and sound come for a while, then nothing more. @param {any} b */
async function delivers(b) {
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  for (let i = 1; i <= 60; i++) {
    received(b, 5 * i);
    await advance(100);
  }
  const last = Date.now();
  for (const entry of b.pc.report.values()) Object.defineProperty(entry, 'timestamp', { get: () => Date.now() });
  return last;
}

test('nothing comes for 1 s, the server answers: ICE is restarted', async () => {
  const b = await joined({ audio: true });
  await delivers(b);
  await advance(700);
  assert.equal(b.server.received('ping').length, 0);
  await advance(1_000);
  assert.equal(b.server.received('ping').length, 1);
  assert.equal(b.pc.restarts, 1);
  assert.equal(b.server.sockets.length, 1);
  received(b, 9, { id: 'q' });
  await advance(2_000);
  assert.deepEqual([b.pc.restarts, b.pcs.length], [1, 1]);
});

test('nothing comes and the socket is dead: another is opened beside it, resumed, and ICE restarted', async () => {
  const b = await joined({ audio: true });
  const last = await delivers(b);
  b.server.socket.dead = true;
  while (!b.pc.restarts && Date.now() - last < 5_000) await advance(50);
  assert.ok(Date.now() - last <= 2_100, `${Date.now() - last} ms`);
  assert.deepEqual([b.server.sockets.length, b.server.received('resume').length, b.server.received('offer').length], [2, 1, 1]);
  assert.equal(b.seen('reconnected').length, 1);
  await advance(10_000);
  assert.equal(b.server.sockets.length, 2);
});

test('a server that stands still and goes on: nothing is restarted, and the socket is kept', async () => {
  const b = await joined({ audio: true });
  await delivers(b);
  let answer = () => {};
  b.server.answers.ping = (r) => {
    answer = () => b.server.sockets[0].deliver({ id: r.id, type: 'ok' });
    return null;
  };
  b.server.door = 'hang';
  await advance(3_000);
  assert.equal(b.pc.restarts, 0, 'it does not answer either');
  assert.equal(b.server.sockets.length, 2);
  delete b.server.answers.ping;
  answer();
  b.server.sockets[1].readyState = 1;
  b.server.sockets[1].dispatchEvent(new Event('open'));
  await advance(100);
  received(b, 400);
  await advance(1_000);
  assert.equal(b.pc.restarts, 0);
  assert.equal(b.server.sockets[1].closedWith, 1000, 'not needed after all');
  assert.equal(b.server.received('resume').length, 0);
});

test('an answer that comes late counts, also where no other socket is let in', async () => {
  const b = await joined({ audio: true });
  await delivers(b);
  let answer = () => {};
  b.server.answers.ping = (r) => {
    answer = () => b.server.sockets[0].deliver({ id: r.id, type: 'ok' });
    return null;
  };
  b.server.door = 'refuse';
  await advance(3_000);
  assert.deepEqual([b.server.sockets.length, b.pc.restarts], [2, 0]);
  answer();
  await advance(1_500);
  assert.equal(b.pc.restarts, 1);
  assert.deepEqual(b.seen('reconnecting'), []);
});

test('a browser that counts bytes: a report a second is not somebody who delivers', async () => {
  const b = await joined({ audio: true });
  b.document.visibilityState = 'hidden'; // else it is also asked whether it is there
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  const counts = { packetsReceived: undefined, requestsSent: undefined, responsesReceived: 1 };
  for (let i = 1; i <= 8; i++) {
    received(b, 0, { ...counts, bytesReceived: 80 * i });
    await advance(1_300, 100);
  }
  assert.equal(b.server.received('ping').length, 0);
  for (let i = 1; i <= 30; i++) {
    received(b, 0, { ...counts, bytesReceived: 1_000 + 500 * i });
    await advance(100);
  }
  await advance(1_500);
  assert.equal(b.server.received('ping').length, 1);
});

test('everybody mutes themselves: nothing is asked', async () => {
  const b = await joined();
  b.document.visibilityState = 'hidden'; // else it is also asked whether it is there
  await delivers(b);
  for (const source of ['microphone', 'camera']) b.server.send('muted', { participant: 'ann', source, muted: true });
  await advance(1_500);
  assert.deepEqual([b.server.received('ping').length, b.pc.restarts], [0, 0]);
});

for (const [what, poke] of /** @type {const} */ ([
  ['online', (/** @type {any} */ b) => b.window.dispatchEvent(new Event('online'))],
  ['of another network', (/** @type {any} */ b) => b.platform.connection.dispatchEvent(new Event('change'))],
])) {
  test(`the browser says that it is ${what} and nothing comes: restarted without waiting for a second`, async () => {
    const b = await joined({ audio: true });
    const last = await delivers(b);
    poke(b);
    while (!b.pc.restarts && Date.now() - last < 5_000) await advance(50);
    assert.ok(Date.now() - last < 700, `${Date.now() - last} ms`);
  });
}

test('media broken: the server is asked at once, and ICE restarted in the same peer connection', async () => {
  const b = await joined();
  b.document.visibilityState = 'hidden'; // else it is also asked whether it is there
  await advance(6_000);
  b.pc.become('disconnected');
  await advance(200);
  assert.equal(b.server.received('ping').length, 1);
  assert.equal(b.pc.restarts, 0, 'it may come back by itself');
  await advance(400);
  assert.equal(b.pc.restarts, 1);
  assert.equal(b.server.received('offer').length, 1);
  b.pc.become('connected');
  await advance(30_000, 500);
  assert.equal(b.pc.restarts, 1);
  assert.deepEqual(b.seen('mediaStateChanged').map((e) => e.state), ['interrupted', 'connected']);
});

test('media that comes back by itself is not restarted', async () => {
  const b = await joined();
  b.pc.become('disconnected');
  await advance(200);
  b.pc.become('connected');
  await advance(10_000, 500);
  assert.equal(b.pc.restarts, 0);
});

test('media failed: restarted at once; in vain twice: joined anew', async () => {
  const b = await joined();
  b.pc.become('failed');
  await advance(100);
  assert.equal(b.pc.restarts, 1);
  await advance(4_800, 100);
  assert.equal(b.pc.restarts, 1, 'never twice within 5 s');
  await advance(2_000, 100);
  assert.equal(b.pc.restarts, 2);
  await advance(8_000, 100);
  assert.equal(b.pcs.length, 1);
  await advance(6_000, 100);
  assert.equal(b.pcs.length, 2);
  assert.equal(b.server.received('join').length, 2);
  assert.equal(b.room.state, 'connected');
  assert.equal(b.seen('reconnecting')[0].error.code, 'media_failed');
});

test('media that never worked stays failed; the room goes on', async () => {
  const b = bench();
  await b.join();
  b.pc.become('failed');
  await advance(120_000, 1_000);
  assert.equal(b.room.state, 'connected');
  assert.equal(b.room.mediaState, 'failed');
  assert.equal(b.pc.restarts, 2);
  assert.equal(b.pcs.length, 1);
  const sent = b.room.chat.send('still here');
  await settle();
  await sent;
  b.room.tryNow();
  await settle();
  assert.equal(b.pc.restarts, 3, 'whoever has changed the network can say so');
});

for (const [status, code] of /** @type {const} */ ([[1001, 'shutdown'], [4004, 'shutdown'], [1006, 'connection_lost'], [4005, 'connection_lost']])) {
  test(`a socket closed with ${status} without goodbye: ${code}, and got back`, async () => {
    const b = await joined();
    b.server.socket.drop(status);
    await advance(4_000);
    assert.equal(b.seen('reconnecting')[0].error.code, code);
    assert.equal(b.seen('reconnected').length, 1);
  });
}

test('media broken while the socket is lost waits for it', async () => {
  const b = await joined();
  b.server.door = 'refuse';
  b.server.socket.drop();
  b.pc.become('disconnected');
  await advance(5_000);
  assert.equal(b.pc.restarts, 0);
  b.server.door = 'accept';
  await advance(3_000);
  assert.equal(b.pc.restarts, 1);
  assert.equal(b.server.received('offer').length, 1);
});

test('an offer whose answer was lost is made again', async () => {
  const b = await joined();
  b.server.answers.offer = () => null;
  b.room.setView(Array.from({ length: 8 }, (_, i) => ({ participant: `p${i}`, source: 'camera', width: 1, height: 1 })));
  await advance(200);
  assert.equal(b.pc.signalingState, 'have-local-offer');
  delete b.server.answers.offer;
  b.server.socket.drop();
  await advance(300);
  assert.equal(b.pc.signalingState, 'stable');
  assert.equal(b.server.received('offer').at(-1)?.seats.length, 8);
});

test('the default policy: ten tries at least, and a minute at least', () => {
  const at = (/** @type {number} */ attempt, /** @type {number} */ elapsedMs) => defaultPolicy.nextDelayMs({ attempt, elapsedMs, error: null });
  assert.deepEqual([at(0, 0), at(1, 0)], [0, 300]);
  for (const [attempt, least] of [[2, 1_200], [3, 2_700], [4, 4_800], [5, 7_000], [9, 7_000]]) {
    const delay = /** @type {number} */ (at(attempt, 90_000));
    assert.ok(delay >= least && delay < least + 1_000, `${attempt}: ${delay}`);
  }
  assert.ok(at(20, 59_000));
  assert.equal(at(10, 60_000), null);
});
