// Firefox ESR for the tests: headless, driven by puppeteer-core.
import { readFile, readdir } from 'node:fs/promises';
import puppeteer from 'puppeteer-core';
import { CAST } from './cast.mjs';
import { fakeMedia } from './fake_media.mjs';
import { sendsOnly } from './foreign.mjs';
import { joinRoom } from './probe.mjs';

/** @typedef {import('./foreign.mjs').Sends} Sends */

/**
 * A Firefox of its own: pages in background tabs get their timers throttled.
 * Its microphone is a tone of hz: it has a generator, and without a sound card
 * no AudioContext runs.
 * @param {number} hz
 */
export async function launchFirefox(hz) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.audio.fake_frequency': hz,
      'media.navigator.permission.disabled': true,
      // Without a lasting permission Firefox offers no loopback candidates.
      'permissions.default.camera': 1,
      'permissions.default.microphone': 1,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.autoplay.default': 0,
      'media.gmp-manager.updateEnabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  });
}

/**
 * Opens a Firefox at url for one of the cast and joins the room through the
 * SDK; the twin of cast.mjs's enter.
 * @param {string} url
 * @param {keyof typeof CAST} name
 * @param {string} room
 * @param {Sends} [sends]
 */
export async function enterFirefox(url, name, room, sends) {
  const firefox = await launchFirefox(CAST[name].hz);
  const page = await firefox.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('pageerror', (error) => void problems.push(`pageerror: ${error}`));
  page.on('console', (message) => void (message.type() === 'error' && problems.push(`console: ${message.text()}`)));
  await page.evaluateOnNewDocument(fakeMedia, { color: CAST[name].color, width: 320, height: 180 });
  if (sends) await page.evaluateOnNewDocument(sendsOnly, sends);
  await page.goto(`${url}/sdk/README.md`);
  await page.evaluate(joinRoom, { room, name });
  const evaluate = /** @type {import('./cast.mjs').Evaluate} */ (/** @type {unknown} */ (page.evaluate.bind(page)));
  return {
    who: name,
    problems,
    evaluate,
    quit: async () => void (firefox.connected && (await firefox.close())),
    kill: () => killTree(firefox.process()?.pid ?? 0),
  };
}

/** Kills a process we started and all it started. @param {number} root */
async function killTree(root) {
  if (!root) throw new Error('this Firefox has no process');
  /** @type {Map<number, number>} */
  const parents = new Map();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const under = (/** @type {number} */ pid) => {
    for (let p = pid; p > 1; p = parents.get(p) ?? 0) if (p === root) return true;
    return false;
  };
  for (const pid of parents.keys()) {
    if (!under(pid)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // already gone with its parent
    }
  }
}
