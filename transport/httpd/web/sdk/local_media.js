// What is captured here and sent: microphone, camera, screen and its sound.
// One lane per device keeps quick presses in order; an epoch makes what is
// still being opened worthless once everything was stopped.
import { cameraConstraints, captureDevice, captureScreen, hint, microphoneConstraints } from './capture.js';
import { ParleyError, asParleyError, mediaError } from './errors.js';
import { listen } from './events.js';
import { Lane } from './timers.js';

/** @typedef {import('./index.js').Source} Source */
/** @typedef {'microphone' | 'camera'} DeviceSource */
/** @typedef {'audioinput' | 'videoinput'} InputKind */
/** @typedef {import('./index.js').MicrophoneOptions & import('./index.js').CameraOptions} DeviceOptions */

/**
 * What the tracks are handed to.
 * @typedef {object} Outlet
 * @property {import('./platform.js').Platform} platform
 * @property {import('./events.js').Emit} emit
 * @property {() => import('./local.js').LocalParticipant} participant
 * @property {(source: Source, track: MediaStreamTrack | null) => Promise<void>} send
 * @property {(source: Source, muted: boolean) => void} setMuted
 */

/**
 * @typedef {object} Entry
 * @property {MediaStreamTrack} track
 * @property {boolean} muted
 * @property {boolean} handed  given by the application
 * @property {boolean} listed  its device stands in enumerateDevices
 */

/** @type {Record<DeviceSource, InputKind>} */
export const KIND_OF = { microphone: 'audioinput', camera: 'videoinput' };

export class LocalMedia {
  /** @type {Map<Source, Entry>} */
  tracks = new Map();
  /** @type {Map<Source, ParleyError>} */
  errors = new Map();
  #outlet;
  #epoch = 0;
  /** @type {Record<'microphone' | 'camera' | 'screen', Lane>} */
  #lanes = { microphone: new Lane(), camera: new Lane(), screen: new Lane() };
  /** @type {Record<DeviceSource, DeviceOptions>} */
  #options = { microphone: {}, camera: {} };

  /** @param {Outlet} outlet */
  constructor(outlet) {
    this.#outlet = outlet;
  }

  /** @param {Source} source */
  isOn(source) {
    return this.tracks.get(source)?.muted === false;
  }

  /** @param {DeviceSource} source */
  chosenDevice(source) {
    return this.#options[source].deviceId ?? '';
  }

  /**
   * Uses a track of the application as source.
   * @param {DeviceSource} source
   * @param {MediaStreamTrack} track
   */
  adopt(source, track) {
    return this.#lanes[source].run(() => this.#install(source, track, { handed: true, muted: !track.enabled }));
  }

  /**
   * @param {boolean} on
   * @param {DeviceOptions} [options]
   */
  setMicrophone(on, options) {
    return this.#lanes.microphone.run(async () => {
      const entry = this.tracks.get('microphone');
      if (!on) return entry && this.#setMuted('microphone', entry, true);
      const changed = this.#change('microphone', options);
      if (!entry) return this.#open('microphone', false);
      if (changed) return this.#reopenMicrophone(entry);
      return this.#setMuted('microphone', entry, false);
    });
  }

  /**
   * @param {boolean} on
   * @param {DeviceOptions} [options]
   */
  setCamera(on, options) {
    return this.#lanes.camera.run(async () => {
      const entry = this.tracks.get('camera');
      if (!on) return entry && this.#remove('camera');
      const changed = this.#change('camera', options);
      if (!entry || changed) return this.#open('camera', false);
      return undefined;
    });
  }

  /**
   * @param {boolean} on
   * @param {import('./index.js').ScreenOptions} [options]
   */
  setScreen(on, options = {}) {
    return this.#lanes.screen.run(async () => {
      if (!on) return this.#removeScreen();
      if (this.tracks.has('screen')) return undefined;
      const epoch = this.#epoch;
      const { screen, screenAudio } = await this.#trying('screen', () => captureScreen(this.#outlet.platform, options));
      this.#stillWanted(epoch, screen, screenAudio);
      await this.#install('screen', screen, {}).catch((error) => {
        screenAudio?.stop();
        throw error;
      });
      // A picture without its sound is better than none.
      if (screenAudio) await this.#install('screen_audio', screenAudio, {}).catch((error) => this.#outlet.emit('mediaDevicesError', { source: 'screen_audio', error }));
      return undefined;
    });
  }

  /**
   * Uses another device, at once if the source is captured now.
   * @param {DeviceSource} source
   * @param {string} deviceId
   */
  switchDevice(source, deviceId) {
    return this.#lanes[source].run(async () => {
      const before = this.#options[source];
      this.#options[source] = { ...before, deviceId, facingMode: undefined };
      const entry = this.tracks.get(source);
      try {
        if (entry) await this.#open(source, true, entry.muted);
      } catch (error) {
        this.#options[source] = before;
        throw error;
      }
      this.#outlet.emit('activeDeviceChanged', { kind: KIND_OF[source], deviceId });
    });
  }

  /** Sends everything captured through a new connection; what can not be sent ends. */
  async resend() {
    for (const [source, { track }] of this.tracks) {
      await this.#outlet.send(source, track).catch((error) => this.#outlet.emit('mediaDevicesError', { source, error: this.#failed(source, error) }));
    }
  }

  /** Devices have come or gone: looks whether one in use is among them. */
  async devicesChanged() {
    const devices = await this.#outlet.platform.mediaDevices?.enumerateDevices();
    for (const source of /** @type {DeviceSource[]} */ (['microphone', 'camera'])) {
      const entry = this.tracks.get(source);
      if (entry?.listed && !devices?.some((d) => isDeviceOf(d, entry.track))) void this.#ended(source, entry.track);
    }
  }

  /**
   * Stops every track. What is being opened is stopped when it comes.
   * @param {{keepHanded?: boolean}} [options]  keepHanded: those the
   *   application gave go back to it, running
   */
  stopAll({ keepHanded = false } = {}) {
    this.#epoch++;
    const entries = [...this.tracks];
    this.tracks.clear();
    for (const [source, { track, handed }] of entries) {
      if (!(keepHanded && handed)) track.stop();
      void this.#outlet.send(source, null).catch(() => {});
      this.#outlet.emit('localTrackUnpublished', { source });
    }
  }

  /**
   * Opens the chosen device in place of what source has now.
   * @param {DeviceSource} source
   * @param {boolean} exact  this device or none
   * @param {boolean} [muted]
   */
  async #open(source, exact, muted = false) {
    const epoch = this.#epoch;
    const track = await this.#trying(source, () => this.#capture(source, exact));
    this.#stillWanted(epoch, track);
    await this.#install(source, track, { muted });
  }

  /**
   * A browser treats the sound of a device in one way for all its tracks: to
   * have it otherwise, the one there is ends first.
   * @param {Entry} entry
   */
  async #reopenMicrophone({ track }) {
    track.stop();
    try {
      await this.#open('microphone', false);
    } catch (error) {
      if (this.tracks.get('microphone')?.track === track) this.#remove('microphone');
      throw error;
    }
  }

  /**
   * Many phones can not open the second camera while the first is open: then
   * the first is closed before, and opened again if that does not help.
   * @param {DeviceSource} source
   * @param {boolean} exact
   */
  async #capture(source, exact) {
    const { platform } = this.#outlet;
    const wanted = this.#options[source];
    const constraints = source === 'microphone' ? microphoneConstraints({ ...wanted, exact }) : cameraConstraints({ ...wanted, exact });
    const open = async () => {
      const track = await captureDevice(platform, source, constraints);
      if (source === 'microphone') hint(track, wanted);
      return track;
    };
    try {
      return await open();
    } catch (error) {
      const old = this.tracks.get(source);
      if (!old || asParleyError(error, 'other').code !== 'in_use') throw error;
      old.track.stop();
      return open();
    }
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} track
   * @param {{muted?: boolean, handed?: boolean}} how
   */
  async #install(source, track, { muted = false, handed = false }) {
    const old = this.tracks.get(source);
    track.enabled = !muted;
    /** @type {Entry} */
    const entry = { track, muted, handed, listed: false };
    this.tracks.set(source, entry);
    this.errors.delete(source);
    listen(track, 'ended', () => void this.#ended(source, track), { once: true });
    try {
      await this.#outlet.send(source, track);
    } catch (error) {
      throw this.#failed(source, error);
    }
    if (old && old.track !== track) old.track.stop();
    this.#outlet.emit('localTrackPublished', { source, track });
    if ((old?.muted ?? true) !== muted) this.#announce(source, muted);
    void this.#list(entry);
  }

  /**
   * A source can not be sent.
   * @param {Source} source
   * @param {unknown} thrown
   */
  #failed(source, thrown) {
    this.#remove(source);
    const error = asParleyError(thrown, 'webrtc_failed');
    this.errors.set(source, error);
    return error;
  }

  /** @param {Entry} entry */
  async #list(entry) {
    const devices = (await this.#outlet.platform.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    entry.listed = devices.some((d) => isDeviceOf(d, entry.track));
  }

  /**
   * @param {Source} source
   * @param {Entry} entry
   * @param {boolean} muted
   */
  #setMuted(source, entry, muted) {
    if (entry.muted === muted) return;
    entry.track.enabled = !muted;
    entry.muted = muted;
    this.#announce(source, muted);
  }

  /** @param {Source} source */
  #remove(source) {
    const entry = this.tracks.get(source);
    if (!entry) return;
    this.tracks.delete(source);
    entry.track.stop();
    if (!entry.muted) this.#announce(source, true);
    void this.#outlet.send(source, null).catch(() => {});
    this.#outlet.emit('localTrackUnpublished', { source });
  }

  #removeScreen() {
    this.#remove('screen');
    this.#remove('screen_audio');
  }

  /**
   * The browser ended a track: unplugged, permission taken back, or "Stop
   * sharing" pressed.
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  #ended(source, track) {
    const gone = () => this.tracks.get(source)?.track !== track;
    if (source === 'screen_audio') return this.#lanes.screen.run(async () => gone() || this.#remove(source));
    if (source === 'screen') return this.#lanes.screen.run(async () => gone() || this.#removeScreen());
    return this.#lanes[source].run(async () => gone() || this.#replaceLost(source, track));
  }

  /**
   * @param {DeviceSource} source
   * @param {MediaStreamTrack} lost
   */
  async #replaceLost(source, lost) {
    const muted = this.tracks.get(source)?.muted;
    this.#options[source] = { ...this.#options[source], deviceId: '' };
    /** @type {string | null} */
    let fallback = null;
    try {
      await this.#open(source, false, muted);
      fallback = this.tracks.get(source)?.track.label ?? '';
    } catch (error) {
      if (asParleyError(error, 'other').code === 'aborted') return;
      this.#remove(source);
      this.#outlet.emit('mediaDevicesError', { source, error: mediaError(error, source) });
    }
    this.#outlet.emit('deviceLost', { kind: KIND_OF[source], label: lost.label, fallback });
  }

  /**
   * @param {Source} source
   * @param {boolean} muted
   */
  #announce(source, muted) {
    this.#outlet.setMuted(source, muted);
    this.#outlet.emit(muted ? 'trackMuted' : 'trackUnmuted', { participant: this.#outlet.participant(), source });
  }

  /**
   * Takes new options; reports whether they differ from those before.
   * @param {DeviceSource} source
   * @param {DeviceOptions} [options]
   */
  #change(source, options) {
    if (!options) return false;
    const before = this.#options[source];
    this.#options[source] = { ...before, ...options };
    return Object.entries(options).some(([key, value]) => value !== before[/** @type {keyof DeviceOptions} */ (key)]);
  }

  /**
   * Throws the tracks away if everything was stopped meanwhile.
   * @param {number} epoch
   * @param {(MediaStreamTrack | undefined)[]} tracks
   */
  #stillWanted(epoch, ...tracks) {
    if (epoch === this.#epoch) return;
    for (const track of tracks) track?.stop();
    throw new ParleyError('aborted');
  }

  /**
   * Keeps the error of a source that could not be had.
   * @template T
   * @param {Source} source
   * @param {() => Promise<T>} capture
   */
  async #trying(source, capture) {
    try {
      return await capture();
    } catch (error) {
      const wrapped = mediaError(error, source);
      if (wrapped.code !== 'cancelled') this.errors.set(source, wrapped);
      throw wrapped;
    }
  }
}

/**
 * @param {MediaDeviceInfo} device
 * @param {MediaStreamTrack} track
 */
function isDeviceOf(device, track) {
  return device.deviceId !== '' && device.deviceId === track.getSettings().deviceId;
}
