// When the way to the server is given up for another, and when it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PathWatch } from '../../../../transport/httpd/web/lib/path-watch.js';
import { Client, Server, chance, run } from './fake/path.mjs';

/** Long enough for whatever is going on to be over. */
const SETTLED = 8_000;

/** Time until 95 of 100 were through. @param {number[]} times */
const p95 = (times) => times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1];

/**
 * How long after a change of address something comes again: of 200 clients.
 * @param {import('./fake/path.mjs').Setting} setting
 * @param {{socket?: boolean, hint?: boolean, answered?: boolean}} [how]  socket: lives
 *   on; hint: the browser says something; answered: checks are
 */
function recovery(setting, { socket = true, hint = false, answered = false } = {}) {
  const times = [];
  for (let seed = 1; seed <= 200; seed++) {
    const random = chance(seed);
    const client = new Client(new Server(random), random, setting);
    client.answered = answered;
    const moved = SETTLED + Math.floor(300 * random()) * 10;
    let back = 0;
    run([client], 0, moved + 20_000, (now) => {
      if (now === moved) client.move(now, { socket });
      if (hint && now === moved + 100) client.hint(now);
      if (now > moved && client.heardAt > moved) back ||= now - moved;
    });
    assert.ok(back, `seed ${seed}: never back`);
    assert.equal(client.restarts.length, 1, `seed ${seed}: restarted at ${client.restarts}, moved at ${moved}`);
    times.push(back);
  }
  return p95(times);
}

for (const [what, setting, how, limit] of /** @type {[string, import('./fake/path.mjs').Setting, object, number][]} */ ([
  ['two people talk', { voices: 2 }, {}, 2_500],
  ['one talks, and something is sent', { voices: 1, echo: true }, {}, 2_500],
  ['oneself alone is heard by the server', { voices: 0, echo: true }, {}, 2_500],
  ['two people talk, and the socket died as well', { voices: 2 }, { socket: false }, 2_500],
  ['two people talk, and the browser says that it is online', { voices: 2, echo: true }, { hint: true }, 1_300],
  ['the same in a browser that says little of its pairs', { voices: 2, checks: false }, {}, 2_500],
  ['two people talk, and the server answers the new address but sends to the old one', { voices: 2 }, { answered: true }, 2_500],
  ['the same with one, who is sent to', { voices: 1, echo: true }, { answered: true }, 2_500],
  ['only one talks', { voices: 1 }, {}, 2_500],
  ['only one talks, and the socket died as well', { voices: 1 }, { socket: false }, 2_500],
  ['only one talks, and the browser says that it is online', { voices: 1 }, { hint: true }, 2_500],
  ['only one talks, in a browser that says little of its pairs', { voices: 1, checks: false }, {}, 2_500],
  ['only one talks, and the server answers the new address but sends to the old one', { voices: 1 }, { answered: true }, 2_500],
  ['nobody talks', { voices: 0 }, {}, 5_000],
  ['nobody talks, in a background tab', { voices: 0, throttle: 1_000 }, {}, 6_500],
  ['two people talk, in a background tab', { voices: 2, throttle: 1_000 }, {}, 4_000],
])) {
  test(`a change of address is followed where ${what}`, (t) => {
    const took = recovery(setting, how);
    t.diagnostic(`${took} ms at p95`);
    assert.ok(took <= limit, `${took} ms at p95`);
  });
}

test('a thousand clients whose server stands still for 3 s: hardly one restarts, all are back', (t) => {
  const random = chance(7);
  const server = new Server(random);
  const clients = Array.from({ length: 1_000 }, (_, i) => new Client(server, random, { voices: i % 5, echo: i % 3 === 0, checks: i % 10 !== 9, ...(i % 7 === 6 ? { throttle: 1_000 } : {}) }));
  server.stopsAt = SETTLED;
  server.goesOnAt = SETTLED + 3_000;
  run(clients, 0, server.goesOnAt + 3_000);
  const restarts = clients.reduce((n, c) => n + c.restarts.length, 0);
  const away = clients.filter((c) => c.heardAt < server.goesOnAt && (c.voices || c.echo)).length;
  t.diagnostic(`${restarts} restarts, ${away} not back, ${clients.reduce((n, c) => n + c.asks, 0)} asked`);
  assert.ok(restarts <= 50, `${restarts} restarts`);
  assert.equal(away, 0);
  run(clients, server.goesOnAt + 3_000, server.goesOnAt + 30_000);
  assert.ok(clients.every((c) => c.heardAt > server.goesOnAt + 25_000), 'those in silent rooms, too');
  assert.ok(clients.reduce((n, c) => n + c.restarts.length, 0) <= 50);
});

test('a server that stands still for long is waited for', () => {
  const random = chance(3);
  const server = new Server(random);
  const clients = Array.from({ length: 100 }, (_, i) => new Client(server, random, { voices: i % 4, echo: i % 2 === 0 }));
  server.stopsAt = SETTLED;
  server.goesOnAt = SETTLED + 20_000;
  run(clients, 0, server.goesOnAt);
  assert.equal(clients.reduce((n, c) => n + c.restarts.length, 0), 0);
});

/** @type {[string, import('./fake/path.mjs').Setting, (client: Client, now: number) => void][]} */
const HEALTHY = [
  ['nobody talks', { voices: 0 }, () => {}],
  ['nobody talks, and the browser says little', { voices: 0, checks: false }, () => {}],
  ['everybody mutes themselves at once', { voices: 3 }, (client, now) => now === SETTLED && Object.assign(client, { voices: 0 })],
  ['the only one who talks loses their own way', { voices: 1 }, (client, now) => now === SETTLED && Object.assign(client, { hushed: true })],
  ['the only one who talks loses their own way again and again', { voices: 1 }, (client, now) => now % 6_000 === 0 && Object.assign(client, { hushed: now % 12_000 === 0 })],
  ['people are hushed while something is sent', { voices: 3, echo: true }, (client, now) => now === SETTLED && Object.assign(client, { hushed: true })],
  ['timers fire once a second', { voices: 2, throttle: 1_000 }, () => {}],
  ['timers fire once a minute', { voices: 2, throttle: 60_000 }, () => {}],
  ['timers fire once a minute, and nobody talks', { voices: 0, throttle: 60_000 }, () => {}],
  ['the browser says again and again that it is online', { voices: 2 }, (client, now) => now % 2_000 === 0 && client.hint(now)],
  ['the same in a silent room', { voices: 0 }, (client, now) => now % 2_000 === 0 && client.hint(now)],
];

for (const [what, setting, happens] of HEALTHY) {
  test(`a way that is fine is kept while ${what}`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = chance(seed);
      const client = new Client(new Server(random), random, setting);
      run([client], 0, 180_000, (now) => happens(client, now));
      assert.deepEqual(client.restarts, [], `seed ${seed}`);
      assert.ok(client.asks < 100, `seed ${seed}: asked ${client.asks} times`);
    }
  });
}

test('where nothing can be known one question is enough', () => {
  const random = chance(9);
  const client = new Client(new Server(random), random, { voices: 0, checks: false });
  run([client], 0, 120_000, (now) => now === SETTLED && client.hint(now));
  assert.deepEqual([client.asks, client.restarts.length], [1, 0]);
});

test('two of one house who lose their line together: those who listen do not restart', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = chance(seed);
    const client = new Client(new Server(random), random, { voices: 2 });
    run([client], 0, 120_000, (now) => now === SETTLED && (client.hushed = true));
    assert.deepEqual([client.restarts, client.gaveUp], [[], 0], `seed ${seed}`);
    assert.ok(client.asks <= 3, `seed ${seed}: asked ${client.asks} times`);
  }
});

test('who alone is missed by many: nobody restarts, also not in a browser that says little', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = chance(seed);
    const client = new Client(new Server(random), random, { voices: 1, checks: false });
    run([client], 0, 60_000, (now) => now === SETTLED && (client.hushed = true));
    assert.deepEqual(client.restarts, [], `seed ${seed}`);
    assert.ok(client.asks <= 3, `seed ${seed}: asked ${client.asks} times`);
  }
});

test('a network that changes all the time: never two restarts within 5 s, and ever rarer', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = chance(seed);
    const client = new Client(new Server(random), random, { voices: 2 });
    run([client], 0, 120_000, (now) => now >= SETTLED && now % 1_500 === 0 && client.move(now));
    const gaps = client.restarts.slice(1).map((at, i) => at - client.restarts[i]);
    assert.ok(gaps.length >= 3, `${client.restarts}`);
    gaps.forEach((gap, i) => assert.ok(gap >= Math.min(60_000, 5_000 * 2 ** i), `seed ${seed}: ${gaps}`));
  }
});

test('restarts that help nothing: two, then the stay is begun anew, once', () => {
  const random = chance(5);
  const client = new Client(new Server(random), random, { voices: 2 });
  client.stuck = true;
  run([client], 0, 120_000, (now) => now === SETTLED && client.move(now));
  assert.equal(client.restarts.length, 2);
  assert.equal(client.gaveUp, 1);
});

test('a look a hair too early is soon followed by another, however long it took', () => {
  const watch = new PathWatch(() => 0);
  watch.reset(0);
  const seen = { pair: 'p', packets: 0, age: 0, asked: 0, answers: 0, voices: 2, echo: true, broken: /** @type {const} */ ('') };
  for (let now = 0; now <= 3_000; now += 500) watch.saw(now, { ...seen, packets: now / 10 });
  assert.equal(watch.wait(3_000), 1_000);
  assert.equal(watch.saw(3_999.8, { ...seen, packets: 300, age: 999.8 }), '');
  assert.ok(watch.wait(3_999.8) <= 100);
  assert.ok(watch.wait(4_000.1) < 600, 'the silence is over while it was looked');
});
