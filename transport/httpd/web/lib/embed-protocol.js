// What a page that embeds a meeting and the meeting say to each other by
// postMessage. Pure: messages in, checked messages out.
//
//   to the page:   {source: 'parley', type, ...}
//     ready {room} · state {state: prejoin|room|ended} · joined {room, participant, name}
//     left {reason} · participantJoined {participant, name} · participantLeft {participant}
//     muteChanged {device: microphone|camera|screen, muted} · chat {participant, name, text}
//   to the meeting: {target: 'parley', command, ...}
//     mute {muted} · camera {on} · hand {raised} · chat {text} · leave

const COMMANDS = new Set(['mute', 'camera', 'hand', 'chat', 'leave']);

/**
 * @typedef {{command: 'mute', muted: boolean} | {command: 'camera', on: boolean} | {command: 'hand', raised: boolean}
 *   | {command: 'chat', text: string} | {command: 'leave'}} EmbedCommand
 */

/**
 * A command from the embedding page, or null when it is none.
 * @param {unknown} data
 * @returns {EmbedCommand | null}
 */
export function parseCommand(data) {
  if (typeof data !== 'object' || data === null) return null;
  const { target, command, muted, on, raised, text } = /** @type {Record<string, unknown>} */ (data);
  if (target !== 'parley' || typeof command !== 'string' || !COMMANDS.has(command)) return null;
  switch (command) {
    case 'mute':
      return typeof muted === 'boolean' ? { command, muted } : null;
    case 'camera':
      return typeof on === 'boolean' ? { command, on } : null;
    case 'hand':
      return typeof raised === 'boolean' ? { command, raised } : null;
    case 'chat':
      return typeof text === 'string' && text.trim() ? { command, text } : null;
    default:
      return { command: 'leave' };
  }
}

/**
 * Whose messages are taken and who gets ours: the origin named in the address,
 * else that of the page the frame stands in; never "any".
 * @param {{origin: string | null, ancestors: readonly string[], referrer: string}} facts
 * @returns {string} an origin, or '' for nobody
 */
export function parentOrigin({ origin, ancestors, referrer }) {
  for (const candidate of [origin, ancestors[0], referrer]) {
    if (!candidate) continue;
    try {
      const url = new URL(candidate);
      if (url.protocol === 'https:' || url.protocol === 'http:') return url.origin;
    } catch {
      // Not an address: the next one.
    }
  }
  return '';
}
