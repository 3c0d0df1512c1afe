// One's own texts while the server's disk is slow, stuck, or gone.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { advance, bench, fakeClock, realClock, settle } from './fake/bench.mjs';

beforeEach(fakeClock);
afterEach(realClock);

async function joined() {
  const b = bench();
  await b.join();
  return b;
}

/** @param {ReturnType<typeof bench>} b */
const states = (b) => b.room.chat.outgoing.map(({ text, state }) => `${text} ${state}`);
const unknown = () => ({ type: 'error', code: 'unknown_outcome', message: '' });

/** A promise's end, null while it is open. @param {Promise<any>} promise */
function end(promise) {
  /** @type {{value: any}} */
  const box = { value: null };
  promise.then((v) => (box.value = v), (e) => (box.value = e.code));
  return box;
}

test('a text on its way: sending, after two seconds waiting, then said', async () => {
  const b = await joined();
  b.server.answers.chat = () => null;
  const sent = end(b.room.chat.send('slow', { key: 'k' }));
  await advance(1_900);
  assert.deepEqual(states(b), ['slow sending']);
  await advance(200);
  assert.deepEqual(states(b), ['slow waiting']);
  await advance(20_000);
  assert.deepEqual(states(b), ['slow waiting'], 'the server may take 30 s to say anything');
  b.server.send('chat_message', { message: { id: 'c1', key: 'k', participant: 'me-1', name: 'Me', at: 1, text: 'slow' } });
  await settle();
  assert.deepEqual(states(b), []);
  assert.equal(sent.value.id, 'c1');
  assert.deepEqual(b.seen('chatTextChanged').map(({ text }) => text.state), ['said', 'said', 'said'], 'one object');
});

test('the same key of somebody else settles nothing', async () => {
  const b = await joined();
  b.server.answers.chat = () => null;
  void b.room.chat.send('mine', { key: '1' });
  await settle();
  b.server.send('chat_message', { message: { id: 'c1', key: '1', participant: 'ann', name: 'Ann', at: 1, text: 'hers' } });
  await settle();
  assert.deepEqual(states(b), ['mine sending']);
});

test('what is unknown is asked for again under its key, with pauses that grow, until it is said', async () => {
  const b = await joined();
  b.server.answers.chat = unknown;
  const sent = end(b.room.chat.send('stuck', { key: 'k' }));
  await settle();
  assert.deepEqual(states(b), ['stuck unknown']);
  assert.equal(b.room.chat.outgoing[0].error?.code, 'unknown_outcome');
  await advance(10 * 60_000, 1_000);
  const asked = b.server.received('chat');
  assert.ok(asked.length >= 8 && asked.length <= 20, `asked ${asked.length} times in 10 min`);
  assert.deepEqual([...new Set(asked.map((r) => `${r.key} ${r.text}`))], ['k stuck']);
  assert.deepEqual([sent.value, states(b)], [null, ['stuck unknown']]);
  delete b.server.answers.chat;
  await advance(80_000, 1_000);
  assert.equal(sent.value.text, 'stuck');
  assert.deepEqual(states(b), []);
  assert.equal(b.seen('chatMessage').length, 1);
  const before = b.server.received('chat').length;
  await advance(5 * 60_000, 1_000);
  assert.equal(b.server.received('chat').length, before, 'then it is quiet');
});

test('many unknown texts are asked for one at a time, in their order', async () => {
  const b = await joined();
  b.server.answers.chat = unknown;
  for (let i = 0; i < 10; i++) void b.room.chat.send(`${i}`);
  await settle();
  b.server.answers.chat = () => null;
  b.server.requests.length = 0;
  await advance(5_000);
  assert.equal(b.server.received('chat').length, 1, 'the server is asked for one');
  delete b.server.answers.chat;
  await advance(90_000, 1_000); // its reply never comes
  assert.deepEqual(states(b), []);
  assert.deepEqual(b.room.chat.messages.map((m) => m.text), [...'0123456789']);
});

test('unknown, then the server restarts: what it has is in the history, the rest is sent', async () => {
  const b = await joined();
  b.server.answers.chat = unknown;
  const stored = end(b.room.chat.send('stored', { key: 's' }));
  const lost = end(b.room.chat.send('lost', { key: 'l' }));
  await advance(5 * 60_000, 1_000); // by now the pauses are long
  delete b.server.answers.chat;
  b.server.answers.resume = () => ({ type: 'error', code: 'resume_gone', message: '' });
  b.server.answers.join = (r) => ({ ...b.server.joined(r), chat: [{ id: 'c7', key: 's', participant: 'me-1', name: 'Me', at: 1, text: 'stored' }] });
  b.server.requests.length = 0;
  b.server.socket.drop();
  await advance(2_000);
  assert.equal(stored.value.id, 'c7');
  assert.equal(lost.value.text, 'lost');
  assert.deepEqual(b.server.received('chat').map((r) => r.key), ['l'], 'at once, and only what is not there');
});

test('a refusal of what was unknown before does not make it unsaid, unless it is for good', async () => {
  const b = await joined();
  b.server.answers.chat = unknown;
  const sent = end(b.room.chat.send('x'));
  await settle();
  for (const code of ['store_failed', 'rate_limited', 'internal']) {
    b.server.answers.chat = () => ({ type: 'error', code, message: '' });
    await advance(70_000, 1_000);
    assert.deepEqual([sent.value, states(b)], [null, ['x unknown']], code);
  }
  b.server.answers.chat = () => ({ type: 'error', code: 'chat_too_long', message: '' });
  await advance(80_000, 1_000);
  assert.deepEqual([sent.value, states(b)], ['chat_too_long', ['x failed']]);
});

test('what failed was not said, and is sent again under its key', async () => {
  const b = await joined();
  b.server.answers.chat = () => ({ type: 'error', code: 'store_failed', message: '' });
  await assert.rejects(b.room.chat.send('x', { key: 'k' }), { code: 'store_failed' });
  assert.deepEqual(states(b), ['x failed']);
  assert.equal(b.room.chat.outgoing[0].error?.code, 'store_failed');
  await advance(5 * 60_000, 1_000);
  assert.equal(b.server.received('chat').length, 1, 'not by itself');
  delete b.server.answers.chat;
  await b.room.chat.send('x', { key: 'k' });
  assert.deepEqual(b.server.received('chat').map((r) => r.key), ['k', 'k']);
  assert.deepEqual(states(b), []);
});

test('what failed or is unknown can be discarded; what is on its way can not', async () => {
  const b = await joined();
  b.server.answers.chat = unknown;
  const sent = end(b.room.chat.send('a', { key: 'a' }));
  await settle();
  b.room.chat.discard('a');
  await advance(2 * 60_000, 1_000);
  assert.equal(sent.value, 'unknown_outcome');
  assert.equal(b.server.received('chat').length, 1, 'nothing is asked for');
  b.server.answers.chat = () => null;
  void b.room.chat.send('b', { key: 'b' });
  await settle();
  b.room.chat.discard('b');
  assert.deepEqual(states(b), ['b sending']);
});

test('no reply at all leaves it open, too', async () => {
  const b = await joined();
  b.server.answers.chat = () => null;
  const sent = end(b.room.chat.send('x'));
  await advance(45_500, 500);
  assert.deepEqual([sent.value, states(b)], [null, ['x unknown']]);
  delete b.server.answers.chat;
  await advance(3_000);
  assert.equal(sent.value.text, 'x');
});

test('the end of the stay: what may have arrived is unknown, what never went is not', async () => {
  const b = await joined();
  b.server.answers.chat = () => null;
  const sent = end(b.room.chat.send('sent'));
  await settle();
  b.server.door = 'hang';
  b.server.socket.drop();
  await settle();
  const kept = end(b.room.chat.send('kept'));
  await settle();
  void b.room.leave();
  await advance(5_000);
  assert.deepEqual([sent.value, kept.value], ['connection_lost', 'not_connected']);
  assert.deepEqual(states(b), ['sent unknown', 'kept failed']);
  b.server.door = 'accept';
  await b.join({ room: 'other' });
  assert.deepEqual(states(b), [], 'another meeting knows nothing of it');
});

test('whether the stay is recorded is told when it is decided', async () => {
  const b = bench();
  b.server.answers.join = (r) => ({ ...b.server.joined(r), recorded: false, record_pending: true });
  await b.join();
  assert.deepEqual([b.room.recorded, b.room.recordPending], [false, true]);
  b.server.send('recorded', { recorded: true });
  await settle();
  assert.deepEqual([b.room.recorded, b.room.recordPending], [true, false]);
  assert.deepEqual(b.seen('recorded'), [{ recorded: true }]);
});

test('what looks after texts is there soon after a join, before the server may be gone', async () => {
  const b = await joined();
  await advance(2_100);
  b.server.answers.chat = () => null;
  void b.room.chat.send('at once');
  assert.deepEqual(states(b), ['at once sending'], 'it is there before the first text');
});
