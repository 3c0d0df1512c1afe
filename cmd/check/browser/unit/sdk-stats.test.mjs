// Figures out of reports shaped like Chromium's and Firefox's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatsCollector } from '../../../../transport/httpd/web/sdk/stats.js';

const sections = new Map([
  ['0', { source: /** @type {const} */ ('microphone') }],
  ['1', { source: /** @type {const} */ ('camera') }],
  ['2', { source: /** @type {const} */ ('screen') }],
  ['4', { seat: 0 }],
  ['5', { seat: 0 }],
  ['6', { seat: 1 }],
  ['7', { seat: 1 }],
]);
const seats = /** @type {any} */ ({
  occupant: (/** @type {number} */ seat) => [{ participant: { id: 'ann' }, source: 'camera', video: true }, { participant: { id: 'ben' }, source: 'screen', video: false }][seat],
  layer: (/** @type {number} */ seat) => (seat === 0 ? { layer: 'h', width: 640, height: 360, reason: 'size' } : undefined),
});

/** @param {object[]} entries */
const report = (entries) => new Map(entries.map((e) => [/** @type {any} */ (e).id, e]));

/** @param {number} t seconds */
function chromium(t) {
  const timestamp = t * 1_000;
  return report([
    { id: 'C1', type: 'codec', mimeType: 'video/VP8' },
    { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
    { id: 'P', type: 'candidate-pair', timestamp, currentRoundTripTime: 0.0123, availableOutgoingBitrate: 3e6, bytesSent: 1_000 * t, bytesReceived: 2_000 * t, localCandidateId: 'L', remoteCandidateId: 'R' },
    { id: 'L', type: 'local-candidate', address: '192.0.2.1', port: 5000, protocol: 'udp' },
    { id: 'R', type: 'remote-candidate', address: '2001:db8::1', port: 8443, protocol: 'udp' },
    { id: 'Of', type: 'outbound-rtp', kind: 'video', mid: '1', rid: 'f', timestamp, bytesSent: 100_000 * t, packetsSent: 100 * t, framesPerSecond: 30, frameWidth: 1280, frameHeight: 720, qualityLimitationReason: 'cpu', codecId: 'C1', remoteId: 'RIf', nackCount: 3, pliCount: 1 },
    { id: 'Oq', type: 'outbound-rtp', kind: 'video', mid: '1', rid: 'q', timestamp, bytesSent: 10_000 * t, packetsSent: 20 * t, codecId: 'C1' },
    { id: 'Os', type: 'outbound-rtp', kind: 'video', mid: '2', timestamp, bytesSent: 0, packetsSent: 0 },
    { id: 'RIf', type: 'remote-inbound-rtp', localId: 'Of', fractionLost: 0.05, roundTripTime: 0.02, jitter: 0.001 },
    { id: 'Iv', type: 'inbound-rtp', kind: 'video', mid: '5', timestamp, bytesReceived: 50_000 * t, packetsReceived: 90 * t, packetsLost: 10 * t, jitter: 0.004, framesPerSecond: 25, frameWidth: 640, frameHeight: 360, freezeCount: 2, codecId: 'C1' },
    { id: 'Ia', type: 'inbound-rtp', kind: 'audio', mid: '4', timestamp, bytesReceived: 4_000 * t, packetsReceived: 50 * t, packetsLost: 0 },
    { id: 'Ib', type: 'inbound-rtp', kind: 'audio', mid: '6', timestamp, bytesReceived: 4_000 * t, packetsReceived: 50 * t, packetsLost: -1 },
    { id: 'Ix', type: 'inbound-rtp', kind: 'video', mid: '7', timestamp, bytesReceived: 9, packetsReceived: 1 },
    { id: 'Iy', type: 'inbound-rtp', kind: 'video', mid: '99', timestamp, bytesReceived: 9, packetsReceived: 1 },
  ]);
}

const collect = (/** @type {StatsCollector} */ c, /** @type {Map<string, any>} */ r) => c.collect({ report: r, sections, seats, self: 'me', sending: new Set(['microphone', 'camera']), state: 'connected', now: 1 });

test('the first report has no rates, the second has', () => {
  const c = new StatsCollector();
  assert.ok(collect(c, chromium(1)).streams.every((s) => s.bitrate === 0));
  const { streams, connection } = collect(c, chromium(3));
  const by = (/** @type {string} */ dir, /** @type {string} */ source, layer = '') => streams.find((s) => s.dir === dir && s.source === source && (s.layer ?? '') === layer);
  assert.deepEqual(streams.map((s) => `${s.dir} ${s.participant} ${s.source} ${s.layer ?? ''}`), ['send me camera f', 'send me camera q', 'receive ann camera h', 'receive ann microphone ', 'receive ben screen_audio ']);
  const full = by('send', 'camera', 'f');
  assert.deepEqual([full?.bitrate, full?.loss, full?.rtt, full?.fps, full?.width, full?.codec, full?.reason], [800_000, 0.05, 20, 30, 1280, 'VP8', 'cpu']);
  const picture = by('receive', 'camera', 'h');
  assert.deepEqual([picture?.bitrate, picture?.loss, picture?.jitter, picture?.seat, picture?.reason, picture?.freezes], [400_000, 0.1, 4, 0, 'size', 2]);
  assert.equal(by('receive', 'screen_audio')?.loss, 0, 'packetsLost may be negative');
  assert.deepEqual(connection, { state: 'connected', rtt: 12.3, availableOut: 3e6, sent: 8_000, received: 16_000, protocol: 'udp', local: '192.0.2.1:5000', remote: '[2001:db8::1]:8443' });
});

test('Firefox: no transport entry, the pair is flagged, remote reports point back', () => {
  const firefox = (/** @type {number} */ t) =>
    report([
      { id: 'p', type: 'candidate-pair', selected: true, state: 'succeeded', nominated: true, timestamp: t * 1_000, bytesSent: 500 * t, bytesReceived: 0, localCandidateId: 'l' },
      { id: 'l', type: 'local-candidate', address: '192.0.2.7', port: 1, protocol: 'udp' },
      { id: 'o', type: 'outbound-rtp', kind: 'audio', mid: '0', timestamp: t * 1_000, bytesSent: 4_000 * t, packetsSent: 50 * t },
      { id: 'r', type: 'remote-inbound-rtp', localId: 'o', fractionLost: 0.5, roundTripTime: 0.1 },
    ]);
  const c = new StatsCollector();
  collect(c, firefox(1));
  const { streams, connection } = collect(c, firefox(2));
  assert.deepEqual(streams.map(({ source, bitrate, loss, rtt }) => ({ source, bitrate, loss, rtt })), [{ source: 'microphone', bitrate: 32_000, loss: 0.5, rtt: 100 }]);
  assert.deepEqual([connection.sent, connection.local, connection.remote, connection.rtt], [4_000, '192.0.2.7:1', undefined, undefined]);
});

test('a counter that starts again gives no negative rate', () => {
  const c = new StatsCollector();
  collect(c, chromium(5));
  const reset = chromium(6);
  for (const entry of /** @type {Iterable<any>} */ (reset.values())) if (entry.bytesReceived) entry.bytesReceived = 1;
  assert.ok(collect(c, reset).streams.every((s) => s.bitrate >= 0));
});

test('nothing connected: an empty report', () => {
  assert.deepEqual(new StatsCollector().collect({ report: new Map(), sections: new Map(), seats, self: '', sending: new Set(), state: 'new', now: 5 }), { at: 5, streams: [], connection: { state: 'new', sent: 0, received: 0 } });
});
