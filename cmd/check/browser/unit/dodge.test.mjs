import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liftOver } from '../../../../transport/httpd/web/lib/dodge.js';

/** @param {number} left @param {number} top @param {number} right @param {number} bottom */
const box = (left, top, right, bottom) => ({ left, top, right, bottom });
const note = box(16, 650, 436, 700);

test('a note over nothing stays', () => {
  assert.equal(liftOver(note, []), 0);
  assert.equal(liftOver(note, [box(500, 660, 600, 690), box(20, 500, 120, 526), box(20, 700, 120, 726)]), 0);
});

test('a note is lifted over the name it would cover', () => {
  assert.equal(liftOver(note, [box(20, 669, 120, 695)]), 39);
});

test('and over the next one, whatever their order', () => {
  const names = [box(20, 600, 120, 626), box(20, 669, 120, 695), box(300, 610, 420, 636)];
  for (const order of [names, [...names].reverse()]) assert.equal(liftOver(note, order), 108);
});

test('where no place is left it stays', () => {
  const wall = Array.from({ length: 20 }, (_, i) => box(0, i * 40, 500, i * 40 + 30));
  assert.equal(liftOver(note, wall), 0);
  assert.equal(liftOver(note, wall.slice(7)), 0, 'free, but far up');
  assert.equal(liftOver(note, wall.slice(12)), 700 - 480 + 8);
});
