// Figures per stream out of getStats(). Totals become rates by comparing with
// the report before.
import { selectedPair } from '../lib/selected-pair.js';

/** @typedef {import('./index.js').StreamStats} StreamStats */
/** @typedef {import('./index.js').RoomStats} RoomStats */

/**
 * A member of a stats report. Browsers differ in which fields are there.
 * @typedef {import('../lib/selected-pair.js').Entry} Entry
 */

/**
 * @typedef {object} Input
 * @property {{forEach(fn: (entry: any) => void): void}} report  of RTCPeerConnection.getStats
 * @property {Map<string, {source?: import('./index.js').Source, seat?: number}>} sections  mid → meaning
 * @property {Pick<import('./seats.js').Seats, 'occupant' | 'layer'>} seats
 * @property {string} self   own participant id
 * @property {{has(source: import('./index.js').Source): boolean}} sending  what is captured here
 * @property {import('./index.js').MediaState} state
 * @property {number} now    Unix milliseconds
 */

/** @typedef {{at: number, bytes: number, packets: number, lost: number}} Sample */

export class StatsCollector {
  /** Totals of the report before, by entry id. @type {Map<string, Sample>} */
  #before = new Map();

  /**
   * @param {Input} input
   * @returns {RoomStats}
   */
  collect(input) {
    /** @type {Map<string, Entry>} */
    const all = new Map();
    input.report.forEach((entry) => all.set(entry.id, entry));
    /** @type {Map<string, Sample>} */
    const samples = new Map();
    const streams = [];
    for (const entry of all.values()) {
      const stream = entry.type === 'inbound-rtp' ? received(entry, input) : entry.type === 'outbound-rtp' ? sent(entry, all, input) : null;
      if (!stream) continue;
      streams.push({ ...stream, ...this.#rates(entry, samples, all), ...codecOf(entry, all) });
    }
    const connection = { state: input.state, ...this.#connection(all, samples) };
    this.#before = samples;
    return { at: input.now, streams: streams.sort(inOrder), connection };
  }

  /**
   * @param {Entry} entry
   * @param {Map<string, Sample>} samples
   * @param {Map<string, Entry>} all
   */
  #rates(entry, samples, all) {
    const sending = entry.type === 'outbound-rtp';
    const bytes = (sending ? entry.bytesSent : entry.bytesReceived) ?? 0;
    const packets = (sending ? entry.packetsSent : entry.packetsReceived) ?? 0;
    const sample = { at: entry.timestamp, bytes, packets, lost: entry.packetsLost ?? 0 };
    samples.set(entry.id, sample);
    const before = this.#before.get(entry.id) ?? sample;
    const loss = sending ? (remoteOf(entry, all)?.fractionLost ?? 0) : lossBetween(before, sample);
    return { bitrate: rate(before, sample), loss, packets };
  }

  /**
   * @param {Map<string, Entry>} all
   * @param {Map<string, Sample>} samples
   */
  #connection(all, samples) {
    const pair = selectedPair(all);
    if (!pair) return { sent: 0, received: 0 };
    const directions = /** @type {const} */ (['bytesSent', 'bytesReceived']);
    const [out, into] = directions.map((field) => {
      const sample = { at: pair.timestamp, bytes: pair[field] ?? 0, packets: 0, lost: 0 };
      const key = `${pair.id} ${field}`;
      samples.set(key, sample);
      return rate(this.#before.get(key) ?? sample, sample);
    });
    const local = all.get(pair.localCandidateId);
    return {
      rtt: milliseconds(pair.currentRoundTripTime),
      availableOut: pair.availableOutgoingBitrate,
      sent: out,
      received: into,
      protocol: local?.protocol,
      local: address(local),
      remote: address(all.get(pair.remoteCandidateId)),
    };
  }
}

/**
 * @param {Entry} entry
 * @param {Input} input
 */
function received(entry, { sections, seats }) {
  const seat = sections.get(entry.mid)?.seat;
  const occupant = seat === undefined ? undefined : seats.occupant(seat);
  if (seat === undefined || !occupant) return null; // nobody sits there
  const video = entry.kind === 'video';
  if (video && !occupant.video) return null;
  const layer = video ? seats.layer(seat) : undefined;
  return {
    dir: /** @type {const} */ ('receive'),
    kind: entry.kind,
    source: video ? occupant.source : soundOf(occupant.source),
    participant: occupant.participant.id,
    seat,
    jitter: milliseconds(entry.jitter),
    ...picture(entry),
    layer: layer?.layer,
    reason: layer?.reason,
    freezes: entry.freezeCount,
    nacks: entry.nackCount,
    plis: entry.pliCount,
  };
}

/**
 * @param {Entry} entry
 * @param {Map<string, Entry>} all
 * @param {Input} input
 */
function sent(entry, all, { sections, self, sending }) {
  const source = sections.get(entry.mid)?.source;
  if (!source || !sending.has(source)) return null; // every sending section has an entry
  const remote = remoteOf(entry, all);
  return {
    dir: /** @type {const} */ ('send'),
    kind: entry.kind,
    source,
    participant: self,
    rtt: milliseconds(remote?.roundTripTime),
    jitter: milliseconds(remote?.jitter),
    ...picture(entry),
    layer: entry.rid ?? '',
    reason: entry.qualityLimitationReason,
    nacks: entry.nackCount,
    plis: entry.pliCount,
  };
}

/** @param {Entry} entry */
function picture({ kind, framesPerSecond, frameWidth, frameHeight }) {
  return kind === 'video' ? { fps: framesPerSecond ?? 0, width: frameWidth ?? 0, height: frameHeight ?? 0 } : {};
}

/**
 * What the receiver of a stream says about it.
 * @param {Entry} entry
 * @param {Map<string, Entry>} all
 */
function remoteOf(entry, all) {
  const named = all.get(entry.remoteId);
  if (named) return named;
  for (const other of all.values()) if (other.type === 'remote-inbound-rtp' && other.localId === entry.id) return other;
  return undefined;
}

/**
 * @param {Entry} entry
 * @param {Map<string, Entry>} all
 */
function codecOf(entry, all) {
  const mime = all.get(entry.codecId)?.mimeType;
  return mime ? { codec: mime.split('/')[1] } : {};
}

/** @param {Entry | undefined} candidate */
function address(candidate) {
  const ip = candidate?.address ?? candidate?.ip;
  return ip ? `${ip.includes(':') ? `[${ip}]` : ip}:${candidate?.port}` : undefined;
}

/**
 * Bits per second.
 * @param {Sample} before
 * @param {Sample} after
 */
function rate(before, after) {
  const seconds = (after.at - before.at) / 1_000;
  return seconds > 0 ? Math.max(0, Math.round(((after.bytes - before.bytes) * 8) / seconds)) : 0;
}

/**
 * Share of packets lost. packetsLost may fall when late ones arrive.
 * @param {Sample} before
 * @param {Sample} after
 */
function lossBetween(before, after) {
  const lost = Math.max(0, after.lost - before.lost);
  const arrived = Math.max(0, after.packets - before.packets);
  return lost + arrived > 0 ? lost / (lost + arrived) : 0;
}

/** @param {number | undefined} seconds */
function milliseconds(seconds) {
  return seconds === undefined ? undefined : Math.round(seconds * 10_000) / 10;
}

/** @param {'camera' | 'screen'} source */
function soundOf(source) {
  return /** @type {import('./index.js').Source} */ (source === 'camera' ? 'microphone' : 'screen_audio');
}

/**
 * What is sent first, then by seat; sound before picture.
 * @param {StreamStats} a
 * @param {StreamStats} b
 */
function inOrder(a, b) {
  return Number(a.dir === 'receive') - Number(b.dir === 'receive') || (a.seat ?? 0) - (b.seat ?? 0) || a.source.localeCompare(b.source) || (a.layer ?? '').localeCompare(b.layer ?? '');
}
