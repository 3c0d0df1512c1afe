// What people are told while the server is about to stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTold, wordsFor } from '../../../../transport/httpd/web/ui/drain.js';

test('minutes as long as there are some, then seconds, then now', () => {
  for (const [ms, words] of /** @type {const} */ ([
    [299_600, 'in about 5 minutes;'],
    [271_000, 'in about 5 minutes;'],
    [269_000, 'in about 4 minutes;'],
    [60_400, 'in about 1 minute;'],
    [60_000, 'in 1:00.'],
    [9_100, 'in 0:10.'],
    [1, 'in 0:01.'],
    [0, 'stops now.'],
    [-5_000, 'stops now.'],
    [3_600_000, 'in about 60 minutes;'],
  ])) assert.ok(wordsFor(ms, 'en').includes(words), `${ms}: ${wordsFor(ms, 'en')}`);
  assert.match(wordsFor(299_600, 'zh-Hans'), /约 5 分钟/);
  assert.match(wordsFor(42_000, 'zh-Hans'), /0:42/);
});

test('screen readers hear of it when it begins, and at a minute and a quarter of one before the end', () => {
  let before = Infinity;
  const told = [];
  for (let ms = 300_000; ms > -5_000; ms -= 500) {
    if (isTold(before, ms)) told.push(ms);
    before = ms;
  }
  assert.deepEqual(told, [300_000, 60_000, 15_000]);
  assert.equal(isTold(Infinity, 30_000), true, 'who comes late hears it, too');
});
