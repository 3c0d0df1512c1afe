// Figures as people read them. Pure.

/** The last so many values of each stream. */
export class History {
  #size;
  /** @type {Map<string, number[]>} */
  #lines = new Map();

  /** @param {number} size */
  constructor(size) {
    this.#size = size;
  }

  /** @param {string} key @param {number} value @returns {readonly number[]} */
  add(key, value) {
    const line = this.#lines.get(key) ?? [];
    line.push(value);
    if (line.length > this.#size) line.shift();
    this.#lines.set(key, line);
    return line;
  }
}

/** Writes a figure with so many decimals. @typedef {(n: number, decimals: number) => string} Write */

/** As reports have it, which are read by other people than their senders. @type {Write} */
const plain = (n, decimals) => n.toFixed(decimals);

/** "1.25 Mbit/s". @param {number} perSecond @param {Write} [write] */
export function bits(perSecond, write = plain) {
  if (perSecond >= 1e6) return `${write(perSecond / 1e6, 2)} Mbit/s`;
  if (perSecond >= 1e3) return `${write(perSecond / 1e3, 0)} kbit/s`;
  return `${write(perSecond, 0)} bit/s`;
}

/** "0.4 %". @param {number} share 0 … 1 @param {Write} [write] */
export const percent = (share, write = plain) => `${write(share * 100, 1)} %`;

/**
 * A line for an SVG polyline, newest at the right edge.
 * @param {readonly number[]} values @param {number} width @param {number} height
 */
export function points(values, width, height) {
  const max = Math.max(1, ...values);
  return values.map((v, i) => `${width - (values.length - 1 - i)},${(height - 1 - (v / max) * (height - 2)).toFixed(1)}`).join(' ');
}

/**
 * A report to send to whoever runs the server: no names, no chat.
 * @param {{at: string, agent: string, version: string, meeting: string, stats: import('../sdk/index.js').RoomStats | null}} facts
 */
export function report({ at, agent, version, meeting, stats }) {
  const head = [`Parley ${version}`, `time ${at}`, `browser ${agent}`, `meeting ${meeting}`];
  if (!stats) return head.join('\n');
  const { connection: c } = stats;
  const path = `connection ${c.state} ${c.protocol ?? ''} rtt ${c.rtt === undefined ? '?' : Math.round(c.rtt)} ms, sent ${bits(c.sent)}, received ${bits(c.received)}`;
  return [...head, path, ...stats.streams.map(streamLine)].join('\n');
}

/** @param {import('../sdk/index.js').StreamStats} s */
function streamLine(s) {
  const size = s.width && s.height ? ` ${s.width}x${s.height}` : '';
  const fps = s.fps === undefined ? '' : ` ${Math.round(s.fps)} fps`;
  const layer = s.layer ? ` layer ${s.layer}` : '';
  return `${s.dir} ${s.source} ${s.codec ?? '?'} ${bits(s.bitrate)} loss ${percent(s.loss)}${size}${fps}${layer}${s.reason ? ` (${s.reason})` : ''} packets ${s.packets}`;
}
