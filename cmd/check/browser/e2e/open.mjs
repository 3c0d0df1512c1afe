// What the tests of a file have in common: a server of their own and a
// Chromium, open until the last of them is over.
import { after } from 'node:test';
import { openChromium, ownChromium } from './browsers.mjs';
import { startCutter, startServer } from './server.mjs';

/** Ends what was started, the last first. @type {(() => unknown)[]} */
const ends = [];
after(async () => {
  while (ends.length) await ends.pop()?.();
});

/**
 * @param {{args?: string[], own?: Parameters<typeof ownChromium>[0]}} [options]
 *   further arguments of the server; own: the Chromium is not that of the run
 */
export async function open({ args, own } = {}) {
  const server = await startServer({ args });
  ends.push(() => server.clean());
  const browser = await (own ? ownChromium(own) : openChromium());
  ends.push(() => browser.close());
  return { server, browser };
}

/** The same with a proxy before the server that can cut connections. @param {Parameters<typeof open>[0]} [options] */
export async function openWithCutter(options) {
  const { server, browser } = await open(options);
  const cutter = await startCutter(server.port);
  ends.push(() => cutter.close());
  return { server, browser, cutter };
}
