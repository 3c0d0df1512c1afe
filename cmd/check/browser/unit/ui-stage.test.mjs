// Who stands where: plans, stable order, following the speaker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mainsOf, plan, selfPlace } from '../../../../transport/httpd/web/lib/stage-plan.js';
import { followSpeaker, keepOrder, promote } from '../../../../transport/httpd/web/lib/tile-order.js';

/** @type {import('../../../../transport/httpd/web/lib/stage-plan.js').Scene} */
const SCENE = { width: 1280, height: 700, cameras: ['b/camera', 'c/camera', 'd/camera'], screens: [], self: 'a/camera', selfView: 'auto', corner: 'br', layout: 'auto', pins: [], speaker: '', page: 0 };

/** @param {Partial<typeof SCENE>} change */
const keys = (change) => plan({ ...SCENE, ...change }).placed.map((p) => `${p.key} ${p.role}`);

test('oneself is a tile among several, small with one, large when alone', () => {
  assert.deepEqual(keys({}), ['a/camera small', 'b/camera small', 'c/camera small', 'd/camera small']);
  assert.deepEqual(keys({ cameras: ['b/camera'] }), ['b/camera small', 'a/camera float']);
  assert.deepEqual(keys({ cameras: [] }), ['a/camera small']);
  assert.deepEqual(keys({ selfView: 'hidden' }), ['b/camera small', 'c/camera small', 'd/camera small']);
  assert.equal(selfPlace({ ...SCENE, selfView: 'float' }), 'float');
});

test('oneself in a corner is in that of the picture, not of the bands beside it', () => {
  for (const corner of /** @type {const} */ (['br', 'tl'])) {
    const [{ rect: large }, { rect: small }] = plan({ ...SCENE, cameras: ['b/camera'], corner }).placed;
    assert.ok(large.x > 0, 'there are bands');
    assert.ok(small.x >= large.x + 12 && small.x + small.width <= large.x + large.width - 12, JSON.stringify({ large, small }));
  }
});

test('a shared screen comes first, a pin before it', () => {
  assert.deepEqual(mainsOf({ ...SCENE, screens: ['b/screen'] }), ['b/screen']);
  assert.deepEqual(mainsOf({ ...SCENE, screens: ['b/screen'], pins: ['c/camera'] }), ['c/camera']);
  assert.deepEqual(mainsOf({ ...SCENE, screens: ['b/screen'], layout: 'grid' }), []);
  assert.deepEqual(keys({ screens: ['b/screen'] })[0], 'b/screen main');
});

test('speaker view shows who speaks, or the first', () => {
  assert.deepEqual(mainsOf({ ...SCENE, layout: 'speaker', speaker: 'c/camera' }), ['c/camera']);
  assert.deepEqual(mainsOf({ ...SCENE, layout: 'speaker', speaker: 'gone/camera' }), ['b/camera']);
  assert.deepEqual(mainsOf({ ...SCENE, layout: 'speaker', cameras: [] }), []);
});

test('nobody is shown twice, and every page together shows everybody', () => {
  const cameras = Array.from({ length: 61 }, (_, i) => `p${i}/camera`);
  for (const layout of /** @type {const} */ (['grid', 'speaker'])) {
    const seen = new Set();
    const { pages } = plan({ ...SCENE, cameras, layout });
    assert.ok(pages > 1);
    for (let page = 0; page < pages; page++) {
      const { placed } = plan({ ...SCENE, cameras, layout, page });
      assert.equal(new Set(placed.map((p) => p.key)).size, placed.length);
      for (const p of placed) seen.add(p.key);
    }
    assert.equal(seen.size, 62, layout);
  }
});

test('the page control covers no tile', () => {
  const cameras = Array.from({ length: 40 }, (_, i) => `p${i}/camera`);
  for (const layout of /** @type {const} */ (['grid', 'speaker'])) {
    for (const { rect } of plan({ ...SCENE, cameras, layout }).placed) assert.ok(rect.y + rect.height <= SCENE.height - 48, layout);
  }
});

/** @param {string} key @param {Partial<import('../../../../transport/httpd/web/lib/tile-order.js').Seat>} [more] */
const seat = (key, more = {}) => ({ key, speaking: false, spokeAt: 0, video: true, joinedAt: 0, ...more });

test('tiles keep their places; new ones come last by time of joining', () => {
  const seats = [seat('x', { joinedAt: 9 }), seat('b'), seat('w', { joinedAt: 5 }), seat('a')];
  assert.deepEqual(keepOrder(['a', 'gone', 'b'], seats), ['a', 'b', 'w', 'x']);
});

test('who comes in sees the speaking first, then cameras, then who was there first', () => {
  const seats = [seat('silent', { video: false }), seat('late', { joinedAt: 9 }), seat('early', { joinedAt: 1 }), seat('spoke', { spokeAt: 5, video: false }), seat('speaks', { speaking: true, spokeAt: 1e15 })];
  assert.deepEqual(keepOrder([], seats), ['speaks', 'spoke', 'early', 'late', 'silent']);
  assert.deepEqual(keepOrder(['silent', 'late', 'early', 'spoke', 'speaks'], seats), ['silent', 'late', 'early', 'spoke', 'speaks'], 'who stands stays');
});

test('a hidden speaker swaps with the one heard longest ago, nobody else moves', () => {
  const seats = [seat('a', { spokeAt: 50 }), seat('b', { spokeAt: 10 }), seat('c', { speaking: true }), seat('d'), seat('e', { speaking: true })];
  assert.deepEqual(promote(['a', 'b', 'c', 'd', 'e'], seats, 3), ['a', 'e', 'c', 'd', 'b']);
});

test('those without a camera give way first, and speakers never do', () => {
  const seats = [seat('a', { video: false, spokeAt: 99 }), seat('b'), seat('c', { speaking: true })];
  assert.deepEqual(promote(['a', 'b', 'c'], seats, 2), ['c', 'b', 'a']);
  const all = [seat('a', { speaking: true }), seat('b', { speaking: true }), seat('c', { speaking: true })];
  assert.deepEqual(promote(['a', 'b', 'c'], all, 2), ['a', 'b', 'c']);
});

test('a visible speaker changes nothing', () => {
  const seats = [seat('a'), seat('b', { speaking: true }), seat('c')];
  assert.deepEqual(promote(['a', 'b', 'c'], seats, 2), ['a', 'b', 'c']);
});

test('the large picture follows a speaker only after a while', () => {
  let state = followSpeaker({ key: '', candidate: '', since: 0 }, 'a', 0);
  assert.equal(state.key, 'a');
  state = followSpeaker(state, 'b', 1000);
  assert.equal(state.key, 'a');
  assert.equal(followSpeaker(state, 'a', 1500).candidate, '', 'a cough is forgotten');
  assert.equal(followSpeaker(state, 'b', 2100).key, 'a');
  assert.equal(followSpeaker(state, 'b', 2300).key, 'b');
  assert.equal(followSpeaker(state, undefined, 9000).key, 'a', 'silence keeps the picture');
});
