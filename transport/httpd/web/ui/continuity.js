// What lasts when the server was restarted. Everybody then joins anew: with
// another id, into another meeting, one after the other. For people it is the
// same meeting: who was there keeps their place until they are back, nobody
// left or came, the clock goes on, and what one wrote stays one's own.

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./person.js').Person} Person */
/** @typedef {import('../sdk/index.js').Participant} Participant */

/** How long people are expected back, milliseconds: as long as the server keeps a session whose connection was lost. */
const RETURN = 30_000;

export class Continuity {
  #call;
  /** Ids one has had, the present one among them. @type {Set<string>} */
  #mine;
  #meeting = '';
  #began;
  #joinedAt = Infinity;
  #most = 0;
  #handUp = false;
  /** Who is expected back, by the id they had. @type {Map<string, Person>} */
  #held = new Map();
  /** Ids of those who came back. @type {Set<string>} */
  #back = new Set();
  /** Names of those who are gone, for what they wrote. @type {Map<string, string>} */
  #names = new Map();
  #timer = 0;

  /**
   * @param {Call} call whose other listeners come later: they ask what stands here
   * @param {{mine?: readonly string[], began?: number}} [before] of the stay that this one continues
   */
  constructor(call, { mine = [], began = Infinity } = {}) {
    this.#call = call;
    this.#mine = new Set(mine);
    this.#began = began;
    const { room, alive: signal } = call;
    room.on('reconnecting', ({ attempt }) => {
      if (attempt === 1) this.#handUp = room.hands.includes(call.me.id);
    }, { signal });
    room.on('participantDisconnected', ({ participant }) => this.#lost(participant), { signal });
    room.on('participantConnected', ({ participant }) => this.#returned(participant), { signal });
    room.on('reconnected', ({ resumed }) => resumed || this.#anew(), { signal });
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
  }

  /** When the meeting began, for those who were there, server time. */
  get began() {
    return Math.min(this.#began, this.#call.room.meeting?.startedAt ?? Infinity);
  }

  /** All ids one has had in this meeting. */
  get mine() {
    return [...this.#mine];
  }

  /** Whether it is oneself, perhaps before the server was restarted. @param {string} id */
  isMine(id) {
    return this.#mine.has(id);
  }

  /** @param {string} id */
  nameOf(id) {
    return this.#names.get(id) ?? '?';
  }

  /** Those who are expected back, as they were. */
  get held() {
    return [...this.#held.values()];
  }

  /** Whether somebody is gone for a moment only, or has come back from that: nothing to tell. @param {string} id */
  isQuiet(id) {
    return this.#held.has(id) || this.#back.has(id);
  }

  /** Oneself has come in. */
  entered() {
    const { room, me } = this.#call;
    this.#meeting = room.meeting?.id ?? '';
    this.#began = this.began;
    this.#joinedAt = Math.min(this.#joinedAt, me.joinedAt);
    this.#mine.add(me.id);
  }

  /** One's own stay is as long as it was for oneself. @template {import('../sdk/index.js').Summary | null} S @param {S} summary @returns {S} */
  summary(summary) {
    if (!summary || summary.joinedAt <= this.#joinedAt) return summary;
    return { ...summary, joinedAt: this.#joinedAt, durationMs: summary.leftAt - this.#joinedAt, peak: Math.max(summary.peak, this.#most) };
  }

  /** The server knew one no more: it was restarted, or one was away for too long. */
  #anew() {
    const { room, me } = this.#call;
    const was = this.mine.at(-1) ?? '';
    this.entered();
    this.#call.renamed(was, me.id);
    if (this.#handUp && !room.hands.includes(me.id)) void me.setHand(true).catch(() => {});
  }

  /** @param {Participant} participant */
  #lost({ id, name }) {
    const { room, state } = this.#call;
    this.#names.set(id, name);
    this.#back.delete(id);
    this.#most = Math.max(this.#most, state.people.length);
    const person = state.people.find((p) => p.id === id);
    // In the meeting that goes on others have really left.
    if (!person || room.meeting?.id === this.#meeting) return;
    this.#held.set(id, { ...person, away: true, speaking: false, spokeAt: 0, hand: 0, mic: false, cam: false, camTrack: null, camProblem: '', screen: false, screenSound: false, screenTrack: null, screenProblem: '' });
    this.#timer ||= window.setTimeout(() => this.#expire(), RETURN);
  }

  /** @param {Participant} participant */
  #returned({ id, name, kind }) {
    const was = this.held.find((p) => p.name === name && p.kind === kind);
    if (!was) return;
    this.#held.delete(was.id);
    this.#back.add(id);
    this.#call.renamed(was.id, id);
    this.#call.refresh();
  }

  /** Who is not back by now has gone. */
  #expire() {
    const gone = this.held;
    this.#timer = 0;
    this.#held.clear();
    this.#call.notes?.gone(gone);
    this.#call.refresh();
  }
}
