// Which codecs and RTP header extensions to offer. Pure.

/** The server forwards these; rtx repairs them. */
const TAKEN = { audio: ['audio/opus'], video: ['video/vp8', 'video/h264', 'video/vp9', 'video/av1', 'video/rtx'] };

/**
 * The codecs out of what a browser can that the server takes, VP8 before
 * H264, in the shape of setCodecPreferences; VP9 and AV1 only come from others.
 * Empty when none is left: then the browser's own list is better.
 * @template {{mimeType: string, sdpFmtpLine?: string}} C
 * @param {readonly C[]} codecs
 * @param {'audio' | 'video'} kind
 * @param {'send' | 'receive'} dir
 * @returns {C[]}
 */
export function codecPreferences(codecs, kind, dir) {
  const taken = TAKEN[kind].filter((type) => dir === 'receive' || !/vp9|av1/.test(type));
  const rank = (/** @type {C} */ c) => taken.indexOf(c.mimeType.toLowerCase());
  const kept = codecs.filter((c) => rank(c) >= 0 && usual(c));
  if (kept.every((c) => /rtx/i.test(c.mimeType))) return [];
  return kept.sort((a, b) => rank(a) - rank(b));
}

/**
 * H264 without packetization-mode=1 can not send frames larger than a packet
 * (RFC 6184 section 6.2); other profiles of VP9 and AV1 are rare.
 * @param {{mimeType: string, sdpFmtpLine?: string}} codec
 */
function usual({ mimeType, sdpFmtpLine = '' }) {
  return /h264/i.test(mimeType) ? sdpFmtpLine.includes('packetization-mode=1') : !/profile(-id)?=[1-9]/.test(sdpFmtpLine);
}

/** The server uses these; what is offered beyond them only makes SDP longer. */
const USED = /:sdes:(mid|rtp-stream-id|repaired-rtp-stream-id)$|ssrc-audio-level|transport-wide-cc-extensions|abs-send-time/;

/**
 * The same extensions with those the server does not use stopped, in the shape
 * of setHeaderExtensionsToNegotiate. Chromium has to be asked for what it needs
 * to decode AV1 in layers.
 * @template {{uri: string, direction: string}} E
 * @param {readonly E[]} extensions
 * @param {'send' | 'receive'} dir
 * @returns {E[]}
 */
export function usedExtensions(extensions, dir) {
  return extensions.map((e) => {
    if (USED.test(e.uri)) return e;
    return { ...e, direction: dir === 'receive' && /#dependency-/.test(e.uri) ? 'sendrecv' : 'stopped' };
  });
}
