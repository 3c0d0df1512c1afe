// One's own devices during a meeting: on and off, switching, unplugging,
// sharing the screen, and the microphone that hears nothing at all.
import { causeOf, problems, worthATry } from '../lib/access.js';
import { msg, t } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { QUIET_START, silentMic } from '../lib/silent-mic.js';
import { Store } from '../lib/store.js';
import { devices } from '../sdk/index.js';
import { say } from './announcer.js';
import { audio, sound } from './audio.js';
import { peakOf } from './level-meter.js';
import { camOptions, micOptions } from './local-media.js';
import { mediaDialog } from './media-help.js';
import { toast, untoast } from './toasts.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').Device} Device */
/** @typedef {import('../sdk/index.js').DeviceKind} DeviceKind */

/** Milliseconds between two looks at the microphone for the silence warning. */
const LISTEN = 500;

export class CallDevices {
  #call;
  list = new Store(/** @type {Record<DeviceKind, Device[]>} */ ({ audioinput: [], videoinput: [], audiooutput: [] }));
  /** @type {HTMLDialogElement | null} */
  #help = null;
  #silent = { ...QUIET_START };
  #buffer = new Float32Array(2048);
  /** @type {{track: MediaStreamTrack, source: MediaStreamAudioSourceNode, analyser: AnalyserNode} | null} */
  #tap = null;
  /** Held keys open the microphone for as long. */
  #held = false;
  /** How often the microphone was turned on or off, and that number at the last release. */
  #asked = 0;
  #released = 0;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    const signal = call.alive;
    devices.onChange(() => void this.#changed(), { signal });
    for (const kind of /** @type {const} */ (['microphone', 'camera'])) {
      devices.onPermissionChange(kind, () => void this.#maybeAgain('permission'), { signal });
    }
    addEventListener('focus', () => void this.#maybeAgain('focus'), { signal });
    for (const type of ['blur', 'pagehide']) addEventListener(type, () => this.release(), { signal });
    document.addEventListener('visibilitychange', () => this.release(), { signal });
    call.room.on('deviceLost', (lost) => this.#lost(lost), { signal });
    call.room.on('mediaDevicesError', () => call.refresh(), { signal });
    const timer = setInterval(() => this.#listen(), LISTEN);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      this.#untap();
      this.#help?.close();
    }, { once: true });
    void this.refresh();
  }

  async refresh() {
    const found = await devices.list().catch(() => null);
    if (found) this.list.set(found);
  }

  // ------------------------------------------------- microphone, camera --

  /** @param {boolean} [on] @param {{quiet?: boolean}} [options] quiet: not spoken */
  async mic(on = !this.#call.state.mic, { quiet = false } = {}) {
    const { me } = this.#call;
    this.#asked++;
    const done = await this.#turn(() => me.setMicrophoneEnabled(on, on ? micOptions() : undefined), on, 'microphone');
    if (done && !quiet) say(msg(on ? 'room.micOn' : 'room.micOff'));
    if (done) prefs.set({ mic: on });
  }

  /** @param {boolean} [on] */
  async cam(on = !this.#call.state.cam) {
    const { me } = this.#call;
    const done = await this.#turn(() => me.setCameraEnabled(on, on ? camOptions() : undefined), on, 'camera');
    if (done) say(msg(on ? 'room.camOn' : 'room.camOff'));
    if (done) prefs.set({ cam: on });
  }

  /** @param {() => Promise<void>} change @param {boolean} on @param {'microphone' | 'camera'} which */
  async #turn(change, on, which) {
    try {
      await change();
      this.#call.refreshNow();
      await this.refresh();
      if (on) this.#closeHelp();
      return true;
    } catch (error) {
      this.#call.refreshNow();
      this.#explain(which, /** @type {{code?: string}} */ (error)?.code ?? 'other');
      return false;
    }
  }

  /** @param {'microphone' | 'camera'} which @param {string} code */
  #explain(which, code) {
    if (code === 'cancelled' || code === 'aborted') return;
    if (code === 'insecure_context' || code === 'unsupported') {
      toast({ kind: 'warn', icon: 'lock', text: msg(`error.${code}`) });
      return;
    }
    const [{ cause }] = problems({ [which]: code });
    this.#help?.close();
    const retry = () => {
      this.#help?.close();
      void (which === 'microphone' ? this.mic(true) : this.cam(true));
    };
    const dialog = mediaDialog(cause, which, { retry, onclose: () => (this.#help = this.#help === dialog ? null : this.#help) });
    dialog.dataset.which = which;
    dialog.dataset.code = code;
    this.#help = dialog;
  }

  #closeHelp() {
    if (!this.#help) return;
    this.#help.close();
    say(msg('media.works'));
  }

  /** While help is shown: tries again when access may have appeared. @param {'permission' | 'devices' | 'focus'} event */
  async #maybeAgain(event) {
    const { which, code } = this.#help?.dataset ?? {};
    if (!which || !code) return;
    const kind = which === 'camera' ? 'camera' : 'microphone';
    const present = this.list.state[kind === 'camera' ? 'videoinput' : 'audioinput'].length > 0;
    const permission = await devices.permission(kind).catch(() => 'unknown');
    if (!worthATry(causeOf(code), event, { permission, present })) return;
    const { me } = this.#call;
    const done = kind === 'camera' ? me.setCameraEnabled(true, camOptions()) : me.setMicrophoneEnabled(true, micOptions());
    await done.then(() => this.#closeHelp(), () => {});
    this.#call.refreshNow();
  }

  /** Talk while a key is held. */
  async hold() {
    if (this.#held || this.#call.state.mic) return;
    this.#held = true;
    await this.mic(true, { quiet: true });
    // Released while it was being turned on: off again, unless it was asked
    // for in another way since.
    if (!this.#held && this.#asked === this.#released) await this.mic(false, { quiet: true });
  }

  /** The key is up, or the page can no longer know. */
  release() {
    if (!this.#held) return;
    this.#held = false;
    void this.mic(false, { quiet: true });
    this.#released = this.#asked;
  }

  // ------------------------------------------------------------ devices --

  /** @param {DeviceKind} kind @param {string} id @param {string} label */
  async choose(kind, id, label) {
    prefs.set(kind === 'audioinput' ? { micId: id } : kind === 'videoinput' ? { camId: id } : { speakerId: id });
    const done = await this.#call.attempt(this.#call.me.switchActiveDevice(kind, id));
    if (done) toast({ key: `device-${kind}`, text: msg('device.switched', { label }) });
  }

  /** Changed sound options take effect at once. */
  async applyOptions() {
    const { me, state } = this.#call;
    if (state.mic) await this.#call.attempt(me.setMicrophoneEnabled(true, micOptions()));
    if (state.cam && this.canBlur()) await this.#call.attempt(me.setCameraEnabled(true, { ...camOptions(), backgroundBlur: prefs.now.blur }));
  }

  /** Whether the camera in use offers to blur its background. */
  canBlur() {
    const capabilities = /** @type {{backgroundBlur?: boolean[]} | undefined} */ (this.#call.me.tracks.get('camera')?.track.getCapabilities?.());
    return (capabilities?.backgroundBlur?.length ?? 0) > 1;
  }

  /** Front or back camera of a phone. */
  async flip() {
    const { facingMode } = this.#call.me.tracks.get('camera')?.track.getSettings() ?? {};
    const next = facingMode === 'environment' ? 'user' : 'environment';
    // A camera chosen by name would win over the side it is on.
    prefs.set({ camId: '' });
    await this.#call.attempt(this.#call.me.setCameraEnabled(true, { ...camOptions(), facingMode: next }));
  }

  async #changed() {
    const before = this.list.state;
    await this.refresh();
    this.#followSpeaker(before.audiooutput, this.list.state.audiooutput);
    await this.#maybeAgain('devices');
    for (const kind of /** @type {const} */ (['audioinput', 'videoinput'])) {
      const known = new Set(before[kind].map((d) => d.id));
      const fresh = this.list.state[kind].find((d) => !known.has(d.id) && d.label && d.id !== 'default' && d.id !== 'communications');
      if (fresh && before[kind].length) this.#offer(fresh);
    }
  }

  /**
   * The chosen speaker may go and come back: meanwhile the system's choice.
   * @param {Device[]} before @param {Device[]} now
   */
  #followSpeaker(before, now) {
    const { speakerId } = prefs.now;
    const was = before.find((d) => d.id === speakerId);
    const is = now.find((d) => d.id === speakerId);
    if (!speakerId || Boolean(was) === Boolean(is)) return;
    this.#call.audio?.playOn(is ? speakerId : '');
    if (was) this.#lost({ kind: 'audiooutput', label: was.label, fallback: t('device.default') });
    else if (is) toast({ key: 'device-audiooutput', icon: 'volume', text: msg('device.switched', { label: is.label }) });
  }

  /** @param {Device} device */
  #offer({ kind, id, label }) {
    toast({
      key: `device-${kind}`,
      icon: kind === 'videoinput' ? 'cam' : 'mic',
      text: msg('device.found', { label }),
      settled: () => !this.list.state[kind].some((d) => d.id === id),
      actions: [{ label: msg('device.use'), run: () => void this.choose(kind, id, label) }],
    });
  }

  /** @param {{kind: DeviceKind, label: string, fallback: string | null}} lost */
  #lost({ kind, label, fallback }) {
    const text = fallback ? msg('device.lostFallback', { label, fallback }) : msg('device.lost', { label });
    const icon = /** @type {const} */ ({ audioinput: 'micOff', videoinput: 'camOff', audiooutput: 'volumeOff' })[kind];
    toast({ key: `device-${kind}`, kind: fallback ? 'info' : 'warn', icon, text, ms: 10_000 });
    sound('alert');
    this.#call.refresh();
  }

  // ------------------------------------------------------- share screen --

  async share(on = !this.#call.state.sharing) {
    const { me } = this.#call;
    if (on && !devices.support().screen) {
      toast({ kind: 'warn', icon: 'warn', text: msg('room.needsScreen') });
      return;
    }
    try {
      await me.setScreenShareEnabled(on, { audio: true });
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code !== 'cancelled') toast({ kind: 'warn', icon: 'warn', text: msg(code === 'system_denied' ? 'room.shareDenied' : 'room.shareFailed') });
    }
    this.#call.refreshNow();
  }

  /** Whether the shared screen is sent as a film, rather than as text. */
  get sharesMotion() {
    return this.#call.me.tracks.get('screen')?.track.contentHint === 'motion';
  }

  set sharesMotion(on) {
    const track = this.#call.me.tracks.get('screen')?.track;
    if (track) track.contentHint = on ? 'motion' : 'detail';
  }

  /** Whether the whole screen is shared, this page perhaps with it. */
  sharesMonitor() {
    const track = this.#call.me.tracks.get('screen')?.track;
    return track?.getSettings().displaySurface === 'monitor';
  }

  // --------------------------------------------------- silent microphone --

  #listen() {
    const track = this.#call.state.mic && prefs.now.silentMicWarning ? this.#call.me.tracks.get('microphone')?.track : undefined;
    if (track !== this.#tap?.track) this.#retap(track);
    const listening = Boolean(this.#tap) && audio.running && !document.hidden && track?.readyState === 'live';
    const peak = this.#tap && listening ? peakOf(this.#tap.analyser, this.#buffer) : 0;
    this.#silent = silentMic(this.#silent, { peak, now: performance.now(), listening });
    this.#call.store.set({ silentMic: this.#silent.silent });
    if (!this.#silent.silent) untoast('silent');
  }

  /** @param {MediaStreamTrack | undefined} track */
  #retap(track) {
    this.#untap();
    const { context } = audio;
    if (!track || !context) return;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: this.#buffer.length });
    source.connect(analyser);
    this.#tap = { track, source, analyser };
  }

  #untap() {
    this.#tap?.source.disconnect();
    this.#tap = null;
  }
}
