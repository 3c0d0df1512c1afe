// Chromium and Firefox, driven by puppeteer-core: node browser.mjs NAME.
import puppeteer from 'puppeteer-core';
import { createServer } from 'node:http';
import { obey } from './lines.mjs';

/** @type {Record<string, import('puppeteer-core').LaunchOptions>} */
const BROWSERS = {
  chromium: {
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      '--allow-loopback-in-peer-connection',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      '--mute-audio',
      '--disable-gpu',
    ],
  },
  firefox: {
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      // Without a lasting permission Firefox offers no loopback candidates.
      'permissions.default.camera': 1,
      'permissions.default.microphone': 1,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.gmp-manager.updateEnabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  },
};

/** Runs in the page: the same deeds as the other programs', on a real RTCPeerConnection. */
async function prepare() {
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 180 } });
  const pc = new RTCPeerConnection();
  for (const track of [...media.getAudioTracks(), ...media.getVideoTracks()]) pc.addTransceiver(track, { direction: 'sendonly' });
  for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
  const local = async (/** @type {RTCOfferOptions} */ options) => {
    await pc.setLocalDescription(await pc.createOffer(options));
    for (let tries = 0; pc.iceGatheringState !== 'complete' && tries < 60; tries++) await new Promise((next) => setTimeout(next, 50));
    return { sdp: pc.localDescription?.sdp };
  };
  Object.assign(window, {
    deeds: {
      offer: () => local({}),
      restart: () => local({ iceRestart: true }),
      answer: (/** @type {string} */ sdp) => pc.setRemoteDescription({ type: 'answer', sdp }),
      stats: async () => {
        const count = { audio: 0, video: 0 };
        for (const report of (await pc.getStats()).values()) {
          if (report.type === 'inbound-rtp') count[/** @type {'audio'|'video'} */ (report.kind)] += report.packetsReceived ?? 0;
        }
        return count;
      },
    },
  });
}

// A page of loopback may use the microphone; that of no server may not.
const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const browser = await puppeteer.launch({ headless: true, ...BROWSERS[process.argv[2]] });
const page = await browser.newPage();
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
await page.goto(`http://localhost:${port}/`);
await page.evaluate(prepare);
// @ts-expect-error deeds are put there by prepare
const call = (/** @type {string} */ deed) => (order) => page.evaluate((name, sdp) => window.deeds[name](sdp), deed, order.sdp);
await obey(await browser.version(), { offer: call('offer'), answer: call('answer'), restart: call('restart'), stats: call('stats') });
await browser.close();
server.close();
