// A camera is sent in its full size, however small it is.
import { test } from 'node:test';
import { enter, eventually } from './cast.mjs';
import { open } from './open.mjs';

const { server, browser } = await open();

/** Widths of the layers that are sent now, smallest first. */
async function sent() {
  /** @type {any[]} */
  const raw = [...(await /** @type {any} */ (window).peers.at(-1).getStats()).values()];
  const outbound = raw.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video' && s.framesSent > 0);
  return outbound.map((s) => s.frameWidth).sort((a, b) => a - b);
}

for (const [width, height, layers] of /** @type {const} */ ([
  [320, 180, [320]],
  [640, 360, [320, 640]],
  [640, 480, [320, 640]],
])) {
  test(`a camera of ${width} × ${height} is sent in ${layers.length}`, async () => {
    const ann = await enter(browser, server.url, 'Ann', `layers-${width}-${height}`, { camera: { width, height } });
    const ben = await enter(browser, server.url, 'Ben', `layers-${width}-${height}`, { video: false });
    // Ben looks at it in full screen, so that every layer is worth sending.
    await ben.evaluate((participant) => /** @type {any} */ (window).room.setView([{ participant, source: 'camera', width: 1920, height: 1080 }]), ann.id);
    await eventually(() => ann.evaluate(sent), (widths) => widths.join() === layers.join(), { what: `layers of ${layers}`, ms: 90_000 });
    const shown = () => ben.evaluate(() => document.querySelector('video')?.videoWidth);
    await eventually(shown, (w) => w === width, { what: 'Ben sees it in full', ms: 90_000 });
    await ann.context().close();
    await ben.context().close();
  });
}
