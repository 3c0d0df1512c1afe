// Which tile stands where, so that tiles do not jump. Who comes into a room
// finds the speaking first, then those with a camera; later new tiles go to the
// end, gone ones leave their place to those behind; and only when somebody who
// deserves to be seen is on another page, they swap with the one on this page
// who deserves it least.

/**
 * @typedef {object} Seat
 * @property {string} key stable: participant and source
 * @property {boolean} speaking
 * @property {number} spokeAt when last heard, 0 never
 * @property {boolean} video
 * @property {number} joinedAt
 */

/**
 * Keeps the order of those who were there and appends the new ones: who speaks
 * or spoke last first, then who has a camera, then by time of joining.
 * @param {readonly string[]} before
 * @param {readonly Seat[]} seats
 */
export function keepOrder(before, seats) {
  const now = new Map(seats.map((s) => [s.key, s]));
  const kept = before.filter((key) => now.has(key));
  const had = new Set(kept);
  const fresh = seats.filter((s) => !had.has(s.key)).sort(byWorth);
  return [...kept, ...fresh.map((s) => s.key)];
}

/** @param {Seat} a @param {Seat} b */
function byWorth(a, b) {
  return b.spokeAt - a.spokeAt || Number(b.video) - Number(a.video) || a.joinedAt - b.joinedAt || (a.key < b.key ? -1 : 1);
}

/**
 * Swaps speaking people from later pages onto the first one.
 * @param {readonly string[]} order
 * @param {readonly Seat[]} seats
 * @param {number} size tiles on the first page
 * @returns {string[]}
 */
export function promote(order, seats, size) {
  const of = new Map(seats.map((s) => [s.key, s]));
  const out = [...order];
  const hidden = out.slice(size).filter((key) => of.get(key)?.speaking);
  for (const key of hidden) {
    const victim = leastWorthy(out.slice(0, size), of);
    if (victim < 0) break;
    const at = out.indexOf(key);
    [out[victim], out[at]] = [out[at], out[victim]];
  }
  return out;
}

/**
 * The place on the page of the one heard longest ago; those with a camera are
 * spared while somebody without is there. Nobody who speaks now is taken.
 * @param {readonly string[]} page
 * @param {Map<string, Seat>} of
 */
function leastWorthy(page, of) {
  let at = -1;
  /** @type {Seat | null} */
  let worst = null;
  page.forEach((key, i) => {
    const seat = of.get(key);
    if (!seat || seat.speaking) return;
    if (!worst || less(seat, worst)) [worst, at] = [seat, i];
  });
  return at;
}

/** @param {Seat} a @param {Seat} b */
function less(a, b) {
  if (a.video !== b.video) return !a.video;
  if (a.spokeAt !== b.spokeAt) return a.spokeAt < b.spokeAt;
  return a.joinedAt > b.joinedAt;
}

/**
 * Who stands large in speaker view: stays until another has been the loudest
 * for holdMs, so that a cough does not switch the picture.
 * @param {{key: string, candidate: string, since: number}} state
 * @param {string | undefined} loudest key of who is loudest now
 * @param {number} now
 * @param {number} [holdMs]
 */
export function followSpeaker(state, loudest, now, holdMs = 1200) {
  if (!loudest || loudest === state.key) return { ...state, candidate: '', since: 0 };
  if (!state.key) return { key: loudest, candidate: '', since: 0 };
  if (state.candidate !== loudest) return { ...state, candidate: loudest, since: now };
  if (now - state.since >= holdMs) return { key: loudest, candidate: '', since: 0 };
  return state;
}
