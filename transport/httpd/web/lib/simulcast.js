// Which simulcast layers a camera is sent in, by its real size. Pure.
//
// Chromium sends fewer layers of small pictures: two below about 960 × 540,
// one below about 480 × 270, the first ones of those asked for. Asked for
// quarter, half and full it would so leave out the full picture of a camera of
// 640 × 480 and send 320 × 240 at best. Asked for half and full it sends both.

/** @typedef {{rid: string, active: boolean, scaleResolutionDownBy: number, maxBitrate: number}} CameraLayer */

/** Pixels from which three, and two, layers are sent. */
const THREE = 960 * 540;
const TWO = 480 * 270;

/** By number of layers, smallest first: [scale down by, bits per second]. @type {Record<1 | 2 | 3, [number, number][]>} */
const LADDERS = {
  3: [[4, 150_000], [2, 500_000], [1, 1_700_000]],
  2: [[2, 150_000], [1, 800_000]],
  1: [[1, 300_000]],
};
const RIDS = ['q', 'h', 'f'];

/**
 * The three layers, smallest first; those that a camera of this size has no
 * use for are not active.
 * @param {number} width   0 if unknown
 * @param {number} height
 * @returns {CameraLayer[]}
 */
export function cameraLayers(width, height) {
  const pixels = width * height;
  const ladder = LADDERS[!pixels || pixels >= THREE ? 3 : pixels >= TWO ? 2 : 1];
  return RIDS.map((rid, i) => {
    const [scaleResolutionDownBy, maxBitrate] = ladder[Math.min(i, ladder.length - 1)];
    return { rid, active: i < ladder.length, scaleResolutionDownBy, maxBitrate };
  });
}
