// Microphone and camera before a meeting: opens them, remembers the choice,
// tells what went wrong, and tries again by itself when access appears. The
// tracks are handed over to the meeting, so nobody is asked twice.
import { causeOf, worthATry } from '../lib/access.js';
import { prefs } from '../lib/prefs.js';
import { Store } from '../lib/store.js';
import { devices } from '../sdk/index.js';

/** @typedef {import('../sdk/index.js').Device} Device */
/** @typedef {import('../sdk/index.js').DeviceKind} DeviceKind */
/** @typedef {'microphone' | 'camera'} Capture */

/**
 * @typedef {object} LocalState
 * @property {MediaStreamTrack | null} mic
 * @property {MediaStreamTrack | null} cam
 * @property {boolean} micWanted
 * @property {boolean} camWanted
 * @property {string} micError error code, empty for none
 * @property {string} camError
 * @property {boolean} busy something is being opened
 * @property {Record<DeviceKind, Device[]>} devices
 */

/** How soon after a try the next one may begin by itself, milliseconds. */
const TRY_PAUSE = 1500;

/** What to ask the microphone for, as the person chose. */
export const micOptions = () => ({ deviceId: prefs.now.micId || undefined, ...prefs.now.audio });
/** What to ask the camera for. */
export const camOptions = () => ({ deviceId: prefs.now.camId || undefined, ...(prefs.now.blur ? { backgroundBlur: true } : {}) });

export class LocalMedia {
  store = new Store(/** @type {LocalState} */ ({
    mic: null,
    cam: null,
    micWanted: prefs.now.mic,
    camWanted: prefs.now.cam,
    micError: '',
    camError: '',
    busy: false,
    devices: { audioinput: [], videoinput: [], audiooutput: [] },
  }));

  #signal;
  #lastTry = 0;
  /** Tries run one after the other. */
  #turn = Promise.resolve();

  /**
   * @param {AbortSignal} signal stops watching and releases what is not handed over
   * @param {{listenOnly?: boolean, before?: {mic: boolean, cam: boolean} | null}} [options]
   *   listenOnly: nothing is opened unless asked for, and the remembered choice
   *   is left as it is; before: what was on in the stay that goes on
   */
  constructor(signal, { listenOnly = false, before = null } = {}) {
    this.#signal = signal;
    if (before) this.store.set({ micWanted: before.mic, camWanted: before.cam });
    if (listenOnly) this.store.set({ micWanted: false, camWanted: false });
    devices.onChange(() => void this.#happened('devices'), { signal });
    for (const kind of /** @type {const} */ (['microphone', 'camera'])) {
      devices.onPermissionChange(kind, () => void this.#happened('permission'), { signal });
    }
    addEventListener('focus', () => void this.#happened('focus'), { signal });
    signal.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** When what is being opened now is there or refused. */
  get settled() {
    return this.#turn;
  }

  /** Opens what is wanted and not there. @returns {Promise<void>} */
  open() {
    this.#turn = this.#turn.then(() => this.#open()).catch(() => {});
    return this.#turn;
  }

  async #open() {
    const { micWanted, camWanted, mic, cam } = this.store.state;
    const wanted = {
      audio: micWanted && !mic ? micOptions() : /** @type {const} */ (false),
      video: camWanted && !cam ? camOptions() : /** @type {const} */ (false),
    };
    if (this.#signal.aborted) return;
    if (!wanted.audio && !wanted.video) return this.list();
    this.#lastTry = performance.now();
    this.store.set({ busy: true });
    const opened = await this.#tryWithoutChoice(wanted, await devices.open(wanted));
    if (this.#signal.aborted) {
      opened.microphone?.stop();
      opened.camera?.stop();
      return;
    }
    this.#take(wanted, opened);
    await this.list();
  }

  /**
   * A remembered device that is gone must not cost the one that is there.
   * @param {{audio: false | import('../sdk/index.js').MicrophoneOptions, video: false | import('../sdk/index.js').CameraOptions}} wanted
   * @param {import('../sdk/index.js').OpenedTracks} first
   */
  async #tryWithoutChoice(wanted, first) {
    const audio = wanted.audio && wanted.audio.deviceId && first.errors.microphone?.code === 'not_found';
    const video = wanted.video && wanted.video.deviceId && first.errors.camera?.code === 'not_found';
    if (!audio && !video) return first;
    const second = await devices.open({
      audio: audio ? { ...wanted.audio, deviceId: undefined } : false,
      video: video ? { ...wanted.video, deviceId: undefined } : false,
    });
    return {
      microphone: second.microphone ?? first.microphone,
      camera: second.camera ?? first.camera,
      errors: { microphone: audio ? second.errors.microphone : first.errors.microphone, camera: video ? second.errors.camera : first.errors.camera },
    };
  }

  /** @param {{audio: unknown, video: unknown}} wanted @param {import('../sdk/index.js').OpenedTracks} opened */
  #take(wanted, opened) {
    const { micWanted, camWanted } = this.store.state;
    /** @type {Partial<LocalState>} */
    const change = { busy: false };
    if (wanted.audio) {
      change.micError = opened.errors.microphone?.code ?? '';
      if (opened.microphone && micWanted) change.mic = this.#watched(opened.microphone, 'mic');
      else opened.microphone?.stop();
    }
    if (wanted.video) {
      change.camError = opened.errors.camera?.code ?? '';
      if (opened.camera && camWanted) change.cam = this.#watched(opened.camera, 'cam');
      else opened.camera?.stop();
    }
    this.store.set(change);
  }

  /** @param {MediaStreamTrack} track @param {'mic' | 'cam'} which */
  #watched(track, which) {
    track.addEventListener('ended', () => {
      if (this.store.state[which] !== track) return;
      this.store.set({ [which]: null });
      void this.open();
    }, { signal: this.#signal });
    return track;
  }

  /** Turns the microphone on or off. @param {boolean} on */
  async setMic(on) {
    prefs.set({ mic: on });
    if (!on) this.store.state.mic?.stop();
    this.store.set({ micWanted: on, ...(on ? {} : { mic: null, micError: '' }) });
    if (on) await this.open();
  }

  /** @param {boolean} on */
  async setCam(on) {
    prefs.set({ cam: on });
    if (!on) this.store.state.cam?.stop();
    this.store.set({ camWanted: on, ...(on ? {} : { cam: null, camError: '' }) });
    if (on) await this.open();
  }

  /** Uses another device. @param {DeviceKind} kind @param {string} id */
  async choose(kind, id) {
    if (kind === 'audiooutput') {
      prefs.set({ speakerId: id });
      return;
    }
    const which = kind === 'audioinput' ? 'mic' : 'cam';
    prefs.set(which === 'mic' ? { micId: id } : { camId: id });
    this.store.state[which]?.stop();
    this.store.set({ [which]: null });
    await (which === 'mic' ? this.setMic(true) : this.setCam(true));
  }

  async list() {
    const found = await devices.list().catch(() => null);
    if (found && !this.#signal.aborted) this.store.set({ devices: found });
  }

  /** @param {'permission' | 'devices' | 'focus'} event */
  async #happened(event) {
    if (event !== 'focus') await this.list();
    const { micError, camError, micWanted, camWanted, devices: now, busy } = this.store.state;
    if (busy || (event === 'focus' && performance.now() - this.#lastTry < TRY_PAUSE)) return;
    const again = await Promise.all([
      micWanted && micError ? this.#again('microphone', micError, event, now.audioinput) : false,
      camWanted && camError ? this.#again('camera', camError, event, now.videoinput) : false,
    ]);
    if (again.some(Boolean)) await this.open();
  }

  /** @param {Capture} kind @param {string} code @param {'permission' | 'devices' | 'focus'} event @param {Device[]} present */
  async #again(kind, code, event, present) {
    const permission = await devices.permission(kind).catch(() => 'unknown');
    return worthATry(causeOf(code), event, { permission, present: present.length > 0 });
  }

  /** Tracks that somebody else has stopped are no longer there. */
  forgetEnded() {
    const { mic, cam } = this.store.state;
    if (mic?.readyState === 'ended') this.store.set({ mic: null });
    if (cam?.readyState === 'ended') this.store.set({ cam: null });
  }

  /** Gives the tracks away; stop() then leaves them alone. */
  handOver() {
    const { mic, cam } = this.store.state;
    this.store.set({ mic: null, cam: null });
    return { mic, cam };
  }

  stop() {
    this.store.state.mic?.stop();
    this.store.state.cam?.stop();
    this.store.set({ mic: null, cam: null });
  }
}

/**
 * What to call a device: without permission browsers give no names.
 * @param {Device} device
 * @param {number} i its place in the list
 */
export function deviceLabel(device, i) {
  const key = /** @type {const} */ ({ audioinput: 'device.unnamedMic', videoinput: 'device.unnamedCam', audiooutput: 'device.unnamedSpeaker' })[device.kind];
  return device.label ? { label: device.label } : { key, n: i + 1 };
}
