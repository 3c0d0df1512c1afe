// Where notes in a corner stand so that they hide nothing that must be read.

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */

/** Pixels that stay free between a note and what it keeps clear of. */
const GAP = 8;

/**
 * How far a box must be lifted to lie over none of the others; 0 when that
 * would be more than half the way up: there it would hide what matters more.
 * @param {Box} box
 * @param {readonly Box[]} others
 */
export function liftOver(box, others) {
  const below = others.filter((o) => o.right > box.left && o.left < box.right).sort((a, b) => b.bottom - a.bottom);
  let lift = 0;
  for (const o of below) {
    if (o.bottom > box.top - lift && o.top < box.bottom - lift) lift = box.bottom - o.top + GAP;
  }
  return lift > box.top / 2 ? 0 : lift;
}
