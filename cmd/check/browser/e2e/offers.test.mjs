// Offers that are not the SDK's: what of them can not be used costs itself only,
// and the rest is seen by others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPage } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { joinRoom } from './probe.mjs';

const { server, browser } = await open();

/**
 * Runs in a page: joins with microphone, camera and one seat by a peer connection
 * of its own, whose offer is changed by the given replacements.
 * @param {{room: string, codecs?: Record<string, string[]>, channel?: boolean, replace?: [string, string][]}} how
 */
async function joinByHand({ room, codecs = {}, channel = false, replace = [] }) {
  const pc = new RTCPeerConnection();
  const { sources, seats } = { sources: /** @type {Record<string, RTCRtpTransceiver>} */ ({}), seats: /** @type {RTCRtpTransceiver[]} */ ([]) };
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const track of media.getTracks()) {
    const transceiver = pc.addTransceiver(track, { direction: 'sendonly' });
    const wanted = codecs[track.kind];
    const all = RTCRtpSender.getCapabilities(track.kind)?.codecs ?? [];
    if (wanted) transceiver.setCodecPreferences(all.filter((c) => wanted.includes(c.mimeType)));
    sources[track.kind === 'audio' ? 'microphone' : 'camera'] = transceiver;
  }
  for (const kind of ['audio', 'video']) seats.push(pc.addTransceiver(kind, { direction: 'recvonly' }));
  if (channel) pc.createDataChannel('x');
  await pc.setLocalDescription();
  let sdp = pc.localDescription?.sdp ?? '';
  for (const [from, to] of replace) sdp = sdp.replaceAll(from, to);
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/v1/ws`, 'parley.v1');
  await new Promise((resolve) => (socket.onopen = resolve));
  const reply = new Promise((resolve) => (socket.onmessage = ({ data }) => JSON.parse(data).id === 1 && resolve(JSON.parse(data))));
  const mids = Object.fromEntries(Object.entries(sources).map(([source, t]) => [source, t.mid]));
  socket.send(JSON.stringify({ type: 'join', id: 1, room, name: 'Hand', offer: sdp, sources: mids, seats: [{ audio: seats[0].mid, video: seats[1].mid }], unmuted: Object.keys(mids) }));
  const joined = await reply;
  if (joined.type !== 'joined') throw new Error(`${joined.code}: ${joined.message}`);
  await pc.setRemoteDescription({ type: 'answer', sdp: joined.answer });
  Object.assign(window, { pc, socket });
  const mine = joined.participants.find((/** @type {any} */ p) => p.id === joined.participant).sources;
  return { problems: joined.problems ?? [], sources: mine, setup: /a=setup:(\w+)/.exec(joined.answer)?.[1] };
}

/** Runs in a page: what its peer connection decoded. */
async function decoded() {
  const report = await /** @type {any} */ (window).pc.getStats();
  return [...report.values()].filter((r) => r.type === 'inbound-rtp' && r.kind === 'video').reduce((n, r) => n + (r.framesDecoded ?? 0), 0);
}

for (const { name, how, problems, setup, sources } of [
  {
    name: 'a microphone without a codec, and a data channel',
    how: { codecs: { audio: ['audio/PCMU'] }, channel: true },
    problems: ['microphone no_codec', ' sdp_profile'], setup: 'passive', sources: ['camera'],
  },
  { name: 'a peer that wants to be the DTLS server', how: { replace: [['a=setup:actpass', 'a=setup:passive']] }, problems: [], setup: 'active', sources: ['camera', 'microphone'] },
  { name: 'no setup line, LF only', how: { replace: [['a=setup:actpass\r\n', ''], ['\r\n', '\n']] }, problems: [], setup: 'passive', sources: ['camera', 'microphone'] },
]) {
  test(`${name}: the rest is seen, both ways`, async () => {
    const room = `offers-${setup}-${problems.length}-${how.replace?.length ?? 0}`;
    const ann = await newPage(browser, { color: '#2040c0', hz: 440 });
    const hand = await newPage(browser, { color: '#c04020', hz: 660 });
    await ann.goto(`${server.url}/embed.html`);
    await ann.evaluate(joinRoom, { room, name: 'Ann' });
    await hand.goto(`${server.url}/embed.html`);
    const got = await hand.evaluate(joinByHand, { room, .../** @type {any} */ (how) });
    assert.deepEqual(got.problems.map((/** @type {any} */ p) => `${p.source ?? ''} ${p.code}`), problems);
    assert.equal(got.setup, setup);
    assert.deepEqual(Object.keys(got.sources).sort(), sources);
    const frames = () => ann.evaluate(async () => {
      const report = await /** @type {any} */ (window).peers[0].getStats();
      return [...report.values()].filter((r) => r.type === 'inbound-rtp' && r.kind === 'video').reduce((n, r) => n + (r.framesDecoded ?? 0), 0);
    });
    await eventually(frames, (n) => n > 10, { what: 'pictures from the hand-made client', ms: 20_000 });
    await eventually(() => hand.evaluate(decoded), (n) => n > 10, { what: 'pictures to it', ms: 20_000 });
    await ann.close();
    await hand.close();
  });
}
