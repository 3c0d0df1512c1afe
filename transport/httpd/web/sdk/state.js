// What the SDK knows of the meeting: filled by `joined`, kept true by events.
import { levelFrom, meetingFrom, networkFrom } from './messages.js';
import { RemoteParticipant } from './remote.js';

/** @typedef {import('./wire.js').Event} Event */
/** @typedef {import('./wire.js').EventType} EventType */
/** @typedef {import('./index.js').Participant} Participant */

/**
 * A participant as this file changes it.
 * @typedef {RemoteParticipant | import('./local.js').LocalParticipant} Anybody
 */

export class MeetingState {
  /** @type {import('./index.js').Meeting | null} */
  meeting = null;
  /** @type {Map<string, RemoteParticipant>} */
  remote = new Map();
  /**
   * Those of whom nothing is heard: gone as far as anybody can see, but they may
   * come back as who they were.
   * @type {Map<string, RemoteParticipant>}
   */
  #silent = new Map();
  /** Participant ids, longest raised first. @type {string[]} */
  hands = [];
  /** Loudest first. @type {Anybody[]} */
  speakers = [];
  /** Number of the last event seen. */
  seq = 0;
  /** One's stay is on the server's disk; with recordPending that is not decided. */
  recorded = false;
  recordPending = false;
  /** Add to Date.now() to get the server's clock. */
  clockOffset = 0;
  /** Seats not yet confirmed since a resume, null when all are. @type {Set<number> | null} */
  #unconfirmed = null;

  /**
   * @param {object} parts
   * @param {import('./events.js').Emit} parts.emit
   * @param {import('./local.js').LocalParticipant} parts.local
   * @param {import('./chat.js').Chat} parts.chat
   * @param {import('./seats.js').Seats} parts.seats
   */
  constructor({ emit, local, chat, seats }) {
    this.emit = emit;
    this.local = local;
    this.chat = chat;
    this.seats = seats;
  }

  /**
   * @param {string} id
   * @returns {Anybody | undefined}
   */
  participant(id) {
    return id === this.local.id ? this.local : this.remote.get(id);
  }

  /**
   * Takes the reply to a join. On a second join the differences to what was
   * known are announced.
   * @param {import('./wire.js').Joined} joined
   */
  join(joined) {
    const again = this.meeting !== null;
    this.meeting = meetingFrom(joined);
    this.setClock(joined.server_time);
    this.seq = joined.seq;
    this.recorded = joined.recorded;
    this.recordPending = joined.record_pending ?? false;
    this.#unconfirmed = null;
    const { participant: me } = joined;
    const own = joined.participants.find(({ id }) => id === me);
    this.chat.entered(me);
    this.local.entered({ id: me, name: own?.name ?? this.local.name, joinedAt: own?.joined_at ?? joined.server_time });
    this.seats.vacateAll();
    this.#reconcile(joined.participants.filter(({ id }) => id !== me), again);
    this.#setSpeakers([]);
    this.hands = [...(joined.hands ?? [])];
    this.chat.addHistory(joined.chat ?? [], again);
  }

  /** Forgets the meeting before: another begins. */
  clear() {
    this.meeting = null;
    this.remote.clear();
    this.#silent.clear();
    this.hands = [];
    this.speakers = [];
    this.chat.clear();
  }

  /** @param {number} serverTime */
  setClock(serverTime) {
    this.clockOffset = serverTime - Date.now();
  }

  /** After a resume the server tells all seats again, then the speakers. @param {number} seats */
  expectSeats(seats) {
    this.#unconfirmed = new Set(Array.from({ length: seats }, (_, i) => i));
  }

  /**
   * Takes one event. Those of a type that is not known are left alone.
   * @param {Event} event
   */
  apply(event) {
    if (event.seq) {
      if (event.seq <= this.seq) return; // known from joined or before a resume
      this.seq = event.seq;
    }
    const handler = /** @type {((state: MeetingState, event: any) => void) | undefined} */ (
      Object.hasOwn(handlers, event.type) ? handlers[/** @type {keyof typeof handlers} */ (event.type)] : undefined
    );
    handler?.(this, event);
  }

  /** @param {import('./wire.js').EventOf<'seated'>} event */
  seated({ seat, participant: id, source, video, problem }) {
    this.#unconfirmed?.delete(seat);
    const participant = this.remote.get(id);
    if (participant) this.seats.place(seat, { participant, source, video, problem });
    else this.seats.vacate(seat);
  }

  /** @param {import('./wire.js').EventOf<'speakers'>} event */
  spoke({ speakers }) {
    for (const seat of this.#unconfirmed ?? []) this.seats.vacate(seat);
    this.#unconfirmed = null;
    this.#setSpeakers(speakers ?? []);
  }

  /**
   * @param {string} id
   * @param {string} reason
   */
  left(id, reason) {
    this.#silent.delete(id);
    const participant = this.remote.get(id);
    if (!participant) return;
    this.seats.vacateAll(participant);
    this.remote.delete(id);
    this.hands = this.hands.filter((h) => h !== id);
    this.emit('participantDisconnected', { participant, reason });
    if (this.speakers.includes(participant)) {
      this.speakers = this.speakers.filter((s) => s !== participant);
      this.emit('activeSpeakersChanged', { speakers: this.speakers });
    }
  }

  /** @param {import('./wire.js').EventOf<'participant_away'>} event */
  away({ participant: id, away, silent }) {
    const participant = this.remote.get(id) ?? this.#silent.get(id);
    if (!participant) return;
    participant.away = away;
    if (silent) {
      this.left(id, 'lost');
      participant.isSpeaking = false;
      participant.level = 0;
      this.#silent.set(id, participant);
    } else if (this.#silent.delete(id)) {
      this.remote.set(id, participant);
      this.emit('participantConnected', { participant });
    } else {
      this.emit('participantAway', { participant, away });
    }
  }

  /** @param {import('./wire.js').Participant} p */
  entered(p) {
    const known = this.remote.get(p.id);
    if (known) return known.update(p);
    const participant = new RemoteParticipant(p);
    this.remote.set(p.id, participant);
    return this.emit('participantConnected', { participant });
  }

  /**
   * @param {import('./wire.js').Participant[]} present
   * @param {boolean} announce
   */
  #reconcile(present, announce) {
    const ids = new Set(present.filter(({ silent }) => !silent).map(({ id }) => id));
    for (const id of [...this.remote.keys()]) if (!ids.has(id)) this.left(id, 'lost');
    this.#silent.clear();
    for (const p of present) {
      if (p.silent) this.#silent.set(p.id, new RemoteParticipant(p));
      else if (announce) this.entered(p);
      else this.remote.set(p.id, new RemoteParticipant(p));
    }
  }

  /** @param {{participant: string, level: number}[]} speakers */
  #setSpeakers(speakers) {
    const before = this.speakers;
    this.speakers = [];
    for (const { participant: id, level } of speakers) {
      const participant = this.participant(id);
      if (!participant) continue;
      participant.isSpeaking = true;
      participant.level = levelFrom(level);
      this.speakers.push(participant);
    }
    for (const silent of before) {
      if (this.speakers.includes(silent)) continue;
      silent.isSpeaking = false;
      silent.level = 0;
    }
    if (before.length || this.speakers.length) this.emit('activeSpeakersChanged', { speakers: this.speakers });
  }
}

/**
 * @template {EventType} K
 * @typedef {(state: MeetingState, event: import('./wire.js').EventOf<K>) => void} HandlerOf
 */

/** @type {{[K in Exclude<EventType, 'bye'>]: HandlerOf<K>}} */
const handlers = {
  participant_joined: (state, { participant }) => state.entered(participant),
  participant_left: (state, { participant, reason }) => state.left(participant, reason),
  participant_away: (state, event) => state.away(event),
  participant_renamed(state, { participant: id, name }) {
    const participant = state.participant(id);
    if (!participant) return;
    const previous = participant.name;
    participant.name = name;
    state.emit('participantNameChanged', { participant, name, previous });
  },
  muted(state, { participant: id, source, muted, codec }) {
    const participant = state.remote.get(id); // what is sent from here is known here
    if (!participant) return;
    const before = participant.sources.get(source);
    participant.sources.set(source, { muted, codec: codec ?? before?.codec ?? '' });
    if (before?.muted !== muted) state.emit(muted ? 'trackMuted' : 'trackUnmuted', { participant, source });
  },
  chat_message: (state, { message }) => void state.chat.add(message),
  hand_changed(state, { participant: id, raised, at }) {
    const others = state.hands.filter((h) => h !== id);
    if (!raised) state.hands = others;
    else if (others.length === state.hands.length) state.hands = [...others, id];
    const participant = state.participant(id);
    if (participant) state.emit('handChanged', { participant, raised, at, hands: state.hands });
  },
  reacted(state, { participant: id, emoji }) {
    const participant = state.participant(id);
    if (participant) state.emit('reaction', { participant, emoji });
  },
  captioned(state, { participant: id, text, final }) {
    const participant = state.participant(id);
    if (participant) state.emit('caption', { participant, text, final });
  },
  seated: (state, event) => state.seated(event),
  vacated: (state, { seat }) => state.seats.vacate(seat),
  layer_changed: (state, { seat, layer, width, height, reason }) => state.seats.setLayer(seat, { layer, width, height, reason }),
  speakers: (state, event) => state.spoke(event),
  quality(state, { participants }) {
    for (const figures of participants ?? []) {
      const participant = state.participant(figures.participant);
      if (!participant) continue;
      const before = participant.quality;
      participant.quality = figures.score;
      participant.network = networkFrom(figures);
      if (before !== figures.score) state.emit('connectionQualityChanged', { participant, quality: figures.score });
    }
  },
  recorded(state, { recorded }) {
    state.recorded = recorded;
    state.recordPending = false;
    state.emit('recorded', { recorded });
  },
  draining: (state, { in_ms: inMs }) => state.emit('draining', { inMs }),
  limited: (state, { source, reason, limit_bps: bitrate }) => state.emit('localTrackLimited', { source, reason, bitrate }),
};
