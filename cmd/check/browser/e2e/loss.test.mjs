// 5 % random loss both ways: the picture keeps moving.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { enter, seesExactly } from './cast.mjs';
import { open } from './open.mjs';

const { server, browser } = await open();

const proxy = spawn(String(process.env.PARLEY_BIN), ['impair', '--to', `127.0.0.1:${server.port}`, '--loss', '5%', '--seed', '7', '--duration', '2m'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
after(() => proxy.kill());
const mediaPort = await /** @type {Promise<number>} */ (
  new Promise((resolve, reject) => {
    let text = '';
    proxy.stdout.on('data', (chunk) => {
      const match = /127\.0\.0\.1:(\d+)/.exec((text += chunk));
      if (match) resolve(Number(match[1]));
    });
    proxy.once('exit', () => reject(new Error(`impairment proxy: ${text}`)));
  })
);

test('with 5 % loss both ways no freeze lasts 2 s', async () => {
  const through = { port: server.port, via: mediaPort };
  const ann = await enter(browser, server.url, 'Ann', 'loss-room', { through });
  const ben = await enter(browser, server.url, 'Ben', 'loss-room', { through });
  await seesExactly(ann, ['Ben'], 0);
  await seesExactly(ben, ['Ann'], 0);

  const watched = await Promise.all([ann, ben].map(async (page) => ({ page, result: await page.evaluate(watchFor30s) })));
  for (const { page, result } of watched) {
    console.log(`${page.who}: ${JSON.stringify(result)}`);
    assert.ok(result.longestGap < 2_000, `${page.who}: a freeze of ${result.longestGap} ms`);
    assert.ok(result.frames > 300, `${page.who}: only ${result.frames} frames in 30 s`);
    assert.ok(result.lost + result.retransmitted > 0, 'the proxy lost something');
    assert.ok(result.retransmitted > 0, 'lost packets were repaired');
  }
});

/** Measures the longest time between two frames, and how much was repaired. */
async function watchFor30s() {
  const video = /** @type {HTMLVideoElement} */ (document.querySelector('video[data-key]'));
  let last = performance.now();
  let longestGap = 0;
  let frames = 0;
  const onFrame = () => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
    frames++;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  longestGap = Math.max(longestGap, performance.now() - last);
  /** @type {any[]} */
  const raw = [...(await /** @type {any} */ (window).peers.at(-1).getStats()).values()];
  const inbound = raw.filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded > 0);
  const sum = (/** @type {string} */ key) => inbound.reduce((total, s) => total + (s[key] ?? 0), 0);
  const lost = sum('packetsLost');
  const retransmitted = sum('retransmittedPacketsReceived');
  return {
    longestGap: Math.round(longestGap),
    frames,
    received: sum('packetsReceived'),
    lost,
    retransmitted,
    repairedShare: Math.min(1, retransmitted / Math.max(1, lost)),
    freezes: sum('freezeCount'),
  };
}
