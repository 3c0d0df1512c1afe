// Properties of the tile layout, over many sizes and counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PAGE, aspectRange, devicePixels, floating, gapFor, grid, nearestCorner, pageSize, paginate, speaker } from '../../../../transport/httpd/web/lib/layout.js';

const SLACK = 1e-6;

/** Numbers that are always the same. @param {number} seed */
function* numbers(seed) {
  let x = seed;
  for (;;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield x / 2 ** 32;
  }
}

/** @param {number} n */
function* boxes(n) {
  const r = numbers(7);
  const next = () => /** @type {number} */ (r.next().value);
  for (let i = 0; i < n; i++) {
    yield { width: 200 + Math.floor(next() * 2400), height: 160 + Math.floor(next() * 1600), count: 1 + Math.floor(next() * MAX_PAGE) };
  }
}

/** @param {import('../../../../transport/httpd/web/lib/layout.js').Rect[]} rects @param {{width: number, height: number}} box @param {string} what */
function insideAndApart(rects, box, what) {
  for (const [i, r] of rects.entries()) {
    assert.ok(r.width > 0 && r.height > 0, `${what}: tile ${i} has an area`);
    assert.ok(r.x >= -SLACK && r.y >= -SLACK && r.x + r.width <= box.width + SLACK && r.y + r.height <= box.height + SLACK, `${what}: tile ${i} is inside`);
    for (const [j, s] of rects.entries()) {
      if (j <= i) continue;
      const apart = r.x + r.width <= s.x + SLACK || s.x + s.width <= r.x + SLACK || r.y + r.height <= s.y + SLACK || s.y + s.height <= r.y + SLACK;
      assert.ok(apart, `${what}: tiles ${i} and ${j} overlap`);
    }
  }
}

test('grid tiles are inside, apart, equal and of an allowed shape', () => {
  for (const box of boxes(1500)) {
    const what = JSON.stringify(box);
    const { tiles, columns, rows } = grid(box);
    assert.equal(tiles.length, box.count, what);
    assert.ok(columns * rows >= box.count && (columns - 1) * rows < box.count + rows, what);
    insideAndApart(tiles, box, what);
    const { min, max } = aspectRange(box.width, box.height, box.count);
    for (const t of tiles) {
      const aspect = t.width / t.height;
      assert.ok(aspect >= min - SLACK && aspect <= max + SLACK, `${what}: aspect ${aspect}`);
      assert.ok(Math.abs(t.width - tiles[0].width) < SLACK && Math.abs(t.height - tiles[0].height) < SLACK, `${what}: equal`);
    }
  }
});

// With the gap held: it grows by up to 4 px with the width, which costs as much.
test('tiles never shrink when the window grows while it keeps its orientation', () => {
  const r = numbers(11);
  for (const box of boxes(1500)) {
    const more = { ...box, width: box.width + Math.floor(/** @type {number} */ (r.next().value) * 300) };
    if (box.height > box.width !== more.height > more.width) continue;
    const area = (/** @type {typeof box} */ b) => grid({ ...b, gap: 10 }).tiles[0].width * grid({ ...b, gap: 10 }).tiles[0].height;
    assert.ok(area(more) >= area(box) - 1e-3, `${JSON.stringify(box)} → ${more.width}`);
    const taller = { ...box, height: box.height + 40 };
    if (box.height > box.width === taller.height > taller.width) assert.ok(area(taller) >= area(box) - 1e-3, `${JSON.stringify(box)} taller`);
  }
});

test('no other column count gives larger tiles', () => {
  for (const box of boxes(300)) {
    const { tiles } = grid(box);
    const gap = gapFor(box.width);
    const { min, max } = aspectRange(box.width, box.height, box.count);
    for (let columns = 1; columns <= box.count; columns++) {
      const rows = Math.ceil(box.count / columns);
      let w = (box.width - gap * (columns - 1)) / columns;
      let h = (box.height - gap * (rows - 1)) / rows;
      if (w <= 0 || h <= 0) continue;
      if (w / h > max) w = h * max;
      if (w / h < min) h = w / min;
      assert.ok(tiles[0].width * tiles[0].height >= w * h - 1e-3, `${JSON.stringify(box)} with ${columns} columns`);
    }
  }
});

test('the last row is centred', () => {
  const { tiles } = grid({ width: 1200, height: 800, count: 5 });
  const last = tiles.filter((t) => t.y === tiles[4].y);
  const left = last[0].x;
  const right = 1200 - (last[last.length - 1].x + last[0].width);
  assert.ok(Math.abs(left - right) < SLACK);
});

test('the same input gives the same layout', () => {
  for (const box of boxes(50)) assert.deepEqual(grid(box), grid(box));
});

test('an empty grid is empty', () => {
  assert.deepEqual(grid({ width: 800, height: 600, count: 0 }), { tiles: [], columns: 0, rows: 0 });
});

test('the gap is 8 below 800, 12 above 1200 and a ramp between', () => {
  assert.deepEqual([400, 800, 1000, 1200, 4000].map(gapFor), [8, 8, 10, 12, 12]);
});

test('speaker view keeps everything inside and apart', () => {
  for (const box of boxes(600)) {
    const others = box.count - 1;
    const mains = 1 + (box.count % 2);
    const found = speaker({ ...box, mains, others, anyShape: box.count % 3 === 0, lying: box.count % 5 === 0 });
    const what = JSON.stringify(box);
    assert.equal(found.mains.length, mains, what);
    assert.ok(found.others.length <= Math.min(others, found.stripSize || others), what);
    assert.ok(others === 0 || found.others.length > 0, what);
    if (box.width < 400 || box.height < 300) continue; // the strip has a least size
    insideAndApart([...found.mains, ...found.others], box, what);
  }
});

test('a lone shared screen gets the whole stage', () => {
  assert.deepEqual(speaker({ width: 1000, height: 700, mains: 1, others: 0, anyShape: true }).mains, [{ x: 0, y: 0, width: 1000, height: 700 }]);
});

test('on a phone a single tile leaves no empty band', () => {
  for (const [width, height] of [[374, 722], [344, 520], [396, 780]]) {
    const [tile] = grid({ width, height, count: 1 }).tiles;
    assert.deepEqual({ ...tile }, { x: 0, y: 0, width, height });
  }
});

test('on a phone a shared screen lies across the top and faces have all that is below', () => {
  const { mains, others } = speaker({ width: 374, height: 722, mains: 1, others: 4, anyShape: true, lying: true });
  assert.ok(mains[0].width === 374 && mains[0].height < 260);
  const low = Math.max(...others.map((t) => t.y + t.height));
  assert.equal(others.length, 4);
  assert.ok(low > 700 && others.every((t) => t.y > mains[0].height && t.height > 150), JSON.stringify(others));
});

test('pages hold 1 … 25 tiles and turn within bounds', () => {
  assert.equal(pageSize(100, 80), 1);
  assert.equal(pageSize(3000, 2000), MAX_PAGE);
  const items = Array.from({ length: 12 }, (_, i) => i);
  assert.deepEqual(paginate(items, 5, 2), { items: [10, 11], page: 2, pages: 3 });
  assert.equal(paginate(items, 5, 99).page, 2);
  assert.equal(paginate(items, 5, -1).page, 0);
  assert.deepEqual(paginate([], 5, 0), { items: [], page: 0, pages: 1 });
});

test('a floating self-view stays inside, in its corner', () => {
  for (const corner of /** @type {const} */ (['tl', 'tr', 'bl', 'br'])) {
    for (const { width, height } of boxes(100)) {
      if (width < 320 || height < 320) continue;
      const r = floating({ width, height, corner });
      insideAndApart([r], { width: width + 24, height: height + 24 }, corner);
      assert.equal(nearestCorner(r.x + r.width / 2, r.y + r.height / 2, width, height), corner);
    }
  }
});

test('sizes told to the server are whole steps of device pixels', () => {
  assert.equal(devicePixels(100, 1), 112);
  assert.equal(devicePixels(100, 2), 208);
  assert.equal(devicePixels(0, 2), 0);
  assert.equal(devicePixels(9999, 2), 8192);
});
