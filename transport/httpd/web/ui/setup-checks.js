// How each check of the setup test is made.
import { noticeable } from '../lib/checks.js';
import { messageKey } from '../lib/failures.js';
import { i18n, t } from '../lib/i18n.js';
import { site } from '../lib/route.js';
import { Room, devices } from '../sdk/index.js';
import { audio, testSpeaker } from './audio.js';
import { peakOf } from './level-meter.js';
import { camOptions, micOptions } from './local-media.js';
import { prefs } from '../lib/prefs.js';

/** @typedef {import('../lib/checks.js').Result} Result */
/** @typedef {import('../lib/checks.js').CheckName} CheckName */

/** How long to wait for media to come back, milliseconds. */
const MEDIA_WAIT = 12_000;
/** How long to measure loss, milliseconds. */
const MEASURE = 5_000;
/** How long a session may take to come back, milliseconds. */
const RECONNECT_WAIT = 15_000;
/** How long to listen to the microphone, milliseconds. */
const LISTEN = 3_000;

/** @param {number} ms @param {AbortSignal} signal */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });

export class SetupChecks {
  #signal;
  /** @type {MediaStreamTrack | null} */
  #mic = null;
  /** @type {MediaStreamTrack | null} */
  #cam = null;
  /** @type {Room | null} */
  #room = null;
  /** For the report. @type {string[]} */
  extra = [];

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.#signal = signal;
  }

  /** @param {CheckName} name @returns {Promise<Result>} */
  run(name) {
    return this[name]();
  }

  /** Lets everything go. */
  async end() {
    await this.#room?.leave().catch(() => {});
    this.#mic?.stop();
    this.#cam?.stop();
  }

  /** @returns {Promise<Result>} */
  async browser() {
    const { missing } = devices.support();
    if (!missing.length) return { state: 'passed', text: 'test.browser.ok' };
    return { state: 'failed', text: 'test.browser.bad', fix: 'test.browser.fix', params: { missing: missing.join(', ') } };
  }

  /** @returns {Promise<Result>} */
  async secure() {
    if (devices.support().secure) return { state: 'passed', text: 'test.secure.ok' };
    return { state: 'failed', text: 'test.secure.bad', fix: 'test.secure.fix', params: { origin: location.origin } };
  }

  /** @returns {Promise<Result>} */
  async mic() {
    const { microphone, errors } = await devices.open({ audio: micOptions() });
    if (!microphone) return missing('microphone', errors.microphone?.code);
    this.#mic = microphone;
    const label = microphone.label || t('device.mic');
    const heard = await this.#hears(microphone);
    return { state: heard ? 'passed' : 'warning', text: heard ? 'test.mic.ok' : 'test.mic.silent', params: { label } };
  }

  /** @param {MediaStreamTrack} track */
  async #hears(track) {
    const { context } = audio;
    if (!context) return true;
    await Promise.race([context.resume(), pause(300, this.#signal)]);
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    const buffer = new Float32Array(2048);
    source.connect(analyser);
    const end = performance.now() + LISTEN;
    let heard = false;
    while (!heard && performance.now() < end) {
      await pause(100, this.#signal);
      heard = peakOf(analyser, buffer) > 0.003;
    }
    source.disconnect();
    return heard;
  }

  /** @returns {Promise<Result>} */
  async cam() {
    const { camera, errors } = await devices.open({ video: camOptions() });
    if (!camera) return missing('camera', errors.camera?.code);
    this.#cam = camera;
    const { width = 0, height = 0 } = camera.getSettings();
    return { state: 'passed', text: 'test.cam.ok', params: { label: camera.label || t('device.cam'), width, height } };
  }

  /** @returns {Promise<Result>} */
  async speaker() {
    const played = await testSpeaker(prefs.now.speakerId);
    return played ? { state: 'passed', text: 'test.speaker.ok' } : { state: 'failed', text: 'test.speaker.bad', fix: 'test.speaker.fix' };
  }

  /** @returns {Promise<Result>} */
  async server() {
    const start = performance.now();
    try {
      const answer = await fetch(site.at('/readyz'), { cache: 'no-store', signal: AbortSignal.any([this.#signal, AbortSignal.timeout(8000)]) });
      if (!answer.ok) throw new Error(String(answer.status));
    } catch {
      this.#signal.throwIfAborted();
      return { state: 'failed', text: 'test.server.bad', fix: 'test.server.fix' };
    }
    return { state: 'passed', text: 'test.server.ok', params: { ms: Math.round(performance.now() - start) } };
  }

  /** Enters a room of one's own, whose only other participant sends all back. @returns {Promise<Result>} */
  async socket() {
    const start = performance.now();
    const room = (this.#room = new Room({ platform: { WebSocket: this.#tapped() } }));
    try {
      await room.connect({ url: site.here, name: 'setup test', echo: true, audio: this.#mic ?? silence(), video: this.#cam ?? false, signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      const code = String(/** @type {{code?: string}} */ (error).code ?? 'connect_failed');
      return { state: 'failed', text: 'test.socket.bad', fix: 'test.socket.fix', params: { text: t(messageKey(code), { code }) } };
    }
    this.extra.push(`server version ${room.meeting?.serverVersion ?? '?'}`);
    return { state: 'passed', text: 'test.socket.ok', params: { ms: Math.round(performance.now() - start) } };
  }

  /** @returns {Promise<Result>} */
  async media() {
    const room = /** @type {Room} */ (this.#room);
    const end = performance.now() + MEDIA_WAIT;
    while (performance.now() < end) {
      const stats = await room.stats();
      const back = stats.streams.some((s) => s.dir === 'receive' && s.packets > 5);
      if (back) {
        const { protocol, local, remote } = stats.connection;
        this.extra.push(`media path ${protocol ?? '?'} ${local ?? '?'} → ${remote ?? '?'}`);
        return { state: 'passed', text: 'test.media.ok' };
      }
      await pause(400, this.#signal);
    }
    return { state: 'failed', text: 'test.media.bad', fix: 'test.media.fix', params: { s: MEDIA_WAIT / 1000, port: location.port || (location.protocol === 'https:' ? '443' : '80') } };
  }

  /** @returns {Promise<Result>} */
  async loss() {
    const room = /** @type {Room} */ (this.#room);
    await room.stats();
    await pause(MEASURE, this.#signal);
    const { streams, connection } = await room.stats();
    const loss = Math.max(0, ...streams.map((s) => s.loss));
    const rtt = connection.rtt ?? Math.max(0, ...streams.map((s) => s.rtt ?? 0));
    const params = { loss: i18n.number(loss * 100, 1), rtt: Math.round(rtt) };
    if (noticeable({ loss, rtt })) return { state: 'warning', text: 'test.loss.warn', fix: 'test.loss.fix', params };
    return { state: 'passed', text: 'test.loss.ok', params };
  }

  /** The socket now open, so that it can be cut. @type {WebSocket | null} */
  #socket = null;

  #tapped() {
    const keep = (/** @type {WebSocket} */ socket) => (this.#socket = socket);
    return class extends WebSocket {
      /** @param {string | URL} url @param {string | string[]} [protocols] */
      constructor(url, protocols) {
        super(url, protocols);
        keep(this);
      }
    };
  }

  /** Cuts the socket and expects the session to be taken up again. @returns {Promise<Result>} */
  async reconnect() {
    const room = /** @type {Room} */ (this.#room);
    const start = performance.now();
    const back = new Promise((resolve) => {
      room.on('reconnected', () => resolve(true), { signal: this.#signal, once: true });
      room.on('disconnected', () => resolve(false), { signal: this.#signal, once: true });
    });
    this.#socket?.close(4000, 'setup test');
    const done = await Promise.race([back, pause(RECONNECT_WAIT, this.#signal).then(() => false)]);
    if (!done) return { state: 'failed', text: 'test.reconnect.bad', fix: 'test.reconnect.fix' };
    return { state: 'passed', text: 'test.reconnect.ok', params: { ms: Math.round(performance.now() - start) } };
  }
}

/** A device that is not there is no failure of the way to the server. @param {'microphone' | 'camera'} which @param {string} [code] @returns {Result} */
function missing(which, code = 'other') {
  const known = ['permission_denied', 'system_denied', 'not_found', 'in_use', 'other'].includes(code) ? code : 'other';
  const state = known === 'not_found' ? 'skipped' : 'failed';
  return {
    state,
    text: /** @type {import('../lib/i18n.js').Key} */ (`media.${known}.${which}.title`),
    fix: /** @type {import('../lib/i18n.js').Key} */ (`media.${known}.${which}.text`),
  };
}

/** A track without sound, for those who have no microphone. */
function silence() {
  const { context } = audio;
  if (!context) return false;
  const out = new MediaStreamAudioDestinationNode(context);
  const source = new ConstantSourceNode(context, { offset: 0 });
  source.connect(out);
  source.start();
  return out.stream.getAudioTracks()[0];
}
