// The room as applications see it. Holds the parts together; the work is
// theirs: session.js connects, state.js knows, local_media.js captures.
import { apiURL, parseMeetingURL } from '../lib/meeting-url.js';
import { Chat } from './chat.js';
import { ParleyError, asParleyError } from './errors.js';
import { Emitter, listen } from './events.js';
import { LocalParticipant } from './local.js';
import { LocalMedia } from './local_media.js';
import { MuteSync } from './mute_sync.js';
import { browserPlatform } from './platform.js';
import { Playback } from './playback.js';
import { defaultPolicy } from './reconnect.js';
import { Seats } from './seats.js';
import { Session } from './session.js';
import { MeetingState } from './state.js';
import { Lane } from './timers.js';
import { View } from './view.js';

/** @typedef {import('./index.js').Source} Source */
/** @typedef {import('./index.js').ConnectOptions} ConnectOptions */

const DEFAULT_SEATS = 9;

/** For `await using`; a symbol of our own where the browser has none yet. */
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** @extends {Emitter<import('./index.js').RoomEvents>} */
export class Room extends Emitter {
  #platform;
  #policy;
  #media;
  #local;
  #chat;
  #state;
  #mutes;
  #view;
  #playback;
  /** Views in the order they were set, though one may wait for seats. */
  #views = new Lane();
  /** Comes with its module when figures are first wanted. @type {Promise<import('./stats.js').StatsCollector> | null} */
  #stats = null;
  /** @type {Session | null} */
  #session = null;
  /** @type {import('./index.js').RoomState} */
  #roomState = 'disconnected';
  #identity = '';
  #server = '';
  /** For rating and record after the end. */
  #token = '';
  /** @type {Promise<import('./index.js').Summary | null> | null} */
  #leaving = null;

  /** @param {import('./index.js').RoomOptions} [options] */
  constructor({ reconnect = defaultPolicy, platform } = {}) {
    super();
    this.#platform = browserPlatform(platform);
    this.#policy = reconnect;
    /** @type {import('./events.js').Emit} */
    const emit = (name, detail) => void this.dispatchEvent(new CustomEvent(name, { detail }));
    const deliver = (/** @type {string} */ type, /** @type {object} */ fields, /** @type {{timeoutMs?: number}} */ options = {}) => this.#joined().link.deliver(type, fields, options);
    const request = (/** @type {string} */ type, /** @type {object} */ fields) => this.#joined().link.request(type, fields);
    this.#mutes = new MuteSync((fields) => deliver('mute', fields));
    this.#media = new LocalMedia({
      platform: this.#platform,
      emit,
      participant: () => this.#local,
      send: async (source, track) => this.#session?.peer?.setTrack(source, track),
      setMuted: (source, muted) => this.#mutes.set(source, muted),
    });
    this.#local = new LocalParticipant({ emit, deliver, request }, this.#media);
    this.#chat = new Chat(async (fields, options) => deliver('chat', fields, options), emit);
    const seats = new Seats(emit, (seat) => this.#session?.peer?.seatTracks(seat));
    this.#state = new MeetingState({ emit, local: this.#local, chat: this.#chat, seats });
    this.#view = new View((items) => void this.#views.run(() => this.#sendView(items)));
    this.#playback = new Playback(emit);
  }

  get state() {
    return this.#roomState;
  }

  get mediaState() {
    return this.#session?.mediaState ?? 'new';
  }

  get serverState() {
    return this.#session?.serverState ?? 'answering';
  }

  get name() {
    return this.#state.meeting?.title ?? '';
  }

  get meeting() {
    return this.#state.meeting;
  }

  get localParticipant() {
    return this.#local;
  }

  get remoteParticipants() {
    return this.#state.remote;
  }

  get chat() {
    return this.#chat;
  }

  get recorded() {
    return this.#state.recorded;
  }

  get recordPending() {
    return this.#state.recordPending;
  }

  get hands() {
    return this.#state.hands;
  }

  get speakers() {
    return this.#state.speakers;
  }

  get seats() {
    return this.#session?.peer?.seatCount ?? 0;
  }

  get canPlayAudio() {
    return this.#playback.allowed;
  }

  /** @param {string} id */
  participant(id) {
    return this.#state.participant(id);
  }

  serverNow() {
    return Date.now() + this.#state.clockOffset;
  }

  /** @param {ConnectOptions} options */
  async connect(options) {
    if (this.#roomState !== 'disconnected') throw new ParleyError('already_joined');
    const entry = this.#entryFrom(options);
    const { WebSocket, RTCPeerConnection } = this.#platform;
    if (!WebSocket || !RTCPeerConnection) throw new ParleyError('unsupported');
    this.#server = entry.server;
    this.#leaving = null;
    this.#state.clear();
    this.#local.name = options.name;
    const session = new Session(entry, options.name, {
      platform: this.#platform,
      policy: this.#policy,
      emit: (name, detail) => void this.dispatchEvent(new CustomEvent(name, { detail })),
      state: this.#state,
      media: this.#media,
      mutes: this.#mutes,
      view: this.#view,
      onState: (state) => this.#become(state),
      onEnd: (end) => this.#ended(end),
    });
    this.#session = session;
    this.#become('connecting');
    try {
      await this.#adoptTracks(options);
      this.#openDevices(options);
      await session.start(options.signal);
    } catch (error) {
      if (this.#session === session) this.#abandon();
      throw asParleyError(error, 'internal');
    }
    this.#watchDevices(session);
    this.dispatchEvent(new CustomEvent('connected', { detail: { room: this } }));
  }

  leave() {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** @param {readonly import('./index.js').ViewItem[]} items */
  setView(items) {
    this.#view.set(items);
  }

  async stats() {
    const session = this.#session;
    const peer = session?.peer;
    const collector = await this.#collector();
    return collector.collect({
      report: peer ? await peer.getStats() : new Map(),
      sections: peer?.sections() ?? new Map(),
      seats: this.#state.seats,
      self: this.#local.id,
      sending: this.#local.tracks,
      state: this.mediaState,
      now: Date.now(),
    });
  }

  async #collector() {
    try {
      return await (this.#stats ??= import('./stats.js').then((m) => new m.StatsCollector()));
    } catch (cause) {
      this.#stats = null;
      throw new ParleyError('connect_failed', { cause });
    }
  }

  tryNow() {
    this.#session?.tryNow();
  }

  /**
   * @param {number} stars
   * @param {string} [comment]
   */
  async rate(stars, comment = '') {
    await (await this.#records()).rate(stars, comment);
  }

  async record() {
    return (await this.#records()).read();
  }

  async #records() {
    const { meeting } = this.#state;
    const token = this.#session?.token ?? this.#token;
    if (!meeting || !token) throw new ParleyError('not_connected');
    const { MeetingRecords } = await import('./records.js').catch((cause) => {
      throw new ParleyError('connect_failed', { cause });
    });
    return new MeetingRecords(this.#platform.fetch, apiURL(this.#server, `meetings/${encodeURIComponent(meeting.id)}`), token);
  }

  /** @param {import('./playback.js').Player} player */
  play(player) {
    return this.#playback.play(player);
  }

  startAudio() {
    return this.#playback.startAll();
  }

  async [asyncDispose]() {
    await this.leave();
  }

  /** @param {ConnectOptions} options */
  #entryFrom({ url = this.#platform.server, room, identity, seats = DEFAULT_SEATS, echo = false }) {
    const address = parseMeetingURL(url);
    if (!address) throw new ParleyError('bad_url', { message: url });
    const wanted = room === undefined ? address.room : room.trim(); // which room that is, the server says
    if (!wanted && !echo) throw new ParleyError('bad_room', { message: room });
    // Without an identity of its own a client that joins anew after a loss
    // would stand beside its own ghost until that is found to be lost.
    this.#identity = identity ?? (this.#identity || crypto.randomUUID());
    return { server: address.server, socket: address.socket, room: wanted ?? '', identity: this.#identity, echo, seats };
  }

  /** Tracks handed over go into the join itself. @param {ConnectOptions} options */
  async #adoptTracks({ audio, video }) {
    if (isTrack(audio)) await this.#media.adopt('microphone', audio);
    if (isTrack(video)) await this.#media.adopt('camera', video);
  }

  /**
   * Devices may take long to open, a prompt for ever: the join does not wait.
   * @param {ConnectOptions} options
   */
  #openDevices({ audio, video }) {
    if (audio && !isTrack(audio)) this.#background('microphone', this.#media.setMicrophone(true, audio === true ? undefined : audio));
    if (video && !isTrack(video)) this.#background('camera', this.#media.setCamera(true, video === true ? undefined : video));
  }

  /**
   * @param {Source} source
   * @param {Promise<unknown>} opening
   */
  #background(source, opening) {
    opening.catch((thrown) => {
      const error = asParleyError(thrown, 'other');
      if (error.code !== 'aborted') this.dispatchEvent(new CustomEvent('mediaDevicesError', { detail: { source, error } }));
    });
  }

  /** @param {Session} session */
  #watchDevices(session) {
    const { mediaDevices } = this.#platform;
    if (mediaDevices) listen(mediaDevices, 'devicechange', () => void this.#media.devicesChanged(), { signal: session.over });
  }

  /** A connect has failed. */
  #abandon() {
    this.#session = null;
    this.#media.stopAll({ keepHanded: true });
    this.#become('disconnected');
  }

  async #leave() {
    const session = this.#session;
    this.#media.stopAll();
    return session ? session.leave() : null;
  }

  /** @param {{reason: string, retryable: boolean, summary: import('./index.js').Summary | null}} end */
  #ended(end) {
    this.#token = this.#session?.token ?? '';
    this.#session = null;
    this.#media.stopAll();
    this.#playback.clear();
    this.#stats = null;
    this.#become('disconnected');
    this.dispatchEvent(new CustomEvent('disconnected', { detail: end }));
  }

  /** @param {import('./index.js').RoomState} state */
  #become(state) {
    if (state === this.#roomState) return;
    this.#roomState = state;
    if (state !== 'reconnecting') this.#chat.wake();
    this.dispatchEvent(new CustomEvent('stateChanged', { detail: { state } }));
  }

  /** @param {import('./view.js').WireItem[]} items */
  async #sendView(items) {
    const session = this.#session;
    if (!session || this.#roomState !== 'connected') return; // repeated when it is
    try {
      await session.growSeats(items.length).catch(() => {}); // then it is seen with fewer
      await session.link.request('view', { items });
    } catch (error) {
      const { code, retryAfterMs } = asParleyError(error, 'internal');
      if (code === 'rate_limited') setTimeout(() => this.#view.repeat(), retryAfterMs || 1_000);
    }
  }

  #joined() {
    if (!this.#session) throw new ParleyError('not_connected');
    return this.#session;
  }
}

/**
 * @param {unknown} it
 * @returns {it is MediaStreamTrack}
 */
function isTrack(it) {
  return typeof it === 'object' && it !== null && 'readyState' in it;
}
