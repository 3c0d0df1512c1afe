// A room on fakes with a clock that the test moves.
import { mock } from 'node:test';
import { Room } from '../../../../../transport/httpd/web/sdk/room.js';
// What the SDK loads when it is wanted is there at once: loading takes time that no clock of a test moves.
import '../../../../../transport/httpd/web/sdk/outgoing.js';
import '../../../../../transport/httpd/web/sdk/path_guard.js';
import '../../../../../transport/httpd/web/sdk/pulse.js';
import '../../../../../transport/httpd/web/sdk/reach.js';
import { FakeDevices, FakePeerConnection, FakeStream } from './rtc.mjs';
import { FakeServer } from './server.mjs';

const EVENTS = [
  'stateChanged', 'connected', 'reconnecting', 'reconnected', 'disconnected', 'mediaStateChanged', 'serverStateChanged', 'participantConnected', 'participantDisconnected',
  'participantNameChanged', 'participantAway', 'trackSubscribed', 'trackUnsubscribed', 'trackSubscriptionFailed', 'trackMuted', 'trackUnmuted',
  'localTrackPublished', 'localTrackUnpublished', 'localTrackLimited', 'activeSpeakersChanged', 'chatMessage', 'chatTextChanged', 'handChanged', 'reaction', 'caption',
  'connectionQualityChanged', 'layerChanged', 'mediaDevicesError', 'deviceLost', 'activeDeviceChanged', 'audioPlaybackChanged', 'recorded', 'draining',
];

/** Lets everything happen that needs no time. */
export async function settle() {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Moves the clock in small steps and lets happen what comes of it.
 * @param {number} ms
 */
export async function advance(ms, step = 50) {
  await settle();
  for (let left = ms; left > 0; left -= step) {
    mock.timers.tick(Math.min(step, left));
    await settle();
  }
}

export function fakeClock() {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_700_000_000_000 });
}

export function realClock() {
  mock.timers.reset();
}

/** @param {object} [options]  for Room */
export function bench(options = {}) {
  const server = new FakeServer();
  /** @type {FakePeerConnection[]} */
  const pcs = [];
  const media = new FakeDevices();
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  /** @type {{url: string, body: any}[]} */
  const posted = [];
  /** What the server says of sockets over HTTP. @type {{status: number, body: object, asked: string[]}} */
  const reach = { status: 404, body: { code: 'not_found' }, asked: [] };
  const platform = /** @type {any} */ ({
    WebSocket: server.WebSocket,
    RTCPeerConnection: class extends FakePeerConnection {
      constructor(/** @type {any} */ config) {
        super(config, pcs);
      }
    },
    MediaStream: FakeStream,
    mediaDevices: media,
    secure: true,
    window,
    document,
    fetch: async (/** @type {string} */ url, /** @type {any} */ init) => {
      if (url.endsWith('/reach')) {
        reach.asked.push(`${init.method} ${url}`);
        return new Response(reach.status === 204 ? null : JSON.stringify(reach.body), { status: reach.status });
      }
      posted.push({ url, body: JSON.parse(init.body) });
      return new Response('{}', { status: 200 });
    },
    codecs: () => [],
    connection: new EventTarget(),
    now: () => Date.now(),
    server: 'https://meet.test',
  });
  const room = new Room({ reconnect: { nextDelayMs: ({ attempt }) => (attempt < 5 ? attempt * 1_000 : null) }, platform, ...options });
  /** @type {{name: string, detail: any}[]} */
  const events = [];
  for (const name of EVENTS) room.on(/** @type {any} */ (name), (/** @type {any} */ detail) => events.push({ name, detail }));
  return {
    room,
    server,
    pcs,
    media,
    window,
    document,
    platform,
    posted,
    reach,
    events,
    /** Details of all events of a name. @param {string} name @returns {any[]} */
    seen: (name) => events.filter((e) => e.name === name).map((e) => e.detail),
    names: () => events.map((e) => e.name),
    /** The peer connection in use. */
    get pc() {
      return pcs[pcs.length - 1];
    },
    /** Joins room "tea" as "Me". @param {object} [more] */
    async join(more = {}) {
      const joined = room.connect({ room: 'tea', name: 'Me', seats: 4, ...more });
      await settle();
      await advance(1);
      await joined;
    },
  };
}

/** A participant as the server tells of it. @param {string} id @param {object} [more] */
export function person(id, more = {}) {
  return {
    id,
    name: id.toUpperCase(),
    kind: 'person',
    joined_at: 1_000,
    sources: { microphone: { muted: false, codec: 'opus' }, camera: { muted: false, codec: 'VP8' }, screen: { muted: true, codec: 'VP8' }, screen_audio: { muted: true, codec: 'opus' } },
    ...more,
  };
}
