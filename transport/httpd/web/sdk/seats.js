// Who sits in which seat, and what that means for tracks. A seat's tracks
// stay the same while people come and go in it; subscribing is telling whose
// they are now.

/** @typedef {import('./index.js').Source} Source */
/** @typedef {import('./index.js').PictureSource} PictureSource */
/** @typedef {import('./remote.js').RemoteParticipant} RemoteParticipant */
/** @typedef {{layer: string, width: number, height: number, reason: string}} Layer */

/**
 * What a seat carries.
 * @typedef {object} Occupant
 * @property {RemoteParticipant} participant
 * @property {PictureSource} source
 * @property {boolean} video    false: the sound only
 * @property {string} [problem] why no picture comes
 */

/**
 * @typedef {object} SeatTracks
 * @property {MediaStreamTrack} audio
 * @property {MediaStreamTrack} video
 * @property {MediaStream} stream
 */

export class Seats {
  #emit;
  #tracksOf;
  /** @type {Map<number, Occupant>} */
  #occupants = new Map();
  /** @type {Map<number, Layer>} */
  #layers = new Map();
  /** Seats that carried something before. @type {Set<number>} */
  #used = new Set();

  /**
   * @param {import('./events.js').Emit} emit
   * @param {(seat: number) => SeatTracks | undefined} tracksOf
   */
  constructor(emit, tracksOf) {
    this.#emit = emit;
    this.#tracksOf = tracksOf;
  }

  /** @param {number} seat */
  occupant(seat) {
    return this.#occupants.get(seat);
  }

  /** How many people sit here whose sound or picture should be coming. */
  get voices() {
    const heard = new Set();
    for (const occupant of this.#occupants.values()) {
      if (sourcesIn(occupant).some((source) => !occupant.participant.isMuted(source))) heard.add(occupant.participant);
    }
    return heard.size;
  }

  /** @param {number} seat */
  layer(seat) {
    return this.#layers.get(seat);
  }

  /**
   * @param {number} seat
   * @param {Occupant} next
   */
  place(seat, next) {
    const before = this.#occupants.get(seat);
    const same = before?.participant === next.participant && before.source === next.source;
    this.#leaveOtherSeats(seat, next);
    const keep = same ? sourcesIn(next) : [];
    this.#unsubscribe(seat, keep);
    before?.participant.problems.delete(before.source);
    this.#occupants.set(seat, next);
    if (next.problem) next.participant.problems.set(next.source, next.problem);
    this.#subscribe(seat, next, same ? sourcesIn(before) : []);
    this.#used.add(seat);
    if (next.problem && next.problem !== (same ? before.problem : '')) {
      this.#emit('trackSubscriptionFailed', { participant: next.participant, source: next.source, seat, code: next.problem });
    }
  }

  /** @param {number} seat */
  vacate(seat) {
    this.#unsubscribe(seat, []);
    const occupant = this.#occupants.get(seat);
    occupant?.participant.problems.delete(occupant.source);
    this.#occupants.delete(seat);
    this.#layers.delete(seat);
  }

  /** Empties every seat, or those of one participant. @param {RemoteParticipant} [participant] */
  vacateAll(participant) {
    for (const [seat, occupant] of [...this.#occupants]) {
      if (!participant || occupant.participant === participant) this.vacate(seat);
    }
  }

  /** The seats are about to have other tracks. */
  reset() {
    this.vacateAll();
    this.#used.clear();
  }

  /**
   * @param {number} seat
   * @param {Layer} layer
   */
  setLayer(seat, layer) {
    const occupant = this.#occupants.get(seat);
    if (!occupant) return;
    this.#layers.set(seat, layer);
    this.#emit('layerChanged', { participant: occupant.participant, source: occupant.source, seat, ...layer });
  }

  /**
   * Somebody who moves leaves the old seat before the new one is announced,
   * whatever the order of the server's messages.
   * @param {number} seat
   * @param {Occupant} next
   */
  #leaveOtherSeats(seat, { participant, source }) {
    for (const [other, occupant] of [...this.#occupants]) {
      if (other !== seat && occupant.participant === participant && occupant.source === source) this.vacate(other);
    }
  }

  /**
   * @param {number} seat
   * @param {Source[]} keep
   */
  #unsubscribe(seat, keep) {
    const occupant = this.#occupants.get(seat);
    const tracks = this.#tracksOf(seat);
    if (!occupant || !tracks) return;
    if (!keep.length) this.#layers.delete(seat);
    const { participant } = occupant;
    for (const source of sourcesIn(occupant).filter((s) => !keep.includes(s))) {
      participant.tracks.delete(source);
      this.#emit('trackUnsubscribed', { participant, source, track: trackOf(source, tracks), seat });
    }
  }

  /**
   * @param {number} seat
   * @param {Occupant} occupant
   * @param {Source[]} had
   */
  #subscribe(seat, occupant, had) {
    const tracks = this.#tracksOf(seat);
    if (!tracks) return;
    const { participant } = occupant;
    for (const source of sourcesIn(occupant).filter((s) => !had.includes(s))) {
      const track = trackOf(source, tracks);
      participant.tracks.set(source, track);
      this.#emit('trackSubscribed', { participant, source, track, stream: tracks.stream, seat, reused: this.#used.has(seat) });
    }
  }
}

/**
 * @param {Occupant} occupant
 * @returns {Source[]}
 */
function sourcesIn({ source, video, problem }) {
  /** @type {Source} */
  const sound = source === 'camera' ? 'microphone' : 'screen_audio';
  return video && !problem ? [sound, source] : [sound];
}

/**
 * @param {Source} source
 * @param {SeatTracks} tracks
 */
function trackOf(source, tracks) {
  return source === 'camera' || source === 'screen' ? tracks.video : tracks.audio;
}
