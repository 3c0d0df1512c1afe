// Somebody else in the room. Changed only by the SDK; read-only for others.

/** @typedef {import('./index.js').Source} Source */

export class RemoteParticipant {
  isLocal = /** @type {const} */ (false);
  isSpeaking = false;
  level = 0;
  /** @type {import('./index.js').ConnectionQuality | undefined} */
  quality;
  /** @type {import('./index.js').NetworkFigures | undefined} */
  network;
  /** @type {Map<Source, import('./index.js').SourceState>} */
  sources = new Map();
  /** @type {Map<Source, MediaStreamTrack>} */
  tracks = new Map();
  /** @type {Map<Source, string>} */
  problems = new Map();

  /** @param {import('./wire.js').Participant} p */
  constructor(p) {
    this.id = p.id;
    this.kind = p.kind;
    this.joinedAt = p.joined_at;
    this.name = p.name;
    this.away = p.away ?? false;
    this.update(p);
  }

  /** @param {import('./wire.js').Participant} p */
  update(p) {
    this.name = p.name;
    this.away = p.away ?? false;
    for (const [source, state] of Object.entries(p.sources ?? {})) this.sources.set(/** @type {Source} */ (source), { ...state });
  }

  /** @param {Source} source */
  isMuted(source) {
    return this.sources.get(source)?.muted ?? true;
  }
}
