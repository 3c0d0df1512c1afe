// Browsers for the tests: headless Chromium driven by playwright-core.
import { chromium } from 'playwright-core';
import { fakeMedia } from './fake_media.mjs';

export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--mute-audio',
  '--disable-gpu',
];

/** @param {string[]} [more] */
export function launchChromium(more = []) {
  return chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: [...CHROMIUM_FLAGS, ...more] });
}

/**
 * A page of its own browser context whose camera is a canvas of one colour
 * with a moving square, and whose microphone is a tone.
 * @param {import('playwright-core').Browser} browser
 * @param {{color: string, hz: number, width?: number, height?: number, context?: object}} media
 */
export async function newPage(browser, media) {
  const context = await browser.newContext(media.context ?? {});
  await context.grantPermissions(['camera', 'microphone']);
  await context.addInitScript(fakeMedia, { color: media.color, hz: media.hz, width: media.width ?? 320, height: media.height ?? 180 });
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => problems.push(`pageerror: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  return Object.assign(page, { problems });
}
