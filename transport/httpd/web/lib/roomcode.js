// Codes to propose as names of rooms, and the names in links. Which room a name
// means only the server knows: the page sends what was typed. Pure.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const GROUPS = [3, 4, 3];

/** The end of a room's path: its name behind /r/, or a code, which needs none. */
const ROOM = /^(.*?)\/(?:r\/([^/]+)|([A-Za-z]{3}-[A-Za-z]{4}-[A-Za-z]{3}))$/;

/**
 * The name of the room in the path of a link ("/r/name", "/abc-defg-hij"), as it stands
 * there, null when there is none; and what stands before, which is the server's.
 * @param {string} pathname
 */
export function splitRoomPath(pathname) {
  const path = pathname.replace(/\/+$/, '');
  const [, base = path, named, code = named] = ROOM.exec(path) ?? [];
  try {
    return { base, room: decodeURIComponent(code ?? '').trim() || null };
  } catch {
    return { base, room: null }; // a stray % in the link
  }
}

/**
 * The room in a path of ours.
 * @param {string} pathname
 */
export function roomOfPath(pathname) {
  const { base, room } = splitRoomPath(pathname);
  return base ? null : room;
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
