// One meeting as the interface sees it: the SDK's room turned into one state
// that elements watch, and the verbs that buttons, keys and commands share.
import { i18n, msg } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { prefs, withRecent } from '../lib/prefs.js';
import { site } from '../lib/route.js';
import { Store } from '../lib/store.js';
import { Room } from '../sdk/index.js';
import { say } from './announcer.js';
import { CallAudio } from './call-audio.js';
import { CallDevices } from './call-devices.js';
import { CallHealth } from './call-health.js';
import { CallNotes } from './call-notes.js';
import { Continuity } from './continuity.js';
import { personOf } from './person.js';
import { toast } from './toasts.js';
import { messageKey } from '../lib/failures.js';

/** @typedef {import('./person.js').Person} Person */
/** @typedef {import('../sdk/index.js').Source} Source */
/** @typedef {{participant: string, name: string, text: string, at: number, final: boolean}} CaptionLine */

/**
 * @typedef {object} CallState
 * @property {'live' | 'reconnecting'} phase
 * @property {number} attempt of reconnecting, from 1
 * @property {import('../sdk/index.js').MediaState} media whether sound and picture get through
 * @property {import('../sdk/index.js').ServerState} server whether it says anything
 * @property {boolean} stopped the server said that it stops: that is why
 * @property {import('../lib/failures.js').Failure | null} refused why the last attempt failed
 * @property {number} nextAt when the next attempt is, performance.now()
 * @property {readonly Person[]} people oneself first, then by time of joining
 * @property {boolean} mic
 * @property {boolean} cam
 * @property {boolean} sharing
 * @property {string} micError error code, empty for none
 * @property {string} camError
 * @property {readonly string[]} pins keys of tiles
 * @property {'auto' | 'grid' | 'speaker'} layout
 * @property {'' | 'chat' | 'people'} panel
 * @property {string} chatTo participant a private text goes to
 * @property {number} unread
 * @property {boolean} audioBlocked
 * @property {readonly CaptionLine[]} captions
 * @property {boolean} captionInput
 * @property {boolean} stats the overlay is open
 * @property {number} drainAt when the server stops, performance.now(), 0 never
 * @property {Readonly<Record<string, number>>} volumes 0 … 2 by participant, screens as "id/screen"
 * @property {Readonly<Record<string, boolean>>} silenced muted for me
 * @property {boolean} dataSaver
 * @property {boolean} silentMic
 * @property {'' | 'room.largeMuted' | 'room.unheard'} hushed why one came in without being heard, as long as that is told
 * @property {boolean} pip
 */

/** @type {Readonly<CallState>} */
const START = Object.freeze({
  phase: 'live', attempt: 0, nextAt: 0, media: 'new', server: 'answering', stopped: false, refused: null, people: [], mic: false, cam: false, sharing: false, micError: '', camError: '',
  pins: [], layout: 'auto', panel: '', chatTo: '', unread: 0, audioBlocked: false, captions: [], captionInput: false,
  stats: false, drainAt: 0, volumes: {}, silenced: {}, dataSaver: false, silentMic: false, hushed: '', pip: false,
});

/**
 * @typedef {object} JoinOptions
 * @property {string} room
 * @property {string} name
 * @property {string} identity
 * @property {MediaStreamTrack | import('../sdk/index.js').MicrophoneOptions | false} audio
 * @property {MediaStreamTrack | import('../sdk/index.js').CameraOptions | false} video
 * @property {AbortSignal} signal gives up joining
 * @property {{mine: readonly string[], began: number}} [before] of the stay that goes on with this one
 */

/** Fires 'ended' {reason, retryable, summary} once. */
export class Call extends EventTarget {
  room = new Room();
  /** @type {Store<CallState>} */
  store = new Store({ ...START, layout: prefs.now.layout, dataSaver: prefs.now.dataSaver });
  #life = new AbortController();
  /** When somebody was last heard, by participant. @type {Map<string, number>} */
  #spokeAt = new Map();
  #stale = false;
  #alone = false;

  /** Aborted when the meeting is over. */
  get alive() {
    return this.#life.signal;
  }

  get state() {
    return this.store.state;
  }

  get me() {
    return this.room.localParticipant;
  }

  /** The name of a participant, bounded and harmless inside a sentence. @param {string} id */
  nameOf(id) {
    return inline(this.room.participant(id)?.name ?? this.continuity?.nameOf(id) ?? '?');
  }

  /** @param {JoinOptions} options */
  async join({ room, name, identity, audio, video, signal, before }) {
    this.#watch();
    this.continuity = new Continuity(this, before);
    this.audio = new CallAudio(this);
    this.notes = new CallNotes(this);
    await this.room.connect({ url: site.here, room, name, identity, audio, video, signal });
    this.devices = new CallDevices(this);
    this.health = new CallHealth(this);
    if (!before) this.#quietInCrowds();
    prefs.set({ recent: withRecent(prefs.now.recent, { room: this.room.name || room, key: this.room.meeting?.room ?? room, at: Date.now() }) });
    this.continuity.entered();
    this.refreshNow();
    this.notes.entered();
  }

  /** Who comes into a large meeting comes in muted, and can undo it at once. */
  #quietInCrowds() {
    const { muteFrom = 0 } = this.room.meeting?.limits ?? {};
    if (!muteFrom || !this.me.isMicrophoneEnabled || this.room.remoteParticipants.size < muteFrom) return;
    void this.me.setMicrophoneEnabled(false).then(() => {
      this.refreshNow();
      this.store.set({ hushed: 'room.largeMuted' });
    });
  }

  /** @type {CallHealth | undefined} */
  health;
  /** @type {CallAudio | undefined} */
  audio;
  /** @type {CallDevices | undefined} */
  devices;
  /** @type {CallNotes | undefined} */
  notes;
  /** @type {Continuity | undefined} */
  continuity;

  /** Whether it is oneself, under this id or one from before the server was restarted. @param {string} id */
  isMine(id) {
    return id === this.me.id || this.continuity?.isMine(id) === true;
  }

  #watch() {
    const { room } = this;
    const signal = this.alive;
    const refresh = () => this.refresh();
    for (const name of /** @type {const} */ ([
      'participantConnected', 'participantDisconnected', 'participantNameChanged', 'participantAway', 'trackSubscribed', 'trackUnsubscribed', 'trackSubscriptionFailed',
      'trackMuted', 'trackUnmuted', 'localTrackPublished', 'localTrackUnpublished', 'handChanged', 'connectionQualityChanged', 'mediaStateChanged',
    ])) {
      room.on(name, refresh, { signal });
    }
    room.on('activeSpeakersChanged', ({ speakers }) => {
      for (const { id } of speakers) this.#spokeAt.set(id, Date.now());
      this.refresh();
    }, { signal });
    room.on('reconnecting', ({ attempt, nextInMs, error }) => {
      // Later attempts only tell that nobody is there yet, or why nobody is let in.
      const stopped = attempt === 1 ? error.code === 'shutdown' : this.state.stopped;
      this.store.set({ phase: 'reconnecting', attempt, refused: error, nextAt: performance.now() + nextInMs, stopped, ...(stopped ? { drainAt: 0 } : {}) });
    }, { signal });
    room.on('reconnected', ({ resumed }) => {
      this.store.set({ phase: 'live', attempt: 0, nextAt: 0, stopped: false, refused: null, ...(resumed ? {} : { drainAt: 0 }) });
      this.refresh();
    }, { signal });
    room.on('mediaStateChanged', ({ state }) => this.store.set({ media: state }), { signal });
    room.on('serverStateChanged', ({ state }) => this.store.set({ server: state }), { signal });
    room.on('draining', ({ inMs }) => this.store.set({ drainAt: performance.now() + inMs }), { signal });
    room.on('audioPlaybackChanged', ({ playing }) => this.store.set({ audioBlocked: !playing }), { signal });
    room.on('caption', ({ participant, text, final }) => this.#caption(participant.id, participant.name, text, final), { signal });
    room.on('disconnected', (end) => this.#ended(end), { signal });
  }

  /** Looks at the room again, once per turn of the event loop. */
  refresh() {
    if (this.#stale) return;
    this.#stale = true;
    queueMicrotask(() => this.refreshNow());
  }

  refreshNow() {
    this.#stale = false;
    const { room, me } = this;
    const context = { room, spokeAt: this.#spokeAt };
    const others = [...room.remoteParticipants.values()].sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1));
    const people = [...[me, ...others].map((p) => personOf(p, context)), ...(this.continuity?.held ?? [])];
    const here = new Set(people.map((p) => p.id));
    this.store.set({
      people: samePeople(this.state.people, people),
      mic: me.isMicrophoneEnabled,
      cam: me.isCameraEnabled,
      sharing: me.isScreenShareEnabled,
      micError: me.isMicrophoneEnabled ? '' : (me.mediaErrors.get('microphone')?.code ?? ''),
      camError: me.isCameraEnabled ? '' : (me.mediaErrors.get('camera')?.code ?? ''),
      pins: keep(this.state.pins, (key) => here.has(key.split('/')[0])),
      chatTo: here.has(this.state.chatTo) ? this.state.chatTo : '',
    });
  }

  /** @param {string} id @param {string} name @param {string} text @param {boolean} final */
  #caption(id, name, text, final) {
    const now = Date.now();
    const others = this.state.captions.filter((c) => now - c.at < 8000 && !(c.participant === id && !c.final));
    const line = { participant: id, name, text, at: now, final };
    this.store.set({ captions: [...others, ...(text ? [line] : [])].slice(-3) });
    setTimeout(() => this.store.set({ captions: keep(this.state.captions, (c) => Date.now() - c.at < 7900) }), 8000);
  }

  // ------------------------------------------------------------- verbs --

  /**
   * Runs something the server or a device may refuse, and says why it did.
   * @param {Promise<unknown>} what
   */
  async attempt(what) {
    if (this.state.phase === 'reconnecting') toast({ key: 'queued', text: msg('room.queued') });
    try {
      await what;
      return true;
    } catch (error) {
      const code = String(/** @type {{code?: string}} */ (error)?.code ?? 'internal');
      if (code === 'cancelled' || code === 'aborted') return false;
      toast({ key: 'attempt', kind: 'warn', icon: 'warn', text: msg('room.serverError', { text: i18n.t(messageKey(code), { code }) }) });
      return false;
    } finally {
      this.refresh();
    }
  }

  /** @param {boolean} [up] */
  async hand(up = !this.room.hands.includes(this.me.id)) {
    await this.attempt(this.me.setHand(up));
  }

  /** @param {string} emoji */
  async react(emoji) {
    await this.attempt(this.me.react(emoji));
  }

  /** @param {string} name */
  async rename(name) {
    const done = await this.attempt(this.me.rename(name));
    if (done) prefs.set({ name });
    return done;
  }

  /** Somebody has another id: what was set for them goes with them. @param {string} from @param {string} to */
  renamed(from, to) {
    const { pins, volumes, silenced, chatTo } = this.state;
    const key = (/** @type {string} */ k) => (k.split('/')[0] === from ? to + k.slice(from.length) : k);
    const keys = (/** @type {Readonly<Record<string, any>>} */ map) => Object.fromEntries(Object.entries(map).map(([k, v]) => [key(k), v]));
    this.store.set({ pins: pins.map(key), volumes: keys(volumes), silenced: keys(silenced), chatTo: key(chatTo) });
  }

  /** @param {'chat' | 'people'} panel */
  togglePanel(panel) {
    this.store.set({ panel: this.state.panel === panel ? '' : panel });
  }

  /** Opens the chat, for a private text if a participant is given. @param {string} [to] */
  openChat(to = '') {
    this.store.set({ panel: 'chat', chatTo: to });
  }

  /** @param {string} key of a tile @param {string} name */
  togglePin(key, name) {
    const pinned = this.state.pins.includes(key);
    this.store.set({ pins: pinned ? this.state.pins.filter((k) => k !== key) : [...this.state.pins, key] });
    say(msg(pinned ? 'tile.unpinnedSay' : 'tile.pinnedSay', { name }));
  }

  /** @param {'auto' | 'grid' | 'speaker'} layout */
  setLayout(layout) {
    prefs.set({ layout });
    this.store.set({ layout });
    say(msg(layout === 'grid' ? 'bar.layoutGrid' : layout === 'speaker' ? 'bar.layoutSpeaker' : 'bar.layoutAuto'));
  }

  /** @param {boolean} on @param {{keep?: boolean}} [options] keep: for the next meeting too */
  setDataSaver(on, { keep = true } = {}) {
    if (keep) prefs.set({ dataSaver: on });
    this.store.set({ dataSaver: on });
  }

  /** @param {string} key participant, or "id/screen" @param {number} volume 0 … 2 */
  setVolume(key, volume) {
    this.store.set({ volumes: { ...this.state.volumes, [key]: volume } });
  }

  /** @param {string} key */
  toggleSilenced(key) {
    this.store.set({ silenced: { ...this.state.silenced, [key]: !this.state.silenced[key] } });
  }

  /** @param {{alone?: boolean}} [why] alone: for long, and nobody answered whether to stay */
  leave({ alone = false } = {}) {
    this.#alone = alone;
    void this.room.leave();
  }

  /** @param {{reason: import('../lib/failures.js').Reason, retryable: boolean, summary: import('../sdk/index.js').Summary | null}} end */
  #ended(end) {
    if (this.alive.aborted) return;
    this.#life.abort();
    const reason = this.#alone && end.reason === 'left' ? 'alone' : this.state.stopped && end.reason === 'reconnect_failed' ? 'shutdown' : end.reason;
    this.dispatchEvent(new CustomEvent('ended', { detail: { ...end, reason, summary: this.continuity?.summary(end.summary) ?? end.summary } }));
  }

  /** Joining failed or the page goes elsewhere: lets everything go. */
  drop() {
    this.#life.abort();
    void this.room.leave().catch(() => {});
  }
}

/**
 * The list before, if nothing in it changed, so that nobody draws for nothing.
 * @param {readonly Person[]} before @param {readonly Person[]} now
 */
function samePeople(before, now) {
  const old = new Map(before.map((p) => [p.id, p]));
  const merged = now.map((p) => {
    const was = old.get(p.id);
    return was && equal(was, p) ? was : p;
  });
  return merged.length === before.length && merged.every((p, i) => p === before[i]) ? before : merged;
}

/** @param {Person} a @param {Person} b */
function equal(a, b) {
  const keys = /** @type {(keyof Person)[]} */ (Object.keys(a));
  return keys.every((k) => Object.is(a[k], b[k]));
}

/** The same array if nothing is left out. @template T @param {readonly T[]} list @param {(t: T) => boolean} test */
function keep(list, test) {
  return list.every(test) ? list : list.filter(test);
}
