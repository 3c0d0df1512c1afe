// Where tiles go. Pure: sizes in, rectangles out, all in CSS pixels.
//
// The grid is found by search: every column count is tried and the one with
// the largest tiles wins. For a fixed column count a larger window never makes
// a tile smaller, so neither does the best of them.

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{tiles: Rect[], columns: number, rows: number}} Grid */

/** The most tiles on one page. */
export const MAX_PAGE = 25;
const WIDE = 16 / 9;

/**
 * Space between tiles: 8 px up to 800 px of width, 12 px from 1200 px on, and
 * in between a ramp, so that no single pixel makes a step.
 * @param {number} width
 */
export function gapFor(width) {
  return Math.min(12, Math.max(8, 8 + (width - 800) / 100));
}

/**
 * The shapes a tile may have: 4:3 … 16:9, on upright screens from 3:4; there a
 * single one fills what a phone has.
 * @param {number} width
 * @param {number} height
 * @param {number} count
 */
export function aspectRange(width, height, count) {
  if (height <= width) return { min: 4 / 3, max: WIDE };
  return { min: count === 1 ? 9 / 20 : 3 / 4, max: WIDE };
}

/**
 * The largest tile of an allowed shape in a cell.
 * @param {number} w
 * @param {number} h
 * @param {{min: number, max: number}} aspect
 */
export function fit(w, h, aspect) {
  if (w <= 0 || h <= 0) return { width: 0, height: 0 };
  if (w / h > aspect.max) return { width: h * aspect.max, height: h };
  if (w / h < aspect.min) return { width: w, height: w / aspect.min };
  return { width: w, height: h };
}

/**
 * Places count equal tiles. The last row is centred.
 * @param {{width: number, height: number, count: number, gap?: number, aspect?: {min: number, max: number}}} box
 * @returns {Grid}
 */
export function grid({ width, height, count, gap = gapFor(width), aspect = aspectRange(width, height, count) }) {
  if (count <= 0) return { tiles: [], columns: 0, rows: 0 };
  let best = { area: -1, empty: Infinity, columns: 1, rows: count, tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tile = fit((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows, aspect);
    const found = { area: tile.width * tile.height, empty: rows * columns - count, columns, rows, tile };
    if (better(found, best)) best = found;
  }
  return { ...place(best, { width, height, count, gap }), columns: best.columns, rows: best.rows };
}

/**
 * Larger tiles first; then fewer empty cells; then fewer rows.
 * @param {{area: number, empty: number, rows: number}} a
 * @param {{area: number, empty: number, rows: number}} b
 */
function better(a, b) {
  if (Math.abs(a.area - b.area) > 1e-6) return a.area > b.area;
  if (a.empty !== b.empty) return a.empty < b.empty;
  return a.rows < b.rows;
}

/**
 * @param {{columns: number, rows: number, tile: {width: number, height: number}}} found
 * @param {{width: number, height: number, count: number, gap: number}} box
 */
function place({ columns, rows, tile }, { width, height, count, gap }) {
  const top = (height - rows * tile.height - gap * (rows - 1)) / 2;
  /** @type {Rect[]} */
  const tiles = [];
  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (width - inRow * tile.width - gap * (inRow - 1)) / 2;
    const x = left + (i - row * columns) * (tile.width + gap);
    tiles.push({ x, y: top + row * (tile.height + gap), ...tile });
  }
  return { tiles };
}

/**
 * How many tiles one page holds so that none is smaller than a face needs.
 * @param {number} width
 * @param {number} height
 */
export function pageSize(width, height) {
  const upright = height > width;
  const minWidth = upright ? 132 : 168;
  const minHeight = upright ? 116 : 104;
  const gap = gapFor(width);
  const columns = Math.max(1, Math.floor((width + gap) / (minWidth + gap)));
  const rows = Math.max(1, Math.floor((height + gap) / (minHeight + gap)));
  return Math.max(1, Math.min(MAX_PAGE, columns * rows));
}

/**
 * One page of a list.
 * @template T
 * @param {readonly T[]} items
 * @param {number} size
 * @param {number} page from 0; too large means the last
 */
export function paginate(items, size, page) {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { items: items.slice(at * size, (at + 1) * size), page: at, pages };
}

/**
 * Speaker view: the mains share most of the room, the others stand in a strip,
 * to the right where there is width, else below. Shared screens lie across the
 * top of a phone; the others then have all that is below.
 * @param {{width: number, height: number, mains: number, others: number, anyShape?: boolean, lying?: boolean}} box
 *   anyShape lets the mains fill their place (shared screens are letterboxed
 *   within); lying: they are shared screens
 * @returns {{mains: Rect[], others: Rect[], stripSize: number}} stripSize says
 *   how many of the others fit; others has at most that many rectangles
 */
export function speaker({ width, height, mains, others, anyShape = false, lying = false }) {
  const gap = gapFor(width);
  const side = width > height * 1.15;
  if (others === 0) return { mains: mainRects({ x: 0, y: 0, width, height }, mains, gap, anyShape), others: [], stripSize: 0 };
  if (lying && height > width * 1.3) return withGrid();
  return side ? withColumn() : withRow();

  function withColumn() {
    const stripWidth = Math.round(Math.min(260, Math.max(140, width * 0.2)));
    const tile = { width: stripWidth, height: Math.round(stripWidth / WIDE) };
    const stripSize = Math.max(1, Math.floor((height + gap) / (tile.height + gap)));
    const shown = Math.min(stripSize, others);
    const top = (height - shown * tile.height - gap * (shown - 1)) / 2;
    const rects = Array.from({ length: shown }, (_, i) => ({ x: width - stripWidth, y: top + i * (tile.height + gap), ...tile }));
    const box = { x: 0, y: 0, width: width - stripWidth - gap, height };
    return { mains: mainRects(box, mains, gap, anyShape), others: rects, stripSize };
  }

  function withRow() {
    const stripHeight = Math.round(Math.min(150, Math.max(84, height * 0.18)));
    const tile = { width: Math.round(stripHeight * 1.25), height: stripHeight };
    const stripSize = Math.max(1, Math.floor((width + gap) / (tile.width + gap)));
    const shown = Math.min(stripSize, others);
    const left = (width - shown * tile.width - gap * (shown - 1)) / 2;
    const rects = Array.from({ length: shown }, (_, i) => ({ x: left + i * (tile.width + gap), y: height - stripHeight, ...tile }));
    const box = { x: 0, y: 0, width, height: height - stripHeight - gap };
    return { mains: mainRects(box, mains, gap, anyShape), others: rects, stripSize };
  }

  function withGrid() {
    const top = Math.round(Math.min(height * 0.6, (mains * width) / 1.6));
    const below = { width, height: height - top - gap };
    const stripSize = pageSize(below.width, below.height);
    const { tiles } = grid({ ...below, count: Math.min(stripSize, others), gap });
    return { mains: mainRects({ x: 0, y: 0, width, height: top }, mains, gap, anyShape), others: tiles.map((t) => ({ ...t, y: t.y + top + gap })), stripSize };
  }
}

/**
 * @param {Rect} box
 * @param {number} count
 * @param {number} gap
 * @param {boolean} anyShape
 */
function mainRects(box, count, gap, anyShape) {
  const { width, height } = box;
  if (anyShape && count === 1) return [{ ...box }];
  const { tiles } = grid({ width, height, count, gap });
  return tiles.map((t) => ({ ...t, x: t.x + box.x, y: t.y + box.y }));
}

/**
 * A floating self-view in its corner.
 * @param {{width: number, height: number, corner: 'tl' | 'tr' | 'bl' | 'br'}} box
 * @returns {Rect}
 */
export function floating({ width, height, corner }) {
  const upright = height > width;
  const w = Math.round(upright ? Math.min(120, width * 0.3) : Math.min(260, Math.max(140, width * 0.18)));
  const tall = Math.round(upright ? (w * 4) / 3 : w / WIDE);
  const margin = 12;
  return {
    x: corner.endsWith('l') ? margin : Math.max(margin, width - w - margin),
    y: corner.startsWith('t') ? margin : Math.max(margin, height - tall - margin),
    width: w,
    height: tall,
  };
}

/**
 * The corner nearest to a point, for a drag that ends there.
 * @param {number} x @param {number} y @param {number} width @param {number} height
 * @returns {'tl' | 'tr' | 'bl' | 'br'}
 */
export function nearestCorner(x, y, width, height) {
  if (y < height / 2) return x < width / 2 ? 'tl' : 'tr';
  return x < width / 2 ? 'bl' : 'br';
}

/**
 * A tile's size as the server wants it: device pixels, rounded up to steps of
 * 16 so that a window being dragged does not send a message per pixel.
 * @param {number} css @param {number} ratio
 */
export function devicePixels(css, ratio) {
  return Math.min(8192, Math.ceil((css * ratio) / 16) * 16);
}
