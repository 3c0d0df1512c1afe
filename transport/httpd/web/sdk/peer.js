// The one RTCPeerConnection of a stay in a meeting.
//
// Media sections in order: microphone, camera (simulcast), screen, screen
// audio, all sendonly; then the seats, each an audio and a video section,
// recvonly. All four sending sections are there from the start, so turning a
// source on needs no negotiation; seats are only ever added at the end.
import { codecPreferences, usedExtensions } from '../lib/codecs.js';
import { cameraLayers } from '../lib/simulcast.js';
import { ParleyError } from './errors.js';
import { Lane } from './timers.js';

/** @typedef {import('./index.js').Source} Source */
/** @typedef {import('./platform.js').Platform} Platform */
/** @typedef {import('./wire.js').MediaOffer} MediaOffer */

/** Bits per second. */
const SCREEN_BITRATE = 2_500_000;
const MUSIC_BITRATE = 128_000;

/** @type {readonly [Source, 'audio' | 'video', RTCRtpEncodingParameters[] | undefined][]} */
const SENDING = [
  ['microphone', 'audio', undefined],
  ['camera', 'video', cameraLayers(0, 0)],
  ['screen', 'video', [{ maxBitrate: SCREEN_BITRATE }]],
  ['screen_audio', 'audio', undefined],
];

export class Peer {
  #platform;
  #pc;
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #sending = new Map();
  /** @type {import('./parts.js').SeatSections[]} */
  #seats = [];
  /** What the server does not take. @type {import('./wire.js').SectionProblem[]} */
  problems = [];
  #lane = new Lane();
  #closed = false;

  /**
   * @param {Platform} platform
   * @param {number} seats
   * @param {(state: RTCPeerConnectionState) => void} onState
   */
  constructor(platform, seats, onState) {
    this.#platform = platform;
    this.#pc = new platform.RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    this.#pc.onconnectionstatechange = () => onState(this.#pc.connectionState);
    for (const [source, kind, sendEncodings] of SENDING) {
      const transceiver = this.#pc.addTransceiver(kind, sendEncodings ? { direction: 'sendonly', sendEncodings } : { direction: 'sendonly' });
      this.#limit(transceiver, kind, 'send');
      this.#sending.set(source, transceiver);
    }
    this.#growTo(seats);
  }

  get seatCount() {
    return this.#seats.length;
  }

  get state() {
    return this.#pc.connectionState;
  }

  /** An offer was made that the server has not answered. */
  get unanswered() {
    return this.#pc.signalingState === 'have-local-offer';
  }

  /** What is sent, in the order of the sections. */
  get sources() {
    return [...this.#sending.keys()];
  }

  /** @param {number} seat */
  seatTracks(seat) {
    const sections = this.#seats[seat];
    if (!sections) return undefined;
    const { audio, video, stream } = sections;
    return { audio: audio.receiver.track, video: video.receiver.track, stream };
  }

  /**
   * Makes an offer, has it answered, applies the answer. One at a time.
   * @param {(offer: MediaOffer) => Promise<import('./wire.js').MediaAnswer>} exchange
   * @param {{iceRestart?: boolean, seats?: number}} [options]  seats: at least so many
   */
  negotiate(exchange, { iceRestart = false, seats = 0 } = {}) {
    return this.#lane.run(async () => {
      this.#growTo(seats);
      await this.#pc.setLocalDescription(await this.#pc.createOffer({ iceRestart }));
      const { answer: sdp, problems = [] } = await exchange(this.#describe());
      this.problems.push(...problems);
      if (!this.#closed) await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    });
  }

  /**
   * What is sent as source from now on; null for nothing. Rejects for a source that the server does not take.
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    const sender = this.#sending.get(source)?.sender;
    if (this.#closed || !sender) return;
    const problem = track && this.problems.find((p) => p.source === source);
    if (problem) throw new ParleyError(problem.code, problem);
    await sender.replaceTrack(track);
    if (source === 'camera' && track) await fitLayers(sender, track);
    if (source === 'microphone' && track) await fitSound(sender, track);
  }

  /** Which section is what: mid → source, mid → seat. */
  sections() {
    /** @type {Map<string, {source?: Source, seat?: number}>} */
    const byMID = new Map();
    for (const [source, { mid }] of this.#sending) byMID.set(mid ?? '', { source });
    this.#seats.forEach(({ audio, video }, seat) => {
      for (const { mid } of [audio, video]) byMID.set(mid ?? '', { seat });
    });
    return byMID;
  }

  getStats() {
    return this.#pc.getStats();
  }

  /** The report of one sender, which names the pair of addresses in use and little else. @returns {Promise<ReadonlyMap<string, any>>} */
  async senderStats() {
    return (await this.#sending.get('microphone')?.sender.getStats()) ?? new Map();
  }

  /** What the browser itself says against the path. */
  get broken() {
    const { state } = this;
    return state === 'disconnected' || state === 'failed' ? state : '';
  }

  close() {
    this.#closed = true;
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  /** @param {number} seats */
  #growTo(seats) {
    while (this.#seats.length < seats && !this.#closed) {
      const audio = this.#pc.addTransceiver('audio', { direction: 'recvonly' });
      const video = this.#pc.addTransceiver('video', { direction: 'recvonly' });
      this.#limit(audio, 'audio', 'receive');
      this.#limit(video, 'video', 'receive');
      const stream = new this.#platform.MediaStream([audio.receiver.track, video.receiver.track]);
      this.#seats.push({ audio, video, stream });
    }
  }

  /**
   * Offers only what the server takes: a seat with everything a browser
   * knows is 6 KB, forty of them are as much as an offer may have.
   * @param {RTCRtpTransceiver} transceiver
   * @param {'audio' | 'video'} kind
   * @param {'send' | 'receive'} dir
   */
  #limit(transceiver, kind, dir) {
    const codecs = codecPreferences(this.#platform.codecs(kind, dir), kind, dir);
    /** @type {RTCRtpTransceiver & Partial<import('./parts.js').ExtensionControl>} */
    const t = transceiver;
    try {
      if (codecs.length) t.setCodecPreferences?.(codecs);
      t.setHeaderExtensionsToNegotiate?.(usedExtensions(t.getHeaderExtensionsToNegotiate?.() ?? [], dir));
    } catch {
      // This browser wants another order or subset: its own choice works too.
    }
  }

  /** @returns {MediaOffer} */
  #describe() {
    const mid = (/** @type {RTCRtpTransceiver} */ t) => t.mid ?? ''; // none: its section was rejected
    return {
      offer: this.#pc.localDescription?.sdp ?? '',
      sources: Object.fromEntries([...this.#sending].map(([source, t]) => [source, mid(t)]).filter(([, m]) => m)),
      seats: this.#seats.map(({ audio, video }) => ({ audio: mid(audio), video: mid(video) })),
    };
  }
}

/**
 * Sends the camera in the layers that suit its size.
 * @param {RTCRtpSender} sender
 * @param {MediaStreamTrack} track
 */
function fitLayers(sender, track) {
  const { width = 0, height = 0 } = track.getSettings();
  return encodeAs(sender, (encodings) => {
    for (const layer of cameraLayers(width, height)) {
      const encoding = encodings.find((e) => e.rid === layer.rid);
      if (encoding) Object.assign(encoding, layer);
    }
  });
}

/**
 * Gives music more than the codec takes for speech.
 * @param {RTCRtpSender} sender
 * @param {MediaStreamTrack} track
 */
function fitSound(sender, { contentHint }) {
  return encodeAs(sender, ([encoding]) => {
    if (contentHint === 'music') encoding.maxBitrate = MUSIC_BITRATE;
    else delete encoding.maxBitrate;
  });
}

/**
 * @param {RTCRtpSender} sender
 * @param {(encodings: RTCRtpEncodingParameters[]) => void} change
 */
async function encodeAs(sender, change) {
  try {
    const parameters = sender.getParameters();
    change(parameters.encodings);
    await sender.setParameters(parameters);
  } catch {
    // This browser does not take them now: those of before work too.
  }
}
