// What a tab keeps of an interrupted meeting: given once, soon, for its room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepStay, takeStay } from '../../../../transport/httpd/web/lib/stay.js';

/** @returns {any} */
function storage() {
  const map = new Map();
  return { map, getItem: (/** @type {string} */ k) => map.get(k) ?? null, setItem: (/** @type {string} */ k, /** @type {string} */ v) => map.set(k, v), removeItem: (/** @type {string} */ k) => map.delete(k) };
}

const STAY = { room: 'tea', name: 'Ann', mic: false, cam: true, mine: ['a', 'b'], began: 5 };

test('a stay comes back as it was, once', () => {
  const s = storage();
  keepStay(() => s, STAY, 1_000);
  assert.deepEqual(takeStay(() => s, 'tea', 2_000), STAY);
  assert.equal(takeStay(() => s, 'tea', 2_000), null);
});

test('not into another room, and not after two minutes or from the future', () => {
  for (const [room, now] of /** @type {const} */ ([['other', 2_000], ['tea', 121_001], ['tea', 500]])) {
    const s = storage();
    keepStay(() => s, STAY, 1_000);
    assert.equal(takeStay(() => s, room, now), null, `${room} ${now}`);
    assert.equal(s.map.size, 0, 'what is not wanted is forgotten');
  }
});

test('damage and a forbidden storage are no stay', () => {
  for (const text of ['', '{', 'null', '5', '[]', '{"room":"tea"}', '{"room":"tea","name":7,"at":1}']) {
    const s = storage();
    s.setItem('parley-stay', text);
    assert.equal(takeStay(() => s, 'tea', 2), null, text);
  }
  const forbidden = () => {
    throw new DOMException('no', 'SecurityError');
  };
  keepStay(forbidden, STAY, 1);
  assert.equal(takeStay(forbidden, 'tea', 1), null);
  const odd = storage();
  odd.setItem('parley-stay', JSON.stringify({ room: 'tea', name: 'Ann', at: 1, mic: 'yes', mine: 4, began: null }));
  assert.deepEqual(takeStay(() => odd, 'tea', 2), { room: 'tea', name: 'Ann', mic: false, cam: false, mine: [], began: Infinity });
});
