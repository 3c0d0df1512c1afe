// The words for a picture that does not come.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { LANGUAGES } from '../../../../transport/httpd/web/lib/i18n.js';
import { placeholders } from './fake/texts.mjs';
import { wordsFor } from '../../../../transport/httpd/web/ui/picture-problem.js';

/** Every problem of the protocol. */
async function codes() {
  const go = await readFile(new URL('../../../../engine/wire/events.go', import.meta.url), 'utf8');
  return [...go.matchAll(/\sProblem = "(\w+)"/g)].map((m) => m[1]);
}

test('every problem has words of its own in every language', async () => {
  const known = await codes();
  assert.ok(known.length >= 3, 'the codes were found');
  for (const { code: language } of LANGUAGES) {
    const seen = new Set([wordsFor('news_to_us', 'Ann', language).what]);
    for (const code of known) {
      const { what, help } = wordsFor(`${code} VP9`, 'Ann', language);
      assert.ok(!seen.has(what), `${language}: ${code}`);
      seen.add(what);
      assert.deepEqual([...placeholders(what), ...placeholders(help)], [], `${language}: ${code} is filled in`);
      assert.ok(help);
    }
  }
});

test('the words name whose picture it is, or what it is made of', () => {
  assert.deepEqual(wordsFor('codec VP9', 'Ann', 'en'), {
    what: 'This browser can not show this picture (VP9).',
    help: 'You hear Ann all the same. Another browser may show it.',
  });
  for (const { code } of LANGUAGES) {
    assert.match(wordsFor('no_media', 'Ann', code).what, /Ann/);
    assert.match(wordsFor('toString', '{codec}', code).what, /\{codec\}/, 'a name stays a name');
  }
});
