// Which codecs and RTP header extensions to offer. Pure.

/** The server forwards these; rtx repairs them. */
const TAKEN = { audio: ['audio/opus'], video: ['video/vp8', 'video/h264', 'video/rtx'] };

/**
 * The codecs out of what a browser can that the server takes, VP8 before
 * H264, in the shape of setCodecPreferences. Empty when none is left: then
 * the browser's own list is better.
 * @template {{mimeType: string, sdpFmtpLine?: string}} C
 * @param {readonly C[]} codecs
 * @param {'audio' | 'video'} kind
 * @returns {C[]}
 */
export function codecPreferences(codecs, kind) {
  const taken = TAKEN[kind];
  const rank = (/** @type {C} */ c) => taken.indexOf(c.mimeType.toLowerCase());
  const kept = codecs.filter((c) => rank(c) >= 0 && wholeFrames(c));
  if (!kept.some((c) => !c.mimeType.toLowerCase().endsWith('/rtx'))) return [];
  return kept.sort((a, b) => rank(a) - rank(b));
}

/**
 * H264 without packetization-mode=1 can not send frames larger than a packet
 * (RFC 6184 section 6.2).
 * @param {{mimeType: string, sdpFmtpLine?: string}} codec
 */
function wholeFrames({ mimeType, sdpFmtpLine = '' }) {
  return mimeType.toLowerCase() !== 'video/h264' || sdpFmtpLine.includes('packetization-mode=1');
}

/** The server uses these; what is offered beyond them only makes SDP longer. */
const USED = new Set([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
]);

/**
 * The same extensions with those the server does not use stopped, in the
 * shape of RTCRtpTransceiver.setHeaderExtensionsToNegotiate.
 * @template {{uri: string, direction: string}} E
 * @param {readonly E[]} extensions
 * @returns {E[]}
 */
export function usedExtensions(extensions) {
  return extensions.map((e) => (USED.has(e.uri) ? e : { ...e, direction: 'stopped' }));
}
