// Everything the SDK takes from the browser, in one place, so that tests and
// other runtimes can put something else there.

/**
 * @typedef {object} Platform
 * @property {typeof WebSocket} WebSocket
 * @property {typeof RTCPeerConnection} RTCPeerConnection
 * @property {typeof MediaStream} MediaStream
 * @property {MediaDevices | undefined} mediaDevices  undefined in an insecure context
 * @property {boolean} secure
 * @property {EventTarget} window    online, offline, pagehide
 * @property {EventTarget & {visibilityState: string}} document  visibilitychange
 * @property {typeof fetch} fetch
 * @property {(kind: 'audio' | 'video', dir: 'send' | 'receive') => RTCRtpCodec[]} codecs
 *   what this browser can encode or decode
 * @property {EventTarget | undefined} connection  says when the kind of network changes, in some browsers
 * @property {() => number} now  monotonic, milliseconds
 * @property {string} server  the one meant when none is named: where these modules came from
 */

/** Where servers have this file; what is bundled into something else has no server. */
const SERVED = '/sdk/platform.js';

/**
 * @param {Partial<Platform>} [replaced]
 * @returns {Platform}
 */
export function browserPlatform(replaced = {}) {
  const g = globalThis;
  return {
    WebSocket: g.WebSocket,
    RTCPeerConnection: g.RTCPeerConnection,
    MediaStream: g.MediaStream,
    mediaDevices: g.navigator?.mediaDevices,
    secure: g.isSecureContext ?? false,
    window: typeof g.addEventListener === 'function' ? g : new EventTarget(),
    document: g.document ?? Object.assign(new EventTarget(), { visibilityState: 'visible' }),
    fetch: (...args) => g.fetch(...args),
    codecs: browserCodecs,
    connection: Reflect.get(g.navigator ?? {}, 'connection'),
    now: () => performance.now(),
    server: import.meta.url.endsWith(SERVED) ? import.meta.url.slice(0, -SERVED.length) : (g.location?.origin ?? ''),
    ...replaced,
  };
}

/**
 * @param {'audio' | 'video'} kind
 * @param {'send' | 'receive'} dir
 */
function browserCodecs(kind, dir) {
  const side = dir === 'send' ? globalThis.RTCRtpSender : globalThis.RTCRtpReceiver;
  return side?.getCapabilities?.(kind)?.codecs ?? [];
}
