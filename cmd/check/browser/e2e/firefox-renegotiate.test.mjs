// Renegotiation between Firefox and Chromium.
import { test } from 'node:test';
import { CHANGES, SEED, inChromium, inFirefox, renegotiates } from './renegotiate.mjs';

test(`Firefox and Chromium renegotiate ${CHANGES} times`, async () => {
  await renegotiates([await inFirefox('Ann'), await inChromium('Ben')], SEED + 1);
});
