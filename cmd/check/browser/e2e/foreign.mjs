// Makes a page send as pages of others do, which is not as ours does: its camera
// in one encoding of a codec of its choice.
import { newPage } from './browsers.mjs';
import { CAST } from './cast.mjs';
import { joinRoom } from './probe.mjs';

/**
 * @typedef {object} Sends
 * @property {string} codec   for example AV1
 * @property {string} [mode]  its scalability mode, for example L2T1. What Chromium
 *   sends then has dependency descriptors, as it has from pages that ask for layers
 * @property {boolean} [rarely]  H264's parameter sets come with two key frames, the first of which
 *   is sent before anybody may listen, and not again
 */

/** Runs in the page before anything else. @param {Sends} sends */
export function sendsOnly({ codec, mode, rarely }) {
  const Peer = RTCPeerConnection;
  if (rarely) {
    window.RTCPeerConnection = class extends Peer {
      constructor(/** @type {RTCConfiguration | undefined} */ configuration) {
        super(/** @type {any} */ ({ ...configuration, encodedInsertableStreams: true }));
      }
    };
  }
  const add = Peer.prototype.addTransceiver;
  Peer.prototype.addTransceiver = function (kind, init) {
    if (kind !== 'video' || init?.direction !== 'sendonly') return add.call(this, kind, init);
    const layers = /** @type {RTCRtpEncodingParameters[]} */ ([mode ? { scalabilityMode: mode } : {}]);
    const transceiver = add.call(this, kind, { ...init, sendEncodings: layers });
    const wanted = ({ mimeType = '' }) => mimeType === `video/${codec}` || mimeType === 'video/rtx';
    transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video')?.codecs.filter(wanted) ?? []);
    if (rarely) stripSets(transceiver.sender);
    // The page's own ideas of it come too late.
    return Object.assign(transceiver, { setCodecPreferences() {}, setHeaderExtensionsToNegotiate() {} });
  };

  /** Takes parameter sets out of key frames, but out of two, and counts these frames. @param {any} sender */
  function stripSets(sender) {
    const { readable, writable } = sender.createEncodedStreams();
    const page = /** @type {any} */ (window);
    page.stripped = 0;
    let known = '';
    let times = 0;
    const strip = new TransformStream({
      transform(frame, out) {
        const { sets, rest } = split(new Uint8Array(frame.data));
        if (sets.length) {
          times = known === sets.join() ? times + 1 : 1;
          known = sets.join();
          if (times > 2) frame.data = Uint8Array.from(rest).buffer;
          if (times > 2) page.stripped++;
        }
        out.enqueue(frame);
      },
    });
    void readable.pipeThrough(strip).pipeTo(writable);
  }

  /** @param {Uint8Array} data units, each behind 00 00 01; those of types 7 and 8 are sets */
  function split(data) {
    const starts = /** @type {number[]} */ ([]);
    for (let i = 0; i + 3 < data.length; i++) if (!data[i] && !data[i + 1] && data[i + 2] === 1) starts.push(i);
    const units = starts.map((start, n) => [...data.subarray(start, starts[n + 1])]);
    const isSet = (/** @type {number[]} */ unit) => [7, 8].includes(unit[3] & 31);
    return { sets: units.filter(isSet).flat(), rest: units.filter((unit) => !isSet(unit)).flat() };
  }
}

/**
 * A page of one of the cast whose camera is sent as others send theirs.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {keyof typeof CAST} name
 * @param {string} room
 * @param {Sends} sends
 */
export async function enterSending(browser, url, name, room, sends) {
  const page = await newPage(browser, CAST[name]);
  await page.addInitScript(sendsOnly, sends);
  await page.goto(`${url}/sdk/README.md`);
  const { id } = await page.evaluate(joinRoom, { room, name, seats: 2 });
  return Object.assign(page, { who: name, id });
}

/** What a page receives of pictures: the codecs, and how many frames were decoded. */
export async function receives() {
  /** @type {any[]} */
  const stats = [...(await /** @type {any} */ (window).peers.at(-1).getStats()).values()];
  const inbound = stats.filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded > 0);
  const codecs = inbound.map((s) => stats.find((c) => c.id === s.codecId)?.mimeType.replace('video/', ''));
  return { codecs, frames: inbound.reduce((sum, s) => sum + s.framesDecoded, 0) };
}

/** How many frames a page has sent. */
export async function sent() {
  /** @type {any[]} */
  const stats = [...(await /** @type {any} */ (window).peers.at(-1).getStats()).values()];
  return Math.max(0, ...stats.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video').map((s) => s.framesSent));
}
