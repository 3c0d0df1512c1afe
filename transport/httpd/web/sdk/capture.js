// Getting tracks from devices and screens; every failure is a ParleyError.
import { captureObstacle } from '../lib/media-errors.js';
import { ParleyError, mediaError } from './errors.js';

/** @typedef {import('./index.js').MicrophoneOptions} MicrophoneOptions */
/** @typedef {import('./index.js').CameraOptions} CameraOptions */
/** @typedef {import('./platform.js').Platform} Platform */

/** Sound as it is: what makes speech clearer would spoil music. */
const UNPROCESSED = Object.freeze({ echoCancellation: false, noiseSuppression: false, autoGainControl: false });

/**
 * @param {MicrophoneOptions & {exact?: boolean}} [options]  exact: this device
 *   or none; otherwise a chosen device that is gone gives way to the default
 * @returns {MediaTrackConstraints}
 */
export function microphoneConstraints({ deviceId, exact, music, echoCancellation = true, noiseSuppression = true, autoGainControl = true, voiceIsolation } = {}) {
  /** @type {MediaTrackConstraints & {voiceIsolation?: boolean}} */
  const wanted = music ? { ...UNPROCESSED } : { echoCancellation, noiseSuppression, autoGainControl };
  if (voiceIsolation !== undefined) wanted.voiceIsolation = voiceIsolation && !music;
  return { ...wanted, ...device(deviceId, exact) };
}

/**
 * Marks a microphone's track as what it carries: it is sent accordingly.
 * @param {MediaStreamTrack | undefined} track
 * @param {MicrophoneOptions} [options]
 */
export function hint(track, { music = false } = {}) {
  if (track) track.contentHint = music ? 'music' : '';
}

/**
 * @param {CameraOptions & {exact?: boolean}} [options]
 * @returns {MediaTrackConstraints}
 */
export function cameraConstraints({ deviceId, exact, facingMode, width = 1280, height = 720, frameRate = 30, backgroundBlur } = {}) {
  /** @type {MediaTrackConstraints & {backgroundBlur?: boolean}} */
  const wanted = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate, max: frameRate }, ...device(deviceId, exact) };
  if (facingMode) wanted.facingMode = exact ? { exact: facingMode } : { ideal: facingMode };
  if (backgroundBlur !== undefined) wanted.backgroundBlur = backgroundBlur;
  return wanted;
}

/**
 * @param {string | undefined} id
 * @param {boolean | undefined} exact
 */
function device(id, exact) {
  if (!id) return {};
  return { deviceId: exact ? { exact: id } : { ideal: id } };
}

/**
 * @param {Platform} platform
 * @param {'microphone' | 'camera'} source
 * @param {MediaTrackConstraints} constraints
 */
export async function captureDevice(platform, source, constraints) {
  const media = mediaDevices(platform, 'getUserMedia', source);
  try {
    const stream = await media.getUserMedia(source === 'microphone' ? { audio: constraints } : { video: constraints });
    return stream.getTracks()[0];
  } catch (error) {
    throw mediaError(error, source);
  }
}

/**
 * @param {Platform} platform
 * @param {import('./index.js').ScreenOptions} options
 */
export async function captureScreen(platform, { audio = true, contentHint = 'detail' }) {
  const media = mediaDevices(platform, 'getDisplayMedia', 'screen');
  try {
    const stream = await media.getDisplayMedia(screenConstraints(audio));
    const [screen] = stream.getVideoTracks();
    screen.contentHint = contentHint;
    return { screen, screenAudio: stream.getAudioTracks()[0] };
  } catch (error) {
    throw mediaError(error, 'screen');
  }
}

/**
 * The hints beyond `video` and `audio` are Chromium's; others ignore them.
 * @param {boolean} audio
 * @returns {DisplayMediaStreamOptions}
 */
function screenConstraints(audio) {
  const hints = { systemAudio: audio ? 'include' : 'exclude', selfBrowserSurface: 'exclude', surfaceSwitching: 'include' };
  return { video: { frameRate: { max: 30 } }, audio: audio ? UNPROCESSED : false, ...hints };
}

/**
 * @param {Platform} platform
 * @param {'getUserMedia' | 'getDisplayMedia'} method
 * @param {'microphone' | 'camera' | 'screen'} source
 * @returns {MediaDevices}
 */
function mediaDevices({ mediaDevices: media, secure }, method, source) {
  const obstacle = captureObstacle({ secure, supported: typeof media?.[method] === 'function' });
  if (!media || obstacle) throw new ParleyError(obstacle ?? 'unsupported', { source });
  return media;
}
