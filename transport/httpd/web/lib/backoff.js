// When to try again after a connection was lost. Pure: time and chance come
// in as arguments.

/** Waiting times before the first attempts, in milliseconds. */
const FIRST_DELAYS = [0, 300, 1_200, 2_700, 4_800];
/** Waiting time before every later attempt. */
const LATER_DELAY = 7_000;
/** How many later attempts there are at least. */
const LATER_ATTEMPTS = 5;
/** Attempts go on at least this long, however quickly each one fails. */
const MIN_TOTAL = 60_000;
/** Up to this much is added at random, so that clients do not come back in step. */
const JITTER = 1_000;

/**
 * How long to wait before attempt number `attempt`, or null to give up.
 * The first two attempts follow at once and without jitter: most losses are
 * a changed network, and one client alone is no herd.
 * @param {number} attempt    0 for the first
 * @param {number} elapsedMs  since the loss
 * @param {() => number} random  0 ≤ x < 1
 * @returns {number | null} milliseconds
 */
export function backoff(attempt, elapsedMs, random) {
  const planned = FIRST_DELAYS.length + LATER_ATTEMPTS;
  if (attempt >= planned && elapsedMs >= MIN_TOTAL) return null;
  const delay = FIRST_DELAYS[attempt] ?? LATER_DELAY;
  return attempt < 2 ? delay : delay + Math.floor(random() * JITTER);
}
