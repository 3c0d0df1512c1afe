// Runs in a page of the server: joins through the SDK and measures what
// arrives. Everything here is handed to page.evaluate, so it must stand alone.

/**
 * Joins a room through the SDK and keeps the room in window.room.
 * With through, media goes to another port than the answer says: that of an
 * impairment proxy.
 * @param {{room: string, name: string, audio?: boolean, video?: boolean, seats?: number, through?: {port: number, via: number}}} options
 */
export async function joinRoom({ room, name, audio = true, video = true, seats = 6, through }) {
  if (through) {
    const real = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const { type, sdp } = /** @type {RTCSessionDescriptionInit} */ (description);
      return /** @type {any} */ (real).call(this, { type, sdp: sdp?.replaceAll(` ${through.port} typ host`, ` ${through.via} typ host`) });
    };
  }
  // Keep the peer connections, for their statistics.
  const Peer = RTCPeerConnection;
  const peers = /** @type {any} */ (window).peers ??= /** @type {RTCPeerConnection[]} */ ([]);
  window.RTCPeerConnection = class extends Peer {
    constructor(/** @type {RTCConfiguration | undefined} */ configuration) {
      super(configuration);
      peers.push(this);
    }
  };
  // @ts-ignore — resolved by the server
  const sdk = await import('/sdk/index.js');
  const w = /** @type {any} */ (window);
  w.sent = performance.now();
  w.firstFrame = {};
  w.streams = new Map();
  w.events = [];
  const joined = new sdk.Room();
  w.room = joined;
  const note = (/** @type {string} */ type) => joined.on(type, (/** @type {any} */ detail) => w.events.push({ type, at: performance.now(), detail: brief(detail) }));
  for (const type of ['connected', 'reconnecting', 'reconnected', 'disconnected', 'participantConnected', 'participantDisconnected', 'chatMessage', 'layerChanged']) note(type);
  joined.on('trackSubscribed', (/** @type {any} */ { participant, source, track }) => {
    const key = `${participant.name}/${source}`;
    w.streams.set(key, track);
    if (track.kind !== 'video') return;
    const element = document.createElement('video');
    element.muted = true;
    element.autoplay = true;
    element.playsInline = true;
    element.dataset.key = key;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    const onFrame = () => {
      w.firstFrame[key] ??= performance.now() - w.sent;
      element.dataset.frames = String(Number(element.dataset.frames ?? 0) + 1);
      element.requestVideoFrameCallback(onFrame);
    };
    element.requestVideoFrameCallback(onFrame);
    void element.play().catch(() => {});
  });
  joined.on('trackUnsubscribed', (/** @type {any} */ { participant, source }) => {
    const key = `${participant.name}/${source}`;
    w.streams.delete(key);
    document.querySelector(`video[data-key="${CSS.escape(key)}"]`)?.remove();
  });
  await joined.connect({ url: location.origin, room, name, audio, video, seats });
  w.joinedAfter = performance.now() - w.sent;
  return { id: joined.localParticipant.id, joinedAfter: w.joinedAfter };

  function brief(/** @type {any} */ detail) {
    return { participant: detail?.participant?.name, reason: detail?.reason, text: detail?.message?.text, attempt: detail?.attempt };
  }
}

/** What each subscribed picture shows now: its middle colour, size and count of frames. */
export async function pictures() {
  /** @type {Record<string, {rgb: number[], frames: number, width: number, height: number}>} */
  const seen = {};
  for (const element of /** @type {NodeListOf<HTMLVideoElement>} */ (document.querySelectorAll('video[data-key]'))) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    if (element.videoWidth) c.drawImage(element, element.videoWidth / 2, element.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    const [r, g, b] = c.getImageData(0, 0, 1, 1).data;
    seen[element.dataset.key ?? ''] = {
      rgb: [r, g, b],
      frames: Number(element.dataset.frames ?? 0),
      width: element.videoWidth,
      height: element.videoHeight,
    };
  }
  return seen;
}

/**
 * The strongest frequency, in hertz, of each subscribed sound; 0 for silence.
 * Each is recorded for a moment and analysed afterwards: a running
 * AudioContext needs a sound card, which not every browser does without.
 */
export async function tones() {
  const w = /** @type {any} */ (window);
  /** @type {Record<string, number>} */
  const heard = {};
  for (const [key, track] of w.streams) if (track.kind === 'audio') heard[key] = await strongest(await record(track));
  return heard;

  async function record(/** @type {MediaStreamTrack} */ track) {
    const stream = new MediaStream([track]);
    // Chromium only decodes a remote track that some element plays.
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    await element.play().catch(() => {});
    const recorder = new MediaRecorder(stream);
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 800));
    recorder.stop();
    await stopped;
    element.srcObject = null;
    return new Blob(parts).arrayBuffer();
  }

  async function strongest(/** @type {ArrayBuffer} */ recording) {
    const rate = 48_000;
    const buffer = await new OfflineAudioContext(1, 1, rate).decodeAudioData(recording).catch(() => null);
    if (!buffer) return 0;
    const audio = new OfflineAudioContext(1, buffer.length, rate);
    const analyser = audio.createAnalyser();
    analyser.fftSize = 8192;
    const source = audio.createBufferSource();
    source.buffer = buffer;
    source.connect(analyser).connect(audio.destination);
    source.start();
    await audio.startRendering();
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    return bins[best] < -70 ? 0 : Math.round((best * rate) / analyser.fftSize);
  }
}

/** Which of the named colours is nearest to rgb. */
export function colourOf(/** @type {number[]} */ rgb, /** @type {Record<string, number[]>} */ colours) {
  let best = '';
  let distance = Infinity;
  for (const [name, other] of Object.entries(colours)) {
    const d = rgb.reduce((sum, v, i) => sum + (v - other[i]) ** 2, 0);
    if (d < distance) [best, distance] = [name, d];
  }
  return best;
}
