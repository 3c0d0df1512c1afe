// Runs in a page of the server: a client without the SDK, that is a bare
// RTCPeerConnection and the wire protocol (engine/wire/PROTOCOL.md). Everything
// here is handed to page.evaluate, so it must stand alone.

/**
 * Joins a room with a microphone, a camera and seats, and keeps itself in
 * window.raw: what changes() lists can be done by its name, look() says how it
 * stands.
 * @param {{room: string, name: string, colours: Record<string, string>, seats: number, keepTransport: boolean}} options
 *   colours: of what the sources show, by source and turn (camera0, camera1, screen0 …)
 *   keepTransport: never stop the section whose transport the others share
 */
export async function rawClient({ room, name, colours, seats: wanted, keepTransport }) {
  /** @typedef {{transceiver: RTCRtpTransceiver, colour: string}} Sent */
  /** @typedef {{audio: RTCRtpTransceiver, video: RTCRtpTransceiver | null}} Seat */
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/v1/ws`, 'parley.v1');
  /** @type {Map<number, {resolve: (reply: any) => void, reject: (error: Error) => void}>} */
  const waiting = new Map();
  /** @type {Record<number, {participant: string, source: string, video: boolean, problem?: string}>} */
  const seated = {};
  /** @type {Record<string, Sent>} */
  const sources = {};
  /** @type {Seat[]} */
  const seats = [];
  /** @type {Map<MediaStreamTrack, HTMLMediaElement>} */
  const elements = new Map();
  let id = 0;
  let me = '';
  let recycled = 0;
  let turns = 0;

  socket.onmessage = ({ data }) => {
    const m = JSON.parse(data);
    const asked = waiting.get(m.id);
    if (m.id && asked) {
      waiting.delete(m.id);
      if (m.type === 'error') asked.reject(new Error(`${m.code}: ${m.message}`));
      else asked.resolve(m);
    } else if (m.type === 'seated') seated[m.seat] = m;
    else if (m.type === 'vacated') delete seated[m.seat];
    else if (m.type === 'bye') for (const { reject } of waiting.values()) reject(new Error(`bye: ${m.code}`));
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });

  const request = (/** @type {string} */ type, /** @type {object} */ body) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, { resolve, reject });
      socket.send(JSON.stringify({ type, id, ...body }));
    });

  /** A picture of one colour in which something moves. @param {string} colour */
  function picture(colour) {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    let n = 0;
    const draw = () => {
      c.fillStyle = colour;
      c.fillRect(0, 0, 320, 180);
      c.fillStyle = 'white';
      c.fillRect((n++ * 7) % 300, 160, 20, 20);
    };
    draw();
    const [track] = canvas.captureStream(20).getVideoTracks();
    const timer = setInterval(() => (track.readyState === 'ended' ? clearInterval(timer) : draw()), 50);
    return track;
  }

  const nextColour = (/** @type {string} */ source) => colours[source + (turns++ % 2)];

  async function microphone() {
    return (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
  }

  /** @param {string} source */
  async function publish(source) {
    const colour = source === 'microphone' ? '' : nextColour(source);
    const track = source === 'microphone' ? await microphone() : picture(colour);
    sources[source] = { transceiver: pc.addTransceiver(track, { direction: 'sendonly' }), colour };
  }

  const seatVideo = () => pc.addTransceiver('video', { direction: 'recvonly' });

  function addSeat() {
    seats.push({ audio: pc.addTransceiver('audio', { direction: 'recvonly' }), video: seatVideo() });
  }

  const mid = (/** @type {RTCRtpTransceiver | null} */ t) => t?.mid ?? '';

  /** What the request says of the offer's sections. */
  const sections = () => ({
    sources: Object.fromEntries(Object.entries(sources).map(([source, { transceiver }]) => [source, mid(transceiver)])),
    seats: seats.map(({ audio, video }) => ({ audio: mid(audio), video: mid(video) })),
  });

  const lines = (/** @type {string | undefined} */ sdp) => [...(sdp ?? '').matchAll(/\r\na=mid:(\S+)/g)].map((m) => m[1]);

  /** @param {{iceRestart?: boolean}} [how] */
  async function negotiate({ iceRestart = false } = {}) {
    const before = lines(pc.localDescription?.sdp);
    const sent = Object.keys(sources).filter((source) => !sources[source].transceiver.mid);
    await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
    recycled += lines(pc.localDescription?.sdp).filter((m, i) => i < before.length && before[i] !== m).length;
    const body = { offer: pc.localDescription?.sdp, ...sections() };
    const reply = await (me ? request('offer', body) : request('join', { room, name, unmuted: sent, ...body }));
    await pc.setRemoteDescription({ type: 'answer', sdp: reply.answer });
    if (me) for (const source of sent) await request('mute', { source, muted: false });
    else me = reply.participant;
    play();
  }

  /** Browsers decode what some element plays. */
  function play() {
    const tracks = new Set(seats.flatMap(({ audio, video }) => [audio, video]).flatMap((t) => (t ? [t.receiver.track] : [])));
    for (const [track, element] of elements) if (!tracks.has(track)) element.remove();
    for (const track of tracks) {
      if (elements.has(track)) continue;
      const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
      element.muted = true;
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
      elements.set(track, element);
      void element.play().catch(() => {});
    }
  }

  const kinds = () => RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  const sendable = ['VP8', 'H264'].filter((c) => kinds().some(({ mimeType }) => mimeType === `video/${c}`));

  /** Every order of every choice. @param {string[]} list @returns {string[][]} */
  const orders = (list) => list.flatMap((c) => [[c], ...orders(list.filter((o) => o !== c)).map((rest) => [c, ...rest])]);

  /** @param {RTCRtpTransceiver} t @param {string[]} names */
  function prefer(t, names) {
    const side = t.direction === 'sendonly' ? RTCRtpSender : RTCRtpReceiver;
    const all = side.getCapabilities('video')?.codecs ?? [];
    const named = names.flatMap((c) => all.filter(({ mimeType, sdpFmtpLine }) => mimeType === `video/${c}` && !sdpFmtpLine?.includes('packetization-mode=0')));
    t.setCodecPreferences([...named, ...all.filter(({ mimeType }) => mimeType === 'video/rtx')]);
  }

  /** The section whose transport the others share. */
  const tag = () => /\r\na=group:BUNDLE (\S+)/.exec(pc.localDescription?.sdp ?? '')?.[1];

  /** What could be stopped: nobody is left without a section. */
  const stoppable = () => existing().filter(({ transceiver }) => !keepTransport || transceiver.mid !== tag());

  /** What there is of sources and pictures of seats, how to forget it and how to make it anew. */
  const existing = () => [
    ...Object.keys(sources).map((source) => ({ what: source, transceiver: sources[source].transceiver, gone: () => delete sources[source], again: () => publish(source) })),
    ...seats.flatMap((seat, i) =>
      seat.video ? [{ what: `picture of seat ${i}`, transceiver: seat.video, gone: () => (seat.video = null), again: () => void (seat.video = seatVideo()) }] : [],
    ),
  ];

  const pictures = () => existing().filter(({ transceiver }) => transceiver.receiver.track.kind === 'video');

  /**
   * What a client may do, by name. draw chooses from a list. They return what
   * was done, or nothing if it did not apply.
   * @type {Record<string, (draw: <T>(list: T[]) => T | undefined) => Promise<string | undefined>>}
   */
  const changes = {
    async stop(draw) {
      const it = draw(stoppable());
      if (!it) return;
      it.transceiver.stop();
      it.gone();
      await negotiate();
      return it.what;
    },
    async add(draw) {
      const missing = [
        ...['microphone', 'camera', 'screen'].filter((source) => !sources[source]).map((source) => ({ what: source, again: () => publish(source) })),
        ...seats.flatMap((seat, i) => (seat.video ? [] : [{ what: `picture of seat ${i}`, again: async () => void (seat.video = seatVideo()) }])),
      ];
      const it = draw(missing);
      if (!it) return;
      await it.again();
      await negotiate();
      return it.what;
    },
    async replace(draw) {
      const it = draw(stoppable());
      if (!it) return;
      it.transceiver.stop();
      it.gone();
      await it.again();
      await negotiate();
      return it.what;
    },
    async codecs(draw) {
      const it = draw(pictures());
      const names = draw(orders(sendable));
      if (!it || !names) return;
      prefer(it.transceiver, names);
      await negotiate();
      return `${it.what}: ${names}`;
    },
    async replaceTrack() {
      const { camera } = sources;
      if (!camera) return;
      const colour = nextColour('camera');
      camera.transceiver.sender.track?.stop();
      await camera.transceiver.sender.replaceTrack(picture(colour));
      camera.colour = colour;
      return colour;
    },
    async restart() {
      await negotiate({ iceRestart: true });
      return 'ICE';
    },
    async seats() {
      if (seats.length > 2) return;
      addSeat();
      await negotiate();
      return `${seats.length}`;
    },
    /** An offer that the server refuses, which leaves all as it was. */
    async refused() {
      await pc.setLocalDescription(await pc.createOffer());
      const { sources: named, seats: all } = sections();
      const error = await request('offer', { offer: pc.localDescription?.sdp, sources: named, seats: all.slice(1) }).catch((e) => e);
      await pc.setLocalDescription({ type: 'rollback' });
      if (!(error instanceof Error) || !error.message.startsWith('sdp_mismatch')) throw new Error(`an offer without a seat: ${JSON.stringify(error)}`);
      return error.message;
    },
  };

  /** The inbound or outbound part of statistics. @param {RTCStatsReport} report @param {string} type @returns {any} */
  const part = (report, type) => [...report.values()].find((s) => s.type === type);

  /** @param {RTCRtpTransceiver | null} t */
  async function came(t) {
    const s = t && part(await t.receiver.getStats(), 'inbound-rtp');
    return { frames: s?.framesDecoded ?? 0, samples: (s?.totalSamplesReceived ?? 0) - (s?.concealedSamples ?? 0), ssrc: s?.ssrc ?? 0 };
  }

  /** @param {RTCRtpTransceiver | null} t */
  function shown(t) {
    const element = t && /** @type {HTMLVideoElement | undefined} */ (elements.get(t.receiver.track));
    if (!element?.videoWidth) return [0, 0, 0];
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    c.drawImage(element, element.videoWidth / 2, element.videoHeight / 2, 1, 1, 0, 0, 1, 1);
    return [...c.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }

  /** The codecs that a receiver takes, as negotiated. @param {RTCRtpTransceiver | null} t */
  function takes(t) {
    const section = (pc.remoteDescription?.sdp ?? '').split('\r\nm=').find((s) => t?.mid && s.includes(`\r\na=mid:${t.mid}\r\n`)) ?? '';
    return [...section.matchAll(/\r\na=rtpmap:\d+ (VP8|H264)\//g)].map((m) => m[1]);
  }

  /** @param {string} source */
  async function sending(source) {
    const report = await sources[source].transceiver.sender.getStats();
    const out = part(report, 'outbound-rtp');
    return { colour: sources[source].colour, codec: /** @type {any} */ (out?.codecId && report.get(out.codecId))?.mimeType?.split('/')[1] ?? '' };
  }

  async function look() {
    /** @type {Record<string, {colour: string, codec: string}>} */
    const sent = {};
    for (const source of Object.keys(sources)) sent[source] = await sending(source);
    return {
      id: me,
      sent,
      seats: await Promise.all(
        seats.map(async ({ audio, video }, i) => ({
          seated: seated[i] ?? null,
          takes: takes(video),
          rgb: shown(video),
          picture: await came(video),
          sound: await came(audio),
        })),
      ),
      recycled,
      lines: lines(pc.localDescription?.sdp).length,
      connection: pc.connectionState,
    };
  }

  await publish('microphone');
  await publish('camera');
  while (seats.length < wanted) addSeat();
  await negotiate();
  /** @type {any} */ (window).raw = { changes, look };
  return { id: me, names: Object.keys(changes), sendable };
}

/**
 * Makes a change in a page that rawClient joined with.
 * @param {{name: string, random: number[]}} what  random: numbers to draw with
 * @returns {Promise<string | undefined>}
 */
export function change({ name, random }) {
  const draw = (/** @type {any[]} */ list) => list[Math.floor((random.shift() ?? 0) * list.length)];
  return /** @type {any} */ (window).raw.changes[name](draw);
}

/** How the page's client stands. */
export function look() {
  return /** @type {any} */ (window).raw.look();
}
