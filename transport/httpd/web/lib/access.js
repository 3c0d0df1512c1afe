// When a device that could not be had is worth another try, and which help to
// show meanwhile. Pure.

/** @typedef {'permission_denied' | 'system_denied' | 'not_found' | 'in_use' | 'other'} Cause */
/** @typedef {'microphone' | 'camera' | 'both'} Which */

const CAUSES = new Set(['permission_denied', 'system_denied', 'not_found', 'in_use', 'other']);

/**
 * One of the five causes there are texts for.
 * @param {string} code of a ParleyError
 * @returns {Cause}
 */
export function causeOf(code) {
  return CAUSES.has(code) ? /** @type {Cause} */ (code) : 'other';
}

/**
 * Which helps to show: one for both devices when the cause is the same.
 * @param {{microphone?: string, camera?: string}} codes error codes, empty for none
 * @returns {{cause: Cause, which: Which}[]}
 */
export function problems({ microphone = '', camera = '' }) {
  if (microphone && camera && causeOf(microphone) === causeOf(camera)) return [{ cause: causeOf(microphone), which: 'both' }];
  /** @type {{cause: Cause, which: Which}[]} */
  const out = [];
  if (microphone) out.push({ cause: causeOf(microphone), which: 'microphone' });
  if (camera) out.push({ cause: causeOf(camera), which: 'camera' });
  return out;
}

/**
 * Whether something that just happened may have made the device available.
 * @param {Cause} cause
 * @param {'permission' | 'devices' | 'focus'} event
 * @param {{permission: string, present: boolean}} facts present: a device of
 *   the kind is listed now
 */
export function worthATry(cause, event, { permission, present }) {
  if (cause === 'permission_denied') return permission === 'granted';
  if (cause === 'not_found') return present && event !== 'permission';
  return permission !== 'denied' && event !== 'devices' ? true : present;
}

/**
 * Browser and system, for the steps that are worded apart.
 * @param {string} agent navigator.userAgent
 * @param {number} [touchPoints] navigator.maxTouchPoints; an iPad says it is a Mac
 * @returns {{browser: 'chromium' | 'firefox' | 'safari', system: 'mac' | 'windows' | 'android' | 'ios' | 'linux'}}
 */
export function platformOf(agent, touchPoints = 0) {
  const system = /android/i.test(agent)
    ? 'android'
    : /iphone|ipad|ipod/i.test(agent) || (/macintosh/i.test(agent) && touchPoints > 1)
      ? 'ios'
      : /macintosh/i.test(agent)
        ? 'mac'
        : /windows/i.test(agent)
          ? 'windows'
          : 'linux';
  const browser = /firefox|fxios/i.test(agent) ? 'firefox' : /chrom|crios|edg/i.test(agent) ? 'chromium' : /safari/i.test(agent) ? 'safari' : 'chromium';
  return { browser, system };
}

/**
 * The steps for a cause on a platform, as a message key, or '' when the text
 * says all.
 * @param {Cause} cause
 * @param {ReturnType<typeof platformOf>} platform
 * @returns {import('./i18n.js').Key | ''}
 */
export function stepsFor(cause, { browser, system }) {
  if (cause === 'system_denied') return `help.system.${system}`;
  if (cause !== 'permission_denied') return '';
  if (system === 'ios') return 'help.ios';
  if (system === 'android') return 'help.android';
  return `help.${browser}`;
}

/**
 * A link into the system's own settings, where there is one.
 * @param {Cause} cause
 * @param {ReturnType<typeof platformOf>} platform
 * @param {Which} which
 */
export function systemLink(cause, { system }, which) {
  if (cause !== 'system_denied') return '';
  const camera = which === 'camera';
  if (system === 'mac') return `x-apple.systempreferences:com.apple.preference.security?Privacy_${camera ? 'Camera' : 'Microphone'}`;
  if (system === 'windows') return `ms-settings:privacy-${camera ? 'webcam' : 'microphone'}`;
  return '';
}
