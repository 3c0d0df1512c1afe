// Which RTP header extensions to offer. Pure.

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
