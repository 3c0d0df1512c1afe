// An address that changes in the middle of a meeting is followed: by the server
// where it hears of it, by an ICE restart where nothing comes any more.
//   PARLEY_TIMES=20 makes each change so often, for the figures.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { enter, seesExactly } from './cast.mjs';
import { openWithCutter } from './open.mjs';
import { startPath } from './path.mjs';

/** Most time until a picture moves again, milliseconds: twice what is aimed at, for busy machines. */
const MOST = 5_000;
const TIMES = Number(process.env.PARLEY_TIMES ?? 1);

const { server, browser, cutter } = await openWithCutter();
const way = await startPath(server.port);
after(() => way.close());

/** Runs in the page: how long until sound comes, and frames rise, again, milliseconds. @param {number} since Date.now() */
async function back(since) {
  const pc = /** @type {any} */ (window).peers.at(-1);
  const look = async () => {
    const inbound = [...(await pc.getStats()).values()].filter((s) => s.type === 'inbound-rtp');
    const sum = (/** @type {string} */ kind, /** @type {string} */ field) => inbound.reduce((n, s) => n + (s.kind === kind ? (s[field] ?? 0) : 0), 0);
    return { sound: sum('audio', 'packetsReceived'), frames: sum('video', 'framesDecoded') };
  };
  await new Promise((resolve) => setTimeout(resolve, 300)); // what was under way is in
  const before = await look();
  let heard = 0;
  for (;;) {
    const { sound, frames } = await look();
    if (sound > before.sound + 2) heard ||= Date.now() - since;
    if (heard && frames > before.frames + 2) return { heard, seen: Date.now() - since };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs in the page: counts ICE restarts. */
function countRestarts() {
  const { createOffer } = RTCPeerConnection.prototype;
  Object.assign(window, { restarts: 0 });
  RTCPeerConnection.prototype.createOffer = function (/** @type {any} */ options) {
    if (options?.iceRestart) /** @type {any} */ (window).restarts++;
    return /** @type {any} */ (createOffer).call(this, options);
  };
}

/**
 * What changes, and who it happens to.
 * @type {[string, {media?: boolean, change: () => void, resumed?: boolean}][]}
 */
const CHANGES = [
  ['a NAT that forgot', { change: () => way.rebind() }],
  ['another network', { change: () => way.move() }],
  ['another network, of one who only listens', { media: false, change: () => way.move() }],
  ['another network, which the socket did not survive either', { resumed: true, change: () => (way.move(), cutter.deaden()) }],
];

for (const [what, { media = true, resumed = false, change }] of CHANGES) {
  test(`${what}: the picture moves again`, { timeout: 60_000 + TIMES * 30_000 }, async (t) => {
    const room = what.replaceAll(/\W+/g, '-').toLowerCase();
    const ann = await enter(browser, server.url, 'Ann', room);
    /** @type {{heard: number, seen: number}[]} */
    const times = [];
    let restarts = 0;
    for (let i = 0; i < TIMES; i++) {
      const ben = await enter(browser, cutter.url, 'Ben', room, { audio: media, video: media, through: { port: server.port, via: way.port } });
      await ben.evaluate(countRestarts);
      await seesExactly(ben, ['Ann'], 2_000 + Math.floor(Math.random() * 2_000));
      change();
      times.push(await ben.evaluate(back, Date.now()));
      restarts += await ben.evaluate(() => Number(/** @type {any} */ (window).restarts));
      await seesExactly(ann, media ? ['Ben'] : [], 1_000);
      const events = await ben.evaluate(() => /** @type {{type: string}[]} */ (/** @type {any} */ (window).events));
      assert.equal(events.some((e) => e.type === 'reconnected'), resumed);
      assert.deepEqual(ben.problems, []);
      await ben.context().close();
      await seesExactly(ann, [], 0);
    }
    const sorted = (/** @type {'heard' | 'seen'} */ what) => times.map((time) => time[what]).sort((a, b) => a - b);
    t.diagnostic(`sound after ${sorted('heard').join(', ')} ms, picture after ${sorted('seen').join(', ')} ms; ${restarts} restarts`);
    assert.ok(times.every(({ seen }) => seen < MOST), JSON.stringify(times));
    await ann.context().close();
  });
}
