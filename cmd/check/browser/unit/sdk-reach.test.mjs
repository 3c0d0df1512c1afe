// Sockets that the server refuses: a browser does not say why, so it is asked.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { advance, bench, fakeClock, realClock, settle } from './fake/bench.mjs';

beforeEach(fakeClock);
afterEach(realClock);

/** @param {number} status @param {object} body */
function refusing(status, body) {
  const b = bench();
  b.server.door = 'refuse';
  Object.assign(b.reach, { status, body });
  return b;
}

/** @param {ReturnType<typeof bench>} b @returns {Promise<import('../../../../transport/httpd/web/sdk/index.js').ParleyError>} */
const failure = (b) => b.room.connect({ room: 'tea', name: 'Me' }).then(() => assert.fail('joined'), (error) => error);

for (const [status, body, want] of /** @type {[number, any, object][]} */ ([
  [403, { code: 'forbidden_origin', message: '', origin: 'https://meet.test', host: '127.0.0.1:8443' }, { code: 'forbidden_origin', origin: 'https://meet.test', host: '127.0.0.1:8443', retryable: true }],
  [421, { code: 'foreign_host', message: '', host: 'evil.test' }, { code: 'foreign_host', host: 'evil.test', retryable: true }],
  [429, { code: 'rate_limited', message: '', limit: 'opens', retry_after_ms: 4_000 }, { code: 'rate_limited', limit: 'opens', retryAfterMs: 4_000, retryable: true }],
  [503, { code: 'server_full', message: '', retry_after_ms: 10_000 }, { code: 'server_full', retryAfterMs: 10_000, retryable: true }],
  [503, { code: 'server_busy', message: '', retry_after_ms: 900 }, { code: 'server_busy', retryAfterMs: 900, retryable: true }],
  [503, { code: 'draining', message: '' }, { code: 'draining', retryable: true }],
  [204, {}, { code: 'connect_failed', retryable: true }],
  [404, { code: 'not_found', message: '' }, { code: 'connect_failed', retryable: true }], // an older server
  [502, [1], { code: 'connect_failed', retryable: true }], // of something in between
])) {
  test(`a refused socket, and ${status} ${body.code ?? ''} to the question why`, async () => {
    const b = refusing(status, body);
    const error = await failure(b);
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((key) => [key, Reflect.get(error, key)])), want);
    assert.deepEqual(b.reach.asked, ['POST https://meet.test/api/v1/reach']);
  });
}

test('a socket that opens asks nothing', async () => {
  const b = bench();
  await b.join();
  assert.deepEqual(b.reach.asked, []);
});

test('while reconnecting it is asked every 5 s at most, and the wait is as long as the server says', async () => {
  const b = bench({ reconnect: { nextDelayMs: (/** @type {{attempt: number}} */ { attempt }) => (attempt < 30 ? 200 : null) } });
  await b.join();
  b.server.door = 'refuse';
  Object.assign(b.reach, { status: 429, body: { code: 'rate_limited', limit: 'opens', retry_after_ms: 2_000 } });
  b.server.socket.drop();
  await advance(300);
  const [, second] = b.seen('reconnecting');
  assert.equal(second.error.code, 'rate_limited');
  assert.ok(second.nextInMs >= 2_000 && second.nextInMs <= 2_500, `${second.nextInMs} is told, and not what the policy said`);
  await advance(4_000, 100);
  assert.equal(b.reach.asked.length, 1);
  await advance(6_000, 100);
  assert.equal(b.reach.asked.length, 2);
  b.server.door = 'accept';
  await advance(3_000, 100);
  assert.equal(b.room.state, 'connected');
});

test('too much of a source is told as it is', async () => {
  const b = bench();
  await b.join();
  b.server.send('limited', { source: 'camera', reason: 'rate', limit_bps: 15_000_000 }, false);
  await settle();
  assert.deepEqual(b.seen('localTrackLimited'), [{ source: 'camera', reason: 'rate', bitrate: 15_000_000 }]);
});
