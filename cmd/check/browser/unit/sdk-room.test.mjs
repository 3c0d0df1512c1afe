// In the room: people, seats, chat, hands, speakers, views, leaving.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { advance, bench, fakeClock, person, realClock, settle } from './fake/bench.mjs';

beforeEach(fakeClock);
afterEach(realClock);

/** @param {any[]} events */
const subscriptions = (events) =>
  events
    .filter((e) => e.name === 'trackSubscribed' || e.name === 'trackUnsubscribed')
    .map(({ name, detail: d }) => `${name === 'trackSubscribed' ? '+' : '-'}${d.participant.id}/${d.source}@${d.seat}${d.reused ? ' reused' : ''}`);

/** @param {any[]} others */
async function joinedWith(...others) {
  const b = bench();
  b.server.others = others;
  await b.join();
  b.events.length = 0;
  return b;
}

test('who is silent is gone, and comes back as who it was', async () => {
  const b = await joinedWith();
  b.server.send('participant_joined', { participant: person('ann') });
  b.server.send('speakers', { speakers: [{ participant: 'ann', level: 30 }] });
  await settle();
  const ann = b.room.remoteParticipants.get('ann');
  b.server.send('participant_away', { participant: 'ann', away: true });
  b.server.send('participant_away', { participant: 'ann', away: true, silent: true });
  await settle();
  assert.equal(b.room.remoteParticipants.size, 0);
  assert.equal(b.seen('participantDisconnected')[0].reason, 'lost');
  b.server.send('participant_away', { participant: 'ann', away: false });
  await settle();
  assert.equal(b.room.remoteParticipants.get('ann'), ann);
  assert.deepEqual([ann?.away, ann?.isSpeaking, ann?.name], [false, false, 'ANN']);
  assert.equal(b.seen('participantConnected').length, 2);
  b.server.send('participant_away', { participant: 'ann', away: true, silent: true });
  b.server.send('participant_left', { participant: 'ann', reason: 'lost' });
  b.server.send('participant_away', { participant: 'ann', away: false });
  await settle();
  assert.equal(b.seen('participantDisconnected').length, 2);
  assert.equal(b.room.remoteParticipants.size, 0);
});

test('people come, change their names, go away and leave', async () => {
  const b = await joinedWith();
  b.server.send('participant_joined', { participant: person('ann') });
  b.server.send('participant_renamed', { participant: 'ann', name: 'Anna' });
  b.server.send('participant_away', { participant: 'ann', away: true });
  b.server.send('muted', { participant: 'ann', source: 'camera', muted: true });
  b.server.send('muted', { participant: 'ann', source: 'camera', muted: true });
  b.server.send('participant_left', { participant: 'ann', reason: 'left' });
  await settle();
  assert.deepEqual(b.names(), ['participantConnected', 'participantNameChanged', 'participantAway', 'trackMuted', 'participantDisconnected']);
  assert.deepEqual([b.seen('participantNameChanged')[0].previous, b.seen('participantNameChanged')[0].name], ['ANN', 'Anna']);
  assert.equal(b.seen('participantDisconnected')[0].reason, 'left');
  assert.equal(b.room.remoteParticipants.size, 0);
});

test('a seat gives and takes tracks; both of a seat are one stream', async () => {
  const b = await joinedWith(person('ann'), person('ben'));
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  await settle();
  const [sound, picture] = b.seen('trackSubscribed');
  assert.equal(sound.stream, picture.stream);
  assert.equal(sound.track, b.pc.transceivers[4].receiver.track);
  assert.equal(picture.track, b.pc.transceivers[5].receiver.track);
  assert.equal(b.room.remoteParticipants.get('ann')?.tracks.get('camera'), picture.track);

  b.server.send('seated', { seat: 0, participant: 'ben', source: 'camera', video: true });
  b.server.send('vacated', { seat: 0 });
  await settle();
  assert.deepEqual(subscriptions(b.events), [
    '+ann/microphone@0', '+ann/camera@0',
    '-ann/microphone@0', '-ann/camera@0', '+ben/microphone@0 reused', '+ben/camera@0 reused',
    '-ben/microphone@0', '-ben/camera@0',
  ]);
  assert.equal(b.room.remoteParticipants.get('ben')?.tracks.size, 0);
});

test('a seat for sound only gains and loses its picture', async () => {
  const b = await joinedWith(person('ann'));
  for (const video of [false, true, false]) b.server.send('seated', { seat: 1, participant: 'ann', source: 'camera', video });
  await settle();
  assert.deepEqual(subscriptions(b.events), ['+ann/microphone@1', '+ann/camera@1 reused', '-ann/camera@1']);
});

test('somebody who moves is gone from the old seat before the new one is told', async () => {
  const b = await joinedWith(person('ann'), person('ben'));
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'screen', video: true });
  b.server.send('seated', { seat: 1, participant: 'ann', source: 'screen', video: true });
  b.server.send('vacated', { seat: 0 });
  await settle();
  assert.deepEqual(subscriptions(b.events), ['+ann/screen_audio@0', '+ann/screen@0', '-ann/screen_audio@0', '-ann/screen@0', '+ann/screen_audio@1', '+ann/screen@1']);
  assert.equal(b.room.remoteParticipants.get('ann')?.tracks.size, 2);
});

test('leaving empties the seats, in whichever order the server tells', async () => {
  for (const order of [['participant_left', 'vacated'], ['vacated', 'participant_left']]) {
    const b = await joinedWith(person('ann'));
    b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
    for (const type of order) b.server.send(type, type === 'vacated' ? { seat: 0 } : { participant: 'ann', reason: 'lost' });
    await settle();
    assert.deepEqual(subscriptions(b.events), ['+ann/microphone@0', '+ann/camera@0', '-ann/microphone@0', '-ann/camera@0']);
  }
});

test('a picture that can not be decoded here is said, its sound comes', async () => {
  const b = await joinedWith(person('ann'));
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true, problem: 'codec' });
  await settle();
  assert.deepEqual(subscriptions(b.events), ['+ann/microphone@0']);
  assert.deepEqual(b.seen('trackSubscriptionFailed').map(({ participant, source, code }) => [participant.id, source, code]), [['ann', 'camera', 'codec']]);
});

test('why a picture does not come is said once, kept while it is so, and its end is a subscription', async () => {
  const b = await joinedWith(person('ann'));
  const seated = (/** @type {object} */ more) => b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true, ...more });
  const problems = async () => {
    await settle();
    return [...(b.room.remoteParticipants.get('ann')?.problems ?? [])];
  };
  seated({});
  assert.deepEqual(await problems(), []);
  for (let i = 0; i < 2; i++) seated({ problem: 'no_media' });
  assert.deepEqual(await problems(), [['camera', 'no_media']]);
  seated({ problem: 'no_keyframe' });
  assert.deepEqual(await problems(), [['camera', 'no_keyframe']]);
  seated({});
  assert.deepEqual(await problems(), []);
  assert.deepEqual(subscriptions(b.events), ['+ann/microphone@0', '+ann/camera@0', '-ann/camera@0', '+ann/camera@0 reused']);
  assert.deepEqual(b.seen('trackSubscriptionFailed').map(({ code }) => code), ['no_media', 'no_keyframe']);
  // Whoever leaves the seat, or is muted, takes it along.
  for (const end of [() => b.server.send('vacated', { seat: 0 }), () => seated({ video: false }), () => seated({ source: 'screen' })]) {
    seated({ problem: 'no_media' });
    assert.deepEqual(await problems(), [['camera', 'no_media']]);
    end();
    assert.deepEqual(await problems(), []);
  }
});

test('layers are told with whose picture it is', async () => {
  const b = await joinedWith(person('ann'));
  b.server.send('layer_changed', { seat: 0, layer: 'q', width: 1, height: 1, reason: 'size' });
  b.server.send('seated', { seat: 0, participant: 'ann', source: 'camera', video: true });
  b.server.send('layer_changed', { seat: 0, layer: 'h', width: 640, height: 360, reason: 'available' });
  await settle();
  assert.deepEqual(b.seen('layerChanged').map(({ participant, layer, width, reason }) => [participant.id, layer, width, reason]), [['ann', 'h', 640, 'available']]);
});

test('events of strangers, of unknown type and of the past are left alone', async () => {
  const b = await joinedWith(person('ann'));
  b.server.send('seated', { seat: 0, participant: 'nobody', source: 'camera', video: true });
  b.server.send('seated', { seat: 99, participant: 'ann', source: 'camera', video: true });
  b.server.send('muted', { participant: 'nobody', source: 'camera', muted: true });
  b.server.send('from_the_future', { participant: 'ann' });
  b.server.send('toString', {});
  b.server.seq = 10;
  b.server.send('participant_renamed', { participant: 'ann', name: 'A' });
  b.server.seq = 3;
  b.server.send('participant_renamed', { participant: 'ann', name: 'old news' });
  await settle();
  assert.deepEqual(b.names(), ['participantNameChanged']);
  assert.equal(b.room.remoteParticipants.get('ann')?.name, 'A');
});

test('speakers, loudest first, until they are silent', async () => {
  const b = await joinedWith(person('ann'));
  b.server.send('speakers', { speakers: [{ participant: 'ann', level: 20 }, { participant: 'me-1', level: 60 }, { participant: 'gone', level: 70 }] });
  await settle();
  const ann = b.room.remoteParticipants.get('ann');
  assert.deepEqual(b.room.speakers.map((s) => s.id), ['ann', 'me-1']);
  assert.equal(ann?.isSpeaking, true);
  assert.ok((ann?.level ?? 0) > b.room.localParticipant.level && b.room.localParticipant.level > 0);
  b.server.send('speakers', { speakers: [] });
  b.server.send('speakers', { speakers: [] });
  await settle();
  assert.equal(ann?.isSpeaking, false);
  assert.equal(b.seen('activeSpeakersChanged').length, 2);
});

test('hands keep the order in which they went up', async () => {
  const b = await joinedWith(person('ann'), person('ben'));
  await b.room.localParticipant.setHand(true);
  b.server.send('hand_changed', { participant: 'ben', raised: true, at: 1 });
  b.server.send('hand_changed', { participant: 'ann', raised: true, at: 2 });
  b.server.send('hand_changed', { participant: 'ben', raised: true, at: 3 });
  await settle();
  assert.deepEqual(b.room.hands, ['ben', 'ann']);
  b.server.send('hand_changed', { participant: 'ben', raised: false, at: 4 });
  await settle();
  assert.deepEqual(b.seen('handChanged').at(-1).hands, ['ann']);
  assert.equal(b.server.received('hand')[0].raised, true);
});

test('a text is announced once, though event and reply both bring it', async () => {
  const b = await joinedWith();
  const sent = b.room.chat.send('hello', { to: 'ann' });
  await settle();
  const message = await sent;
  b.server.send('chat_message', { message: { ...message } });
  await settle();
  assert.equal(b.seen('chatMessage').length, 1);
  assert.equal(b.room.chat.messages.length, 1);
  assert.equal(b.server.received('chat')[0].to, 'ann');
  assert.ok(b.server.received('chat')[0].key.length > 8);
});

test('texts stay in order of time and are not kept without end', async () => {
  const b = await joinedWith();
  const text = (/** @type {number} */ at) => ({ id: `t${at}`, key: `k${at}`, participant: 'ann', name: 'Ann', at, text: String(at) });
  for (const at of [5, 1, 3]) b.server.send('chat_message', { message: text(at) });
  await settle();
  assert.deepEqual(b.room.chat.messages.map((m) => m.at), [1, 3, 5]);
  for (let at = 10; at < 1_100; at++) b.room.chat.add(text(at));
  assert.equal(b.room.chat.messages.length, 1_000);
});

test('refusals arrive as errors with the server’s code', async () => {
  const b = await joinedWith();
  b.server.answers.chat = () => ({ type: 'error', code: 'rate_limited', message: 'slow down', retry_after_ms: 700 });
  await assert.rejects(b.room.chat.send('x'), { name: 'ParleyError', code: 'rate_limited', retryable: true, retryAfterMs: 700 });
  b.server.answers.rename = () => ({ type: 'error', code: 'some_new_code', message: '?' });
  await assert.rejects(b.room.localParticipant.rename(''), { code: 'some_new_code', retryable: false });
  b.server.answers.react = () => null;
  const late = b.room.localParticipant.react('👍').catch((e) => e);
  await advance(15_100, 500);
  assert.equal((await late).code, 'timeout');
});

test('quality and captions reach their people', async () => {
  const b = await joinedWith(person('ann'));
  const figures = { up_loss: 0.1, down_loss: 0, rtt_ms: 12 };
  b.server.send('quality', { participants: [{ participant: 'ann', score: 'poor', ...figures }, { participant: 'me-1', score: 'good', ...figures }] });
  b.server.send('quality', { participants: [{ participant: 'me-1', score: 'good', ...figures, rtt_ms: 14 }] });
  b.server.send('captioned', { participant: 'ann', text: 'so', final: false });
  b.server.send('reacted', { participant: 'ann', emoji: '👏' });
  b.server.send('draining', { in_ms: 5_000 });
  await settle();
  assert.deepEqual(b.seen('connectionQualityChanged').map((e) => [e.participant.id, e.quality]), [['ann', 'poor'], ['me-1', 'good']]);
  assert.equal(b.room.localParticipant.network?.rttMs, 14);
  assert.equal(b.seen('caption')[0].text, 'so');
  assert.equal(b.seen('reaction')[0].emoji, '👏');
  assert.equal(b.seen('draining')[0].inMs, 5_000);
});

test('a view is sent once per 150 ms, the last one, and not twice the same', async () => {
  const b = await joinedWith(person('ann'));
  const item = (/** @type {number} */ width) => ({ participant: 'ann', source: /** @type {const} */ ('camera'), width, height: 100.2 });
  for (let w = 1; w <= 10; w++) b.room.setView([item(w)]);
  await advance(160);
  b.room.setView([item(10)]);
  await advance(200);
  assert.deepEqual(b.server.received('view').map((v) => v.items), [[{ participant: 'ann', source: 'camera', width: 10, height: 101 }]]);
  b.room.setView([{ participant: /** @type {any} */ (b.room.remoteParticipants.get('ann')), source: 'camera', width: NaN, height: 1e9 }]);
  await advance(160);
  assert.deepEqual(b.server.received('view')[1].items, [{ participant: 'ann', source: 'camera', width: 0, height: 8192 }]);
});

test('a view of more than there are seats doubles them with one offer', async () => {
  const b = await joinedWith(...Array.from({ length: 20 }, (_, i) => person(`p${i}`)));
  assert.equal(b.room.seats, 4);
  b.room.setView(Array.from({ length: 9 }, (_, i) => ({ participant: `p${i}`, source: 'camera', width: 10, height: 10 })));
  await advance(200);
  const [offer] = b.server.received('offer');
  assert.equal(b.room.seats, 16);
  assert.equal(offer.seats.length, 16);
  assert.deepEqual(offer.seats[0], { audio: '4', video: '5' });
  assert.equal(offer.sources.camera, '1');
  assert.equal(b.pc.remoteDescription.sdp, 'answer to pc1 offer 2');
  assert.deepEqual(b.server.requests.map((r) => r.type), ['join', 'offer', 'view'], 'the view comes when there are seats for it');
  b.server.send('seated', { seat: 15, participant: 'p3', source: 'camera', video: true });
  await settle();
  assert.deepEqual(subscriptions(b.events), ['+p3/microphone@15', '+p3/camera@15']);
  assert.equal(b.pcs.length, 1);
});

test('seats stay within the server’s limit', async () => {
  const b = bench();
  b.server.limits = { ...b.server.limits, seats: 6 };
  await b.join();
  b.room.setView(Array.from({ length: 40 }, (_, i) => ({ participant: `p${i}`, source: 'camera', width: 10, height: 10 })));
  await advance(200);
  assert.equal(b.room.seats, 6);
  b.room.setView(Array.from({ length: 41 }, (_, i) => ({ participant: `p${i}`, source: 'camera', width: 10, height: 10 })));
  await advance(200);
  assert.equal(b.server.received('offer').length, 1, 'asked for more than there can be');
});

test('leaving: summary, socket, peer connection and tracks are gone', async () => {
  const b = bench();
  await b.join({ audio: true, video: true });
  const left = b.room.leave();
  assert.ok(b.media.given.every((t) => t.readyState === 'ended'), 'the camera light stays on until the server answers');
  assert.equal(b.room.leave(), left, 'leaving twice is leaving once');
  await settle();
  const summary = await left;
  assert.deepEqual([summary?.durationMs, summary?.peak], [1, 2]);
  assert.deepEqual(b.seen('disconnected'), [{ reason: 'left', retryable: false, summary }]);
  assert.equal(b.room.state, 'disconnected');
  assert.equal(b.pc.connectionState, 'closed');
  assert.equal(b.server.socket.closedWith, 1000);
  await assert.rejects(b.room.chat.send('x'), { code: 'not_connected' });
  await assert.rejects(b.room.localParticipant.setHand(true), { code: 'not_connected' });
  await advance(60_000, 1_000);
  assert.equal(b.server.sockets.length, 1, 'nothing comes back');
  assert.equal(b.server.received('ping').length, 0, 'the heartbeat stops');
});

test('leaving a server that does not answer ends after two seconds', async () => {
  const b = await joinedWith();
  b.server.answers.leave = () => null;
  const left = b.room.leave();
  await advance(2_100);
  assert.equal(await left, null);
  assert.equal(b.room.state, 'disconnected');
});

test('a page that goes away says goodbye without waiting', async () => {
  const b = bench();
  await b.join({ audio: true });
  b.window.dispatchEvent(new Event('pagehide'));
  assert.equal(b.room.state, 'disconnected');
  assert.equal(b.server.socket.closedWith, 1000);
  await settle();
  assert.equal(b.server.received('leave').length, 1);
  assert.ok(b.media.given.every((t) => t.readyState === 'ended'));
});

test('after leaving nothing listens any more', async () => {
  const b = bench();
  /** @type {Map<EventTarget, number>} */
  const listening = new Map();
  for (const target of [b.window, b.document, b.media]) {
    const add = target.addEventListener.bind(target);
    target.addEventListener = (/** @type {string} */ type, /** @type {any} */ fn, /** @type {any} */ options) => {
      listening.set(target, (listening.get(target) ?? 0) + 1);
      options?.signal?.addEventListener('abort', () => listening.set(target, (listening.get(target) ?? 0) - 1));
      add(type, fn, options);
    };
  }
  await b.join({ audio: true });
  assert.ok([...listening.values()].every((n) => n > 0) && listening.size === 3);
  await b.room.leave();
  assert.deepEqual([...listening.values()], [0, 0, 0]);
});

test('another meeting can be joined after leaving, and nothing of the first is in it', async () => {
  const b = await joinedWith(person('ann'));
  b.room.chat.add({ id: 'c9', key: 'k', participant: 'ann', name: 'Ann', at: 1, text: 'in the first' });
  await b.room.leave();
  assert.equal(b.room.chat.messages.length, 1, 'the end page may still show it');
  b.events.length = 0;
  b.server.others = [person('ben')];
  await b.join({ room: 'coffee', name: 'Other' });
  assert.deepEqual([b.room.state, b.room.name, b.room.localParticipant.id, b.room.localParticipant.name], ['connected', 'coffee', 'me-2', 'Other']);
  assert.deepEqual([...b.room.remoteParticipants.keys()], ['ben']);
  assert.deepEqual(b.room.chat.messages, []);
  assert.deepEqual(b.names().filter((n) => n !== 'stateChanged' && n !== 'mediaStateChanged' && n !== 'connected'), []);
  assert.equal(b.server.received('join')[0].identity, b.server.received('join')[1].identity);
  assert.equal(b.pcs.length, 2);
});

for (const [code, status, retryable] of /** @type {const} */ ([
  ['duplicate_identity', 4001, false],
  ['removed', 4002, false],
  ['ended', 4003, false],
])) {
  test(`${code} ends the stay, with the bye or only its close status`, async () => {
    const told = await joinedWith();
    told.server.send('bye', { code, message: '', retryable, summary: { meeting: 'm1', joined_at: 1, left_at: 3, duration_ms: 2, peak: 1, messages: 4 } });
    await settle();
    assert.deepEqual(told.seen('disconnected').map((d) => [d.reason, d.retryable, d.summary.messages]), [[code, false, 4]]);
    const cut = await joinedWith();
    cut.server.socket.drop(status);
    await advance(10_000, 500);
    assert.deepEqual(cut.seen('disconnected').map((d) => d.reason), [code]);
    assert.equal(cut.server.sockets.length, 1);
  });
}

test('rating goes to the meeting record, also after the end', async () => {
  const b = await joinedWith();
  await assert.rejects(bench().room.rate(5), { code: 'not_connected' });
  await b.room.leave();
  await b.room.rate(4, 'fine');
  assert.equal(b.posted[0].url, 'https://meet.test/api/v1/meetings/m1/rating');
  assert.deepEqual(b.posted[0].body, { token: 'token-me-1', stars: 4, comment: 'fine' });
});

test('the record is asked for with the own secret, during the meeting and after', async () => {
  const asked = /** @type {{url: string, init: any}[]} */ ([]);
  const answer = {
    id: 'm1', room: 'tea', title: 'Tea', start: '2026-03-01T09:00:00.5Z', peak: 2,
    participants: [
      { name: 'Me', you: true, intervals: [{ join: '2026-03-01T09:00:00.5Z', leave: '2026-03-01T09:01:00Z' }, { join: '2026-03-01T09:02:00Z' }] },
      { name: '<b>Ann</b>', intervals: [] },
    ],
  };
  const fetch = async (/** @type {any} */ url, /** @type {any} */ init) => {
    asked.push({ url, init });
    return new Response(JSON.stringify(asked.length > 1 ? { ...answer, end: '2026-03-01T09:03:00Z' } : answer));
  };
  const b = bench({ platform: { ...bench().platform, fetch } });
  await assert.rejects(b.room.record(), { code: 'not_connected' });
  const joining = b.room.connect({ room: 'tea', name: 'Me' });
  await settle();
  await joining;
  const at = Date.parse('2026-03-01T09:00:00Z');
  const record = {
    meeting: 'm1', room: 'tea', title: 'Tea', startedAt: at + 500, endedAt: undefined, peak: 2,
    participants: [
      { name: 'Me', isLocal: true, stays: [{ joinedAt: at + 500, leftAt: at + 60_000 }, { joinedAt: at + 120_000, leftAt: undefined }] },
      { name: '<b>Ann</b>', isLocal: false, stays: [] },
    ],
  };
  assert.deepEqual(await b.room.record(), record);
  await b.room.leave();
  assert.deepEqual(await b.room.record(), { ...record, endedAt: at + 180_000 });
  for (const { url, init } of asked) {
    assert.equal(url, 'https://meet.test/api/v1/meetings/m1/record');
    assert.equal(init.headers.authorization, 'Bearer token-me-1');
  }
});

test('a rating or record that is refused says so in the codes of the SDK', async () => {
  for (const [answer, code] of /** @type {const} */ ([
    [new Response('{"code":"unauthorized","message":""}', { status: 403 }), 'not_joined'],
    [new Response('{"code":"rate_limited","message":""}', { status: 429, headers: { 'retry-after': '7' } }), 'rate_limited'],
    [new Response('{"code":"not_found","message":""}', { status: 404 }), 'ended'],
    [new Response('<h1>proxy</h1>', { status: 502 }), 'internal'],
    [new TypeError('network'), 'connect_failed'],
  ])) {
    const fetch = async () => (answer instanceof Error ? Promise.reject(answer) : answer.clone());
    const b = bench({ platform: { ...bench().platform, fetch } });
    const joining = b.room.connect({ room: 'tea', name: 'Me' });
    await settle();
    await joining;
    const expected = { code, retryAfterMs: code === 'rate_limited' ? 7_000 : 0 };
    await assert.rejects(b.room.rate(5), expected);
    await assert.rejects(b.room.record(), expected);
  }
});

test('sound that the browser keeps silent starts with one click', async () => {
  const b = await joinedWith();
  let allowed = false;
  const player = { play: async () => { if (!allowed) throw new DOMException('no', 'NotAllowedError'); } };
  const replaced = { play: async () => { throw new DOMException('new source', 'AbortError'); } };
  assert.equal(await b.room.play(/** @type {any} */ (player)), false);
  assert.equal(await b.room.play(/** @type {any} */ (replaced)), true);
  assert.equal(b.room.canPlayAudio, false);
  allowed = true;
  assert.equal(await b.room.startAudio(), true);
  assert.deepEqual(b.seen('audioPlaybackChanged'), [{ playing: false }, { playing: true }]);
});
