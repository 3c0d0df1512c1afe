// QR codes: read back by a small reader of our own, which knows the standard
// from the other side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correction, encode, toPath } from '../../../../transport/httpd/web/lib/qr.js';

test('error correction matches the worked example of ISO/IEC 18004 annex I', () => {
  // Version 1-M of "01234567" (numeric): 16 data bytes and their 10 checks.
  const data = Uint8Array.from([0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11]);
  assert.deepEqual([...correction(data, 10)], [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
});

/** Reads a version 1 … 4 symbol (no alignment beyond one) back. @param {boolean[][]} rows */
function read(rows) {
  const size = rows.length;
  const version = (size - 17) / 4;
  const bit = (/** @type {number} */ x, /** @type {number} */ y) => (rows[y][x] ? 1 : 0);
  let format = 0;
  const cells = [...[0, 1, 2, 3, 4, 5].map((i) => [8, i]), [8, 7], [8, 8], [7, 8], ...[9, 10, 11, 12, 13, 14].map((i) => [14 - i, 8])];
  cells.forEach(([x, y], i) => (format |= bit(x, y) << i));
  format ^= 0x5412;
  assert.equal(format >> 13, 0, 'level M');
  const mask = (format >> 10) & 7;
  /** @type {((x: number, y: number) => boolean)[]} */
  const masks = [(x, y) => (x + y) % 2 === 0, (_, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0, (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0];
  const flip = masks[mask];
  const fixed = (/** @type {number} */ x, /** @type {number} */ y) =>
    x === 6 || y === 6 || (x < 9 && y < 9) || (x > size - 9 && y < 9) || (x < 9 && y > size - 9) || (version > 1 && Math.abs(x - (size - 7)) <= 2 && Math.abs(y - (size - 7)) <= 2);
  /** @type {number[]} */
  const bits = [];
  let up = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let i = 0; i < size; i++) {
      const y = up ? size - 1 - i : i;
      for (const x of [right, right - 1]) if (!fixed(x, y)) bits.push(bit(x, y) ^ (flip(x, y) ? 1 : 0));
    }
    up = !up;
  }
  const bytes = Array.from({ length: bits.length >> 3 }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2));
  return { version, bytes };
}

test('what is written can be read', () => {
  for (const text of ['A', 'https://x.io/r/a', 'http://h:8443/r/abc-defg', 'http://localhost/r/abc-defg-hij-klm']) {
    const rows = /** @type {boolean[][]} */ (encode(text));
    const { version, bytes } = read(rows);
    assert.ok(version <= 3, 'one block');
    const length = ((bytes[0] & 15) << 4) | (bytes[1] >> 4);
    assert.equal(bytes[0] >> 4, 4, 'byte mode');
    const back = Uint8Array.from({ length }, (_, i) => ((bytes[i + 1] & 15) << 4) | (bytes[i + 2] >> 4));
    assert.equal(new TextDecoder().decode(back), text);
  }
});

test('size grows with the text and ends with version 15', () => {
  assert.equal(encode('x')?.length, 21);
  assert.equal(encode('x'.repeat(15))?.length, 25);
  assert.equal(encode('x'.repeat(412))?.length, 77);
  assert.equal(encode('x'.repeat(413)), null);
});

test('finder patterns stand in three corners', () => {
  const rows = /** @type {boolean[][]} */ (encode('https://meet.example/r/abc-defg-hij'));
  const end = rows.length - 7;
  for (const [x, y] of [[0, 0], [end, 0], [0, end]]) {
    const ring = rows.slice(y, y + 7).map((r) => r.slice(x, x + 7).map(Number).join('')).join('/');
    assert.equal(ring, '1111111/1000001/1011101/1011101/1011101/1000001/1111111');
  }
});

test('the drawing has one square per dark module inside the quiet zone', () => {
  const rows = /** @type {boolean[][]} */ (encode('x'));
  const dark = rows.flat().filter(Boolean).length;
  assert.equal(toPath(rows).split('M').length - 1, dark);
  assert.match(toPath(rows), /^M4 4h1v1h-1z/);
});
