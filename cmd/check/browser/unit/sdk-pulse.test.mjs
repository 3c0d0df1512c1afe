// A server that holds its sockets open and says nothing is told of, soon enough
// to be believed and not so soon that a busy one is.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { advance, bench, fakeClock, person, realClock, settle } from './fake/bench.mjs';

/** Rooms still open. @type {import('../../../../transport/httpd/web/sdk/room.js').Room[]} */
const open = [];

beforeEach(fakeClock);
afterEach(async () => {
  for (const room of open.splice(0)) void room.leave();
  await advance(3_000, 1_000);
  realClock();
});

/** Somebody in a room where nothing is said or shown, for a while. */
async function quiet() {
  const b = bench();
  b.server.others = [person('ann')];
  await b.join();
  b.pc.become('connected');
  await advance(6_000);
  b.events.length = 0;
  open.push(b.room);
  return b;
}

/** @param {Awaited<ReturnType<typeof quiet>>} b */
const states = (b) => b.seen('serverStateChanged').map((e) => e.state);

test('a server that stands still is told of within 5 s, and that it goes on at once', async () => {
  for (const since of [0, 300, 600, 900, 1_150]) {
    const b = await quiet();
    await advance(since);
    b.server.socket.dead = true;
    await advance(3_300);
    assert.ok(!states(b).includes('silent'), `${since}: not before 3.4 s`);
    await advance(1_500);
    assert.deepEqual(states(b), ['late', 'silent'], `${since}: within 5 s`);
    assert.equal(b.room.serverState, 'silent');
    assert.equal(b.room.state, 'connected', 'nothing is given up for that');
    b.server.socket.dead = false;
    b.server.send('speakers', { speakers: [] });
    await settle();
    assert.deepEqual(states(b), ['late', 'silent', 'answering']);
  }
});

test('a server that answers late is late, not silent', async () => {
  const b = await quiet();
  b.server.answers.ping = (r) => {
    setTimeout(() => b.server.socket.deliver({ type: 'ok', id: r.id }), 3_000);
    return null;
  };
  await advance(30_000);
  assert.ok(!states(b).includes('silent'), states(b).join());
  assert.equal(b.seen('reconnecting').length, 0);
});

test('nothing is asked while something comes, or nobody looks', async () => {
  const b = await quiet();
  const asked = () => b.server.received('ping').length;
  assert.ok(asked() > 2, 'in a silent room it is');
  const before = asked();
  for (let i = 0; i < 10; i++) {
    b.server.send('speakers', { speakers: [] });
    await advance(1_000);
  }
  assert.ok(asked() <= before + 1, 'the heartbeat only');
  b.document.visibilityState = 'hidden';
  const then = asked();
  await advance(10_000);
  assert.ok(asked() <= then + 1, 'the heartbeat only');
});

test('sound that comes is an answer, too', async () => {
  const b = await quiet();
  b.server.answers.ping = () => null;
  let packets = 0;
  const play = () => {
    packets += 50;
    const pair = { id: 'pair', type: 'candidate-pair', state: 'succeeded', nominated: true, packetsReceived: packets, bytesReceived: packets * 100, timestamp: Date.now(), lastPacketReceivedTimestamp: Date.now(), requestsSent: 1, responsesReceived: 1, requestsReceived: 0 };
    b.pc.report = new Map(/** @type {any} */ ([['t', { id: 't', type: 'transport', selectedCandidatePairId: 'pair' }], ['pair', pair]]));
  };
  for (let i = 0; i < 40; i++) {
    play();
    await advance(100);
  }
  assert.ok(!states(b).includes('silent'), states(b).join());
});

test('a page that stood still itself does not blame the server', async () => {
  const b = await quiet();
  b.server.answers.ping = () => null;
  await advance(1_400); // asked
  // The clock goes on while no timer runs, as in a laptop that slept.
  mock.timers.setTime(Date.now() + 10_000);
  await settle();
  assert.ok(!states(b).includes('silent'), states(b).join());
});

test('a new socket is believed', async () => {
  const b = await quiet();
  b.server.socket.dead = true;
  await advance(5_000);
  assert.equal(b.room.serverState, 'silent');
  b.server.socket.drop();
  await advance(100);
  assert.equal(b.room.serverState, 'answering');
  assert.equal(b.room.state, 'connected');
});
