// What a failed getUserMedia or getDisplayMedia means for the person. Pure.
//
// Browsers agree on the names only roughly:
//   permission  NotAllowedError everywhere; SecurityError where a permissions
//               policy forbids it; PermissionDeniedError in old Chromium
//   system      Chromium says NotAllowedError "Permission denied by system";
//               the others can not be told from the browser's own refusal
//   missing     NotFoundError; OverconstrainedError when a chosen device is
//               unplugged; DevicesNotFoundError in old Chromium
//   in use      NotReadableError; AbortError in Firefox ("Starting videoinput
//               failed"); TrackStartError in old Chromium

/**
 * @typedef {'permission_denied' | 'system_denied' | 'not_found' | 'in_use' | 'other'
 *   | 'cancelled' | 'insecure_context' | 'unsupported'} MediaErrorCode
 */

/** @type {Record<string, MediaErrorCode>} */
const BY_NAME = {
  NotAllowedError: 'permission_denied',
  PermissionDeniedError: 'permission_denied',
  PermissionDismissedError: 'permission_denied',
  SecurityError: 'permission_denied',
  NotFoundError: 'not_found',
  DevicesNotFoundError: 'not_found',
  OverconstrainedError: 'not_found',
  ConstraintNotSatisfiedError: 'not_found',
  NotReadableError: 'in_use',
  TrackStartError: 'in_use',
  SourceUnavailableError: 'in_use',
  AbortError: 'in_use',
};

/**
 * Which case an exception of getUserMedia or getDisplayMedia is.
 * @param {unknown} error
 * @param {{display?: boolean}} [context] display: a screen was asked for, where
 *   closing the picker looks like a refusal
 * @returns {MediaErrorCode}
 */
export function mediaErrorCode(error, { display = false } = {}) {
  const { name = '', message = '' } = /** @type {{name?: string, message?: string}} */ (error ?? {});
  const code = BY_NAME[name] ?? 'other';
  if (code === 'permission_denied' && /\bsystem\b/i.test(message)) return 'system_denied';
  if (code === 'permission_denied' && display && name === 'NotAllowedError') return 'cancelled';
  if (display && name === 'AbortError') return 'cancelled';
  return code;
}

/**
 * Why capturing can not even be tried here, or null when it can.
 * @param {{secure: boolean, supported: boolean}} browser
 * @returns {MediaErrorCode | null}
 */
export function captureObstacle({ secure, supported }) {
  if (supported) return null;
  return secure ? 'unsupported' : 'insecure_context';
}
