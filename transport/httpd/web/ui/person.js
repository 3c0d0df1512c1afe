// What the interface shows of one participant.

/** @typedef {import('../sdk/index.js').Participant} Participant */
/** @typedef {import('../sdk/index.js').RemoteParticipant} RemoteParticipant */
/** @typedef {import('../sdk/index.js').LocalParticipant} LocalParticipant */
/** @typedef {import('../sdk/index.js').Source} Source */

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name as given, not made safe for sentences
 * @property {boolean} self
 * @property {string} kind
 * @property {number} joinedAt
 * @property {boolean} away
 * @property {boolean} speaking
 * @property {number} spokeAt 0 never
 * @property {import('../sdk/index.js').ConnectionQuality | undefined} quality
 * @property {number} hand place in the queue from 1, 0 when down
 * @property {boolean} mic sends sound
 * @property {boolean} cam sends a picture
 * @property {boolean} screen shares a screen
 * @property {boolean} screenSound shares the screen's sound
 * @property {MediaStreamTrack | null} camTrack what can be shown now
 * @property {MediaStreamTrack | null} screenTrack
 * @property {string} camProblem why no picture comes: a code of the SDK's, behind "codec" the codec; or empty
 * @property {string} screenProblem
 */

/**
 * @typedef {object} Context
 * @property {import('../sdk/index.js').Room} room
 * @property {ReadonlyMap<string, number>} spokeAt
 */

/**
 * @param {LocalParticipant | RemoteParticipant} p
 * @param {Context} context
 * @returns {Person}
 */
export function personOf(p, context) {
  const { room, spokeAt } = context;
  const track = (/** @type {Source} */ source) => trackOf(p, source);
  const on = (/** @type {Source} */ source) => isOn(p, source);
  return {
    id: p.id,
    name: p.name,
    self: p.isLocal,
    kind: p.kind,
    joinedAt: p.joinedAt,
    away: p.isLocal ? false : p.away,
    speaking: p.isSpeaking,
    spokeAt: p.isSpeaking ? 1e15 : (spokeAt.get(p.id) ?? 0),
    quality: p.quality,
    hand: room.hands.indexOf(p.id) + 1,
    mic: on('microphone'),
    cam: on('camera'),
    screen: on('screen'),
    screenSound: on('screen_audio'),
    camTrack: on('camera') ? track('camera') : null,
    screenTrack: on('screen') ? track('screen') : null,
    camProblem: problem(p, 'camera'),
    screenProblem: problem(p, 'screen'),
  };
}

/** @param {LocalParticipant | RemoteParticipant} p @param {Source} source */
function isOn(p, source) {
  if (!p.isLocal) {
    const state = p.sources.get(source);
    return state !== undefined && !state.muted;
  }
  switch (source) {
    case 'microphone':
      return p.isMicrophoneEnabled;
    case 'camera':
      return p.isCameraEnabled;
    case 'screen':
      return p.isScreenShareEnabled;
    default:
      return p.tracks.has(source);
  }
}

/** @param {LocalParticipant | RemoteParticipant} p @param {Source} source */
function trackOf(p, source) {
  return (p.isLocal ? p.tracks.get(source)?.track : p.tracks.get(source)) ?? null;
}

/** @param {LocalParticipant | RemoteParticipant} p @param {'camera' | 'screen'} source */
function problem(p, source) {
  if (p.isLocal || !isOn(p, source)) return '';
  const code = p.problems.get(source) ?? '';
  return code === 'codec' ? `codec ${p.sources.get(source)?.codec || '?'}` : code;
}
