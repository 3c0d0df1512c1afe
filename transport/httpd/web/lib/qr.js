// QR codes (ISO/IEC 18004): bytes, versions 1 … 15, error correction M.
// encode(text) gives the dark modules as rows of booleans, without the quiet
// zone. Pure.

/** Per version: error correction bytes per block, blocks, data bytes in all. */
const VERSIONS = [
  [10, 1, 16], [16, 1, 28], [26, 1, 44], [18, 2, 64], [24, 2, 86],
  [16, 4, 108], [18, 4, 124], [22, 4, 154], [22, 5, 182], [26, 5, 216],
  [30, 5, 254], [22, 8, 290], [22, 9, 334], [24, 9, 365], [24, 10, 415],
];
/** Error correction level M in the format information. */
const LEVEL_M = 0b00;

/** Logarithms and powers of 2 in GF(256) modulo x⁸+x⁴+x³+x²+1. */
const { EXP, LOG } = (() => {
  const exp = new Uint8Array(512);
  const log = new Uint8Array(256);
  let x = 1;
  for (let i = 0; i < 255; i++) {
    exp[i] = exp[i + 255] = x;
    log[x] = i;
    x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
  }
  return { EXP: exp, LOG: log };
})();

/** @param {number} a @param {number} b */
const multiply = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);

/** The generator polynomial without its leading 1. @param {number} degree */
function generator(degree) {
  const out = new Uint8Array(degree);
  out[degree - 1] = 1;
  for (let i = 0, root = 1; i < degree; i++, root = multiply(root, 2)) {
    for (let j = 0; j < degree; j++) {
      out[j] = multiply(out[j], root) ^ (j + 1 < degree ? out[j + 1] : 0);
    }
  }
  return out;
}

/** Remainder of a block: its error correction bytes. @param {Uint8Array} data @param {number} degree */
export function correction(data, degree) {
  const divisor = generator(degree);
  const out = new Uint8Array(degree);
  for (const byte of data) {
    const factor = byte ^ out[0];
    out.copyWithin(0, 1);
    out[degree - 1] = 0;
    for (let i = 0; i < degree; i++) out[i] ^= multiply(divisor[i], factor);
  }
  return out;
}

/** Data bytes with mode, length, terminator and padding. @param {Uint8Array} bytes @param {number} version @param {number} capacity */
function payload(bytes, version, capacity) {
  const bits = [0, 1, 0, 0];
  const put = (/** @type {number} */ value, /** @type {number} */ n) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, capacity * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const out = new Uint8Array(capacity);
  for (let i = 0; i < bits.length; i++) out[i >> 3] |= bits[i] << (7 - (i & 7));
  for (let i = bits.length >> 3, pad = 0xec; i < capacity; i++, pad ^= 0xec ^ 0x11) out[i] = pad;
  return out;
}

/** Blocks with their correction, interleaved. @param {Uint8Array} data @param {readonly number[]} shape */
function interleave(data, [degree, count]) {
  const short = Math.floor(data.length / count);
  const longFrom = count - (data.length % count);
  /** @type {Uint8Array[]} */
  const blocks = [];
  for (let i = 0, at = 0; i < count; i++) {
    const size = short + (i >= longFrom ? 1 : 0);
    blocks.push(data.subarray(at, at + size));
    at += size;
  }
  const checks = blocks.map((b) => correction(b, degree));
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i <= short; i++) for (const b of blocks) if (i < b.length) out.push(b[i]);
  for (let i = 0; i < degree; i++) for (const c of checks) out.push(c[i]);
  return out;
}

/** Where the centres of the alignment patterns are, on both axes. @param {number} version */
function alignment(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = version * 4 + 10;
  const step = Math.ceil((last - 6) / (count - 1) / 2) * 2;
  const out = [6];
  for (let i = count - 2; i >= 0; i--) out.push(last - i * step);
  return out;
}

/** A symbol being drawn: which modules are dark and which are fixed. */
class Symbol {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    this.dark = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.fixed = Array.from({ length: this.size }, () => new Array(this.size).fill(false));
    this.#patterns();
  }

  /** @param {number} x @param {number} y @param {boolean} dark */
  fix(x, y, dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y][x] = dark;
    this.fixed[y][x] = true;
  }

  #patterns() {
    const end = this.size - 7;
    for (let i = 0; i < this.size; i++) {
      this.fix(6, i, i % 2 === 0);
      this.fix(i, 6, i % 2 === 0);
    }
    for (const [x, y] of [[3, 3], [end + 3, 3], [3, end + 3]]) this.#rings(x, y, 4, (d) => d !== 2 && d !== 4);
    const centres = alignment(this.version);
    const last = centres.length - 1;
    centres.forEach((x, i) =>
      centres.forEach((y, j) => {
        const corner = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
        if (!corner) this.#rings(x, y, 2, (d) => d !== 1);
      }),
    );
    this.format(0);
    if (this.version >= 7) this.#versionInfo();
  }

  /** @param {number} cx @param {number} cy @param {number} reach @param {(distance: number) => boolean} dark */
  #rings(cx, cy, reach, dark) {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) this.fix(cx + dx, cy + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  #versionInfo() {
    let rest = this.version;
    for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >> i) & 1) === 1;
      const a = this.size - 11 + (i % 3);
      const b = Math.floor(i / 3);
      this.fix(a, b, dark);
      this.fix(b, a, dark);
    }
  }

  /** Level and mask, twice. @param {number} mask */
  format(mask) {
    const data = (LEVEL_M << 3) | mask;
    let rest = data;
    for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412;
    const bit = (/** @type {number} */ i) => ((bits >> i) & 1) === 1;
    for (let i = 0; i <= 5; i++) this.fix(8, i, bit(i));
    this.fix(8, 7, bit(6));
    this.fix(8, 8, bit(7));
    this.fix(7, 8, bit(8));
    for (let i = 9; i < 15; i++) this.fix(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) this.fix(this.size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) this.fix(8, this.size - 15 + i, bit(i));
    this.fix(8, this.size - 8, true);
  }

  /** Lays the bytes in two-wide columns, up and down. @param {number[]} bytes */
  lay(bytes) {
    let i = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let v = 0; v < this.size; v++) {
        const y = ((right + 1) & 2) === 0 ? this.size - 1 - v : v;
        for (const x of [right, right - 1]) {
          if (this.fixed[y][x]) continue;
          this.dark[y][x] = i < bytes.length * 8 && ((bytes[i >> 3] >> (7 - (i & 7))) & 1) === 1;
          i++;
        }
      }
    }
  }

  /** Flips what the mask says; the same again undoes it. @param {number} mask */
  mask(mask) {
    for (let y = 0; y < this.size; y++) {
      for (let x = 0; x < this.size; x++) if (!this.fixed[y][x] && MASKS[mask](x, y)) this.dark[y][x] = !this.dark[y][x];
    }
  }
}

/** @type {((x: number, y: number) => boolean)[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** How hard a symbol is to read; the mask with the least is taken. @param {boolean[][]} dark */
function penalty(dark) {
  const size = dark.length;
  const columns = dark[0].map((_, x) => dark.map((row) => row[x]));
  let score = 0;
  for (const line of [...dark, ...columns]) {
    const s = line.map(Number).join('');
    for (const run of s.match(/0{5,}|1{5,}/g) ?? []) score += run.length - 2;
    for (let i = 0; i + 11 <= size; i++) if (/^(10111010000|00001011101)$/.test(s.slice(i, i + 11))) score += 40;
  }
  let black = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (dark[y][x]) black++;
      if (x && y && dark[y][x] === dark[y - 1][x] && dark[y][x] === dark[y][x - 1] && dark[y][x] === dark[y - 1][x - 1]) score += 3;
    }
  }
  return score + Math.floor(Math.abs(black / size / size - 0.5) * 20) * 10;
}

/**
 * The symbol for a text, or null when it is too long.
 * @param {string} text
 * @returns {boolean[][] | null} rows, true is dark
 */
export function encode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = VERSIONS.findIndex(([, , capacity], i) => bytes.length + (i < 9 ? 2 : 3) <= capacity) + 1;
  if (!version) return null;
  const shape = VERSIONS[version - 1];
  const symbol = new Symbol(version);
  symbol.lay(interleave(payload(bytes, version, shape[2]), shape));
  let best = 0;
  let least = Infinity;
  for (let mask = 0; mask < 8; mask++) {
    symbol.format(mask);
    symbol.mask(mask);
    const score = penalty(symbol.dark);
    symbol.mask(mask);
    if (score < least) [least, best] = [score, mask];
  }
  symbol.format(best);
  symbol.mask(best);
  return symbol.dark;
}

/** The symbol as one SVG path with a quiet zone of 4. @param {boolean[][]} rows */
export function toPath(rows) {
  return rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + 4} ${y + 4}h1v1h-1z`] : []))).join('');
}
