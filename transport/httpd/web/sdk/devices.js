// Devices before and outside a meeting.
import { cameraConstraints, captureDevice, hint, microphoneConstraints } from './capture.js';
import { mediaError } from './errors.js';
import { listen } from './events.js';
import { browserPlatform } from './platform.js';

/** @typedef {import('./index.js').DeviceKind} DeviceKind */
/** @typedef {import('./index.js').Device} Device */

/** The devices now present. */
export async function list() {
  /** @type {Record<DeviceKind, Device[]>} */
  const found = { audioinput: [], videoinput: [], audiooutput: [] };
  const all = (await browserPlatform().mediaDevices?.enumerateDevices?.()) ?? [];
  for (const { deviceId: id, kind, label, groupId } of all) {
    // Before the first permission browsers list one device without an id.
    if (id) found[kind]?.push({ id, kind, label, groupId });
  }
  return found;
}

/**
 * @param {() => void} fn
 * @param {{signal?: AbortSignal}} [options]
 */
export function onChange(fn, options) {
  const { mediaDevices } = browserPlatform();
  return mediaDevices ? listen(mediaDevices, 'devicechange', fn, options) : () => {};
}

/**
 * @param {'microphone' | 'camera'} kind
 * @returns {Promise<'granted' | 'denied' | 'prompt' | 'unknown'>}
 */
export async function permission(kind) {
  return (await permissionStatus(kind))?.state ?? 'unknown';
}

/**
 * @param {'microphone' | 'camera'} kind
 * @param {(state: 'granted' | 'denied' | 'prompt') => void} fn
 * @param {{signal?: AbortSignal}} [options]
 */
export function onPermissionChange(kind, fn, { signal } = {}) {
  const end = new AbortController();
  void permissionStatus(kind).then((status) => {
    if (!status || end.signal.aborted || signal?.aborted) return;
    const signals = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
    status.addEventListener('change', () => fn(status.state), { signal: signals });
  });
  return () => end.abort();
}

/** @param {'microphone' | 'camera'} kind */
async function permissionStatus(kind) {
  try {
    return await globalThis.navigator?.permissions?.query({ name: /** @type {PermissionName} */ (kind) });
  } catch {
    return undefined; // this browser does not tell
  }
}

/**
 * Opens microphone and camera with one prompt.
 * @param {Parameters<typeof import('./index.js').devices.open>[0]} wanted
 * @returns {Promise<import('./index.js').OpenedTracks>}
 */
export async function open({ audio = false, video = false }) {
  const options = audio === true ? {} : audio || undefined;
  const opened = await openTracks(options && microphoneConstraints(options), video && cameraConstraints(video === true ? {} : video));
  hint(opened.microphone, options);
  return opened;
}

/**
 * @param {MediaTrackConstraints | undefined} mic
 * @param {MediaTrackConstraints | false} cam
 */
async function openTracks(mic, cam) {
  if (mic && cam) {
    const both = await openBoth(mic, cam);
    if (both) return both;
  }
  /** @type {import('./index.js').OpenedTracks} */
  const opened = { errors: {} };
  if (mic) await openOne(opened, 'microphone', mic);
  if (cam) await openOne(opened, 'camera', cam);
  return opened;
}

/**
 * Null when not both can be had together: then each is tried alone.
 * @param {MediaTrackConstraints} audio
 * @param {MediaTrackConstraints} video
 * @returns {Promise<import('./index.js').OpenedTracks | null>}
 */
async function openBoth(audio, video) {
  try {
    const stream = await browserPlatform().mediaDevices?.getUserMedia({ audio, video });
    if (!stream) return null;
    return { microphone: stream.getAudioTracks()[0], camera: stream.getVideoTracks()[0], errors: {} };
  } catch (error) {
    const microphone = mediaError(error, 'microphone');
    if (microphone.code !== 'permission_denied' || !(await justDismissed())) return null;
    return { errors: { microphone, camera: mediaError(error, 'camera') } };
  }
}

/** The person has waved the prompt away: asking again at once would be rude. */
async function justDismissed() {
  const states = await Promise.all([permission('microphone'), permission('camera')]);
  return states.every((state) => state === 'prompt');
}

/**
 * @param {import('./index.js').OpenedTracks} opened
 * @param {'microphone' | 'camera'} source
 * @param {MediaTrackConstraints} constraints
 */
async function openOne(opened, source, constraints) {
  try {
    opened[source] = await captureDevice(browserPlatform(), source, constraints);
  } catch (error) {
    opened.errors[source] = mediaError(error, source);
  }
}

/** Whether an output device can be chosen. */
export function canChooseOutput() {
  return typeof globalThis.HTMLMediaElement?.prototype.setSinkId === 'function';
}

/** What this browser can do. */
export function support() {
  const p = browserPlatform();
  const needs = { WebSocket: p.WebSocket, RTCPeerConnection: p.RTCPeerConnection, MediaStream: p.MediaStream };
  const missing = Object.entries(needs).filter(([, it]) => typeof it !== 'function').map(([name]) => name);
  return {
    secure: p.secure,
    capture: typeof p.mediaDevices?.getUserMedia === 'function',
    screen: typeof p.mediaDevices?.getDisplayMedia === 'function',
    webrtc: typeof p.RTCPeerConnection === 'function',
    missing,
  };
}
