// The runner of the browser tests: what runs beside what, and what a name means.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MACHINE, SHARES, inOrder, planned, schedule } from '../run/plan.mjs';
import { find, inLanguages, read, titlesIn } from '../run/titles.mjs';

test('every file that is planned is there', () => {
  const there = readdirSync(new URL('../e2e/', import.meta.url));
  for (const file of planned) assert.ok(there.includes(`${file}.test.mjs`), file);
});

test('the longest begin first', () => {
  assert.deepEqual(inOrder(['durable', 'ui-stopping', 'ui-looks']), ['ui-stopping', 'ui-looks', 'durable']);
});

test('who measures has less beside it than who waits', () => {
  assert.ok(SHARES.waits < SHARES.works && SHARES.works < SHARES.measures && SHARES.measures < MACHINE);
});

test('what fits runs, in order, and what is given back runs once more', async () => {
  let taken = 0;
  let most = 0;
  /** @type {string[]} */
  const began = [];
  const job = (/** @type {string} */ name, /** @type {number} */ share, times = 1) => ({ name, share, times });
  await schedule([job('a', 3), job('large', 4), job('b', 1), job('again', 2, 2), job('more than there is', 9)], async (one) => {
    began.push(one.name);
    taken += one.share;
    most = Math.max(most, taken);
    await new Promise((resolve) => setTimeout(resolve, 5));
    taken -= one.share;
    return --one.times ? one : undefined;
  }, 4);
  assert.deepEqual(began.slice(0, 2), ['a', 'b'], 'large does not fit beside a');
  assert.deepEqual(began.toSorted(), ['a', 'again', 'again', 'b', 'large', 'more than there is']);
  assert.equal(most, 9, 'what is larger than the machine runs alone');
});

test('names of tests as they stand in the source', () => {
  assert.deepEqual(titlesIn("test('plain', () => {});\n  test(`two ${a.b} and ${c}, ${language}`, { timeout: 1 }, async () => {});\ncontest('no')"), ['plain', 'two ${…} and ${…}, ${…}']);
});

test('what is there once for each language', () => {
  assert.deepEqual(['sharing, ${…}', 'sharing, ${…} and more', 'two ${…}'].map(inLanguages), [true, false, false]);
});

test('a name means files, tests, or whatever a file fills in', () => {
  const sources = {
    'ui-share': read("test(`sharing a screen, ${language}`); test('mirrors')"),
    meeting: read("test('three (in a room)')"),
    codecs: read("for (const what of ['VP9', 'AV1 L1T3']) test(`${what} of another page is seen`)"),
    layers: read('test(`a camera of ${width} × ${height}`)'),
  };
  const cases = /** @type {const} */ ([
    ['share', ['ui-share'], true],
    ['a screen', ['ui-share'], false],
    ['sharing a screen, en', ['ui-share'], false],
    ['(in a', ['meeting'], false],
    ['another page', ['codecs'], false],
    ['VP9', ['codecs'], false],
    ['AV1 L1T3 of another', ['codecs'], false],
    ['1280', ['codecs', 'layers'], false],
    ['camera of 640 × 360', ['layers'], false],
    ['VP10x', [], false],
    ['seatz', [], false],
  ]);
  for (const [wanted, files, whole] of cases) assert.deepEqual(find(sources, wanted), { files, whole }, wanted);
});

test('a name that nothing has is said without a server or a browser', () => {
  const runner = (/** @type {string} */ name) => {
    const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('../run/run.mjs', import.meta.url)), '--test', name, '--find'], { encoding: 'utf8' });
    return { status, last: stdout.trimEnd().split('\n').at(-1) };
  };
  assert.deepEqual(runner('seatz'), { status: 2, last: 'no test\'s or file\'s name has "seatz" in it; those above are there' });
  assert.equal(runner('ui-share').status, 0);
});
