// Makes a page send as pages of others do, which is not as ours does: its camera
// in one encoding of a codec of its choice.

/**
 * @typedef {object} Sends
 * @property {string} codec   for example AV1
 * @property {string} [mode]  its scalability mode, for example L2T1. What Chromium
 *   sends then has dependency descriptors, as it has from pages that ask for layers
 */

/** Runs in the page before anything else. @param {Sends} sends */
export function sendsOnly({ codec, mode }) {
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (kind, init) {
    if (kind !== 'video' || init?.direction !== 'sendonly') return add.call(this, kind, init);
    const layers = /** @type {RTCRtpEncodingParameters[]} */ ([mode ? { scalabilityMode: mode } : {}]);
    const transceiver = add.call(this, kind, { ...init, sendEncodings: layers });
    const wanted = ({ mimeType = '' }) => mimeType === `video/${codec}` || mimeType === 'video/rtx';
    transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video')?.codecs.filter(wanted) ?? []);
    // The page's own ideas of it come too late.
    return Object.assign(transceiver, { setCodecPreferences() {}, setHeaderExtensionsToNegotiate() {} });
  };
}

/** What a page receives of pictures: the codecs, and how many frames were decoded. */
export async function receives() {
  /** @type {any[]} */
  const stats = [...(await /** @type {any} */ (window).peers.at(-1).getStats()).values()];
  const inbound = stats.filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded > 0);
  const codecs = inbound.map((s) => stats.find((c) => c.id === s.codecId)?.mimeType.replace('video/', ''));
  return { codecs, frames: inbound.reduce((sum, s) => sum + s.framesDecoded, 0) };
}
