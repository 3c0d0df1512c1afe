// "Your microphone is on, but silent": a live microphone always has a noise
// floor, so ten seconds of exact silence mean a hardware switch or a wrong
// device. Pure: levels and times in, a verdict out.

/** @typedef {{silentSince: number, silent: boolean}} SilentState */

/** How long nothing at all must be heard, milliseconds. */
export const SILENT_AFTER = 10_000;
/** Peaks at or below this are nothing at all (16-bit sound has steps of 3e-5). */
const FLOOR = 1e-4;

/** @type {Readonly<SilentState>} */
export const QUIET_START = Object.freeze({ silentSince: 0, silent: false });

/**
 * @param {Readonly<SilentState>} state
 * @param {{peak: number, now: number, listening: boolean}} sample listening is
 *   false while muted, while the page is hidden or the audio clock stands
 * @returns {SilentState}
 */
export function silentMic(state, { peak, now, listening }) {
  if (!listening || peak > FLOOR) return { silentSince: 0, silent: false };
  if (!state.silentSince) return { silentSince: now, silent: false };
  return { silentSince: state.silentSince, silent: now - state.silentSince >= SILENT_AFTER };
}
