// Browsers for the tests: headless Chromium driven by playwright-core.
import { chromium } from 'playwright-core';
import { fakeMedia } from './fake_media.mjs';

/**
 * Chromium without windows: it draws pages as the one with windows does, for a
 * third less of the processor. PARLEY_BROWSER names another.
 */
const EXECUTABLE = process.env.PARLEY_BROWSER ?? '/usr/bin/chromium-headless-shell';

const FLAGS = [
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
  // A host that is no loopback to a page: where pages are insecure.
  '--host-resolver-rules=MAP meet.test 127.0.0.1',
];

/** @param {string[]} [more] */
const launch = (more = []) => ({ executablePath: EXECUTABLE, headless: true, args: [...FLAGS, ...more] });

/** One Chromium for many processes: its wsEndpoint is what PARLEY_CHROMIUM names. */
export function serveChromium() {
  return chromium.launchServer(launch());
}

/**
 * The Chromium of the run, and one's own where there is none. Contexts keep
 * tests apart; those of a test end with its connection, also where it fails.
 */
export function openChromium() {
  const { PARLEY_CHROMIUM: served } = process.env;
  return served ? chromium.connect(served) : chromium.launch(launch());
}

/**
 * A Chromium of its own, for what contexts do not keep apart.
 * @param {{because: string, flags?: string[]}} options because: told with the test's output
 */
export function ownChromium({ because, flags }) {
  console.log(`a Chromium of its own: ${because}`);
  return chromium.launch(launch(flags));
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
