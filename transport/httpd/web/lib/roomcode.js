// Room names: the same rules as the server, and codes to propose. Pure.

/** Longest room name in characters, as in the protocol. */
export const MAX_ROOM = 64;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const GROUPS = [3, 4, 3];

/**
 * A room name as the server would take it, or null when it would refuse it:
 * trimmed and in lower case; letters, digits, "-", "_" and "."; 1 to 64
 * characters; not starting with a dot.
 * @param {string} name
 */
export function cleanRoom(name) {
  const room = name.trim().toLowerCase();
  const length = [...room].length;
  if (length < 1 || length > MAX_ROOM || room.startsWith('.')) return null;
  return /^[\p{L}\p{Nd}\-_.]+$/u.test(room) ? room : null;
}

/**
 * A readable code nobody guesses: "abc-defg-hij", 10 letters, 47 bits.
 * @param {(bytes: Uint8Array<ArrayBuffer>) => void} fill  fills with random bytes, such as
 *   crypto.getRandomValues
 */
export function newRoomCode(fill) {
  const letters = randomLetters(GROUPS.reduce((a, b) => a + b), fill);
  let at = 0;
  return GROUPS.map((n) => letters.slice(at, (at += n))).join('-');
}

/**
 * @param {number} n
 * @param {(bytes: Uint8Array<ArrayBuffer>) => void} fill
 */
function randomLetters(n, fill) {
  // Bytes from 234 on are thrown away: 256 is no multiple of 26, and keeping
  // them would make the first letters likelier.
  const limit = 256 - (256 % LETTERS.length);
  let out = '';
  while (out.length < n) {
    const bytes = new Uint8Array(n);
    fill(bytes);
    for (const byte of bytes) if (byte < limit && out.length < n) out += LETTERS[byte % LETTERS.length];
  }
  return out;
}

/**
 * The room that a person means by what they typed or pasted: a whole link, a
 * path such as "/r/name", or the name itself. Null when it is none of these.
 * @param {string} text
 */
export function roomFromInput(text) {
  const typed = text.trim();
  const path = /^(?:(?:[a-z]+:\/\/)?[^/\s]*\/)?r\/([^/?#]+)/i.exec(typed);
  if (!path) return cleanRoom(typed);
  try {
    return cleanRoom(decodeURIComponent(path[1]));
  } catch {
    return null; // a stray % in the link
  }
}
