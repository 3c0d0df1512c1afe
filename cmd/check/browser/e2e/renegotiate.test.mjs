// Renegotiation between two in Chromium, and many shares.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { change } from './raw_client.mjs';
import { CHANGES, SEED, allIsWell, inChromium, join, renegotiates } from './renegotiate.mjs';

const SHARES = 20; // the 17th was black once: each takes an SSRC for pictures and one for repairs

test(`two in Chromium renegotiate ${CHANGES} times`, async () => {
  await renegotiates([await inChromium('Ann'), await inChromium('Ben')], SEED);
});

test(`${SHARES} shares, one after the other, are all seen`, async () => {
  const pages = [await inChromium('Ann'), await inChromium('Ben')];
  await join(pages, 'shares');
  const share = (/** @type {string} */ name, /** @type {number} */ which) => pages[0].evaluate(change, { name, random: [which] });
  for (let n = 1; n <= SHARES; n++) {
    // What is missing is the screen only; of what can be stopped it is the third.
    const done = n === 1 ? await share('add', 0) : await share('replace', 0.5);
    assert.equal(done, 'screen');
    await allIsWell(pages, `share ${n}`);
  }
});
