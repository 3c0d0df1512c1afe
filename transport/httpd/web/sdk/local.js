// Oneself in the room.
import { KIND_OF } from './local_media.js';
import { LastWish } from './too_fast.js';

/** @typedef {import('./index.js').Source} Source */
/** @typedef {import('./index.js').DeviceKind} DeviceKind */

/**
 * @typedef {object} LocalHost
 * @property {import('./events.js').Emit} emit
 * @property {(type: string, fields: object) => Promise<unknown>} deliver  now or when the connection is back
 * @property {(type: string, fields: object) => Promise<unknown>} request  now or not at all
 */

export class LocalParticipant {
  isLocal = /** @type {const} */ (true);
  kind = 'person';
  id = '';
  name = '';
  joinedAt = 0;
  isSpeaking = false;
  level = 0;
  /** @type {import('./index.js').ConnectionQuality | undefined} */
  quality;
  /** @type {import('./index.js').NetworkFigures | undefined} */
  network;
  #host;
  #media;
  #hand;
  #rename;
  #output = '';

  /**
   * @param {LocalHost} host
   * @param {import('./local_media.js').LocalMedia} media
   */
  constructor(host, media) {
    this.#host = host;
    this.#media = media;
    this.#hand = new LastWish((fields) => host.deliver('hand', fields));
    this.#rename = new LastWish((fields) => host.deliver('rename', fields));
  }

  get tracks() {
    return this.#media.tracks;
  }

  get mediaErrors() {
    return this.#media.errors;
  }

  get isMicrophoneEnabled() {
    return this.#media.isOn('microphone');
  }

  get isCameraEnabled() {
    return this.#media.isOn('camera');
  }

  get isScreenShareEnabled() {
    return this.#media.isOn('screen');
  }

  /**
   * A join has succeeded.
   * @param {{id: string, name: string, joinedAt: number}} self
   */
  entered({ id, name, joinedAt }) {
    this.id = id;
    this.name = name;
    this.joinedAt = joinedAt;
  }

  /**
   * @param {boolean} on
   * @param {import('./index.js').MicrophoneOptions} [options]
   */
  async setMicrophoneEnabled(on, options) {
    await this.#media.setMicrophone(on, options);
  }

  /**
   * @param {boolean} on
   * @param {import('./index.js').CameraOptions} [options]
   */
  async setCameraEnabled(on, options) {
    await this.#media.setCamera(on, options);
  }

  /**
   * @param {boolean} on
   * @param {import('./index.js').ScreenOptions} [options]
   */
  async setScreenShareEnabled(on, options) {
    await this.#media.setScreen(on, options);
  }

  /**
   * @param {DeviceKind} kind
   * @param {string} id
   */
  async switchActiveDevice(kind, id) {
    if (kind === 'audiooutput') {
      this.#output = id;
      return this.#host.emit('activeDeviceChanged', { kind, deviceId: id });
    }
    return this.#media.switchDevice(kind === KIND_OF.microphone ? 'microphone' : 'camera', id);
  }

  /** @param {DeviceKind} kind */
  activeDevice(kind) {
    if (kind === 'audiooutput') return this.#output;
    return this.#media.chosenDevice(kind === KIND_OF.microphone ? 'microphone' : 'camera');
  }

  /** @param {boolean} raised */
  async setHand(raised) {
    await this.#hand.say({ raised });
  }

  /** A reaction a minute late means nothing: it is sent now or fails. @param {string} emoji */
  async react(emoji) {
    await this.#host.request('react', { emoji });
  }

  /**
   * @param {string} text
   * @param {boolean} final
   */
  async caption(text, final) {
    await this.#host.request('caption', { text, final });
  }

  /** @param {string} name */
  async rename(name) {
    await this.#rename.say({ name });
  }
}
