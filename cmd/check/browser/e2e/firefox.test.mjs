// The same smoke in Firefox ESR: two Firefox pages and one Chromium page in a
// room; everybody decodes everybody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from './browsers.mjs';
import { CAST, enter, eventually, seesExactly } from './cast.mjs';
import { fakeMedia } from './fake_media.mjs';
import { launchFirefox } from './firefox.mjs';
import { joinRoom, pictures } from './probe.mjs';
import { startServer } from './server.mjs';

/** @type {import('./server.mjs').Server} */
let server;
/** @type {import('puppeteer-core').Browser[]} */
const firefoxes = [];
/** @type {import('playwright-core').Browser} */
let chromium;

before(async () => {
  server = await startServer();
  chromium = await launchChromium();
});
after(async () => {
  for (const firefox of firefoxes) await firefox.close();
  await chromium?.close();
  await server?.clean();
});

/** @param {keyof typeof CAST} name @param {string} room */
async function enterFirefox(name, room) {
  const firefox = await launchFirefox();
  firefoxes.push(firefox);
  const page = await firefox.newPage();
  await page.evaluateOnNewDocument(fakeMedia, { color: CAST[name].color, hz: CAST[name].hz, width: 320, height: 180 });
  await page.goto(`${server.url}/sdk/README.md`);
  await page.evaluate(joinRoom, { room, name });
  return page;
}

test('Firefox and Chromium see each other', async () => {
  const ben = await enterFirefox('Ben', 'fox-room');
  const cleo = await enterFirefox('Cleo', 'fox-room');
  const ann = await enter(chromium, server.url, 'Ann', 'fox-room');
  await seesExactly(ann, ['Ben', 'Cleo'], 5_000);
  for (const [page, others] of /** @type {const} */ ([
    [ben, ['Ann', 'Cleo']],
    [cleo, ['Ann', 'Ben']],
  ])) {
    const look = () => page.evaluate(pictures);
    const first = await eventually(look, (seen) => others.every((o) => (seen[`${o}/camera`]?.frames ?? 0) > 0), { what: `Firefox sees ${others}` });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const later = await look();
    for (const o of others) {
      const key = `${o}/camera`;
      assert.ok(later[key].frames > first[key].frames + 15, `${key}: ${first[key].frames} → ${later[key].frames}`);
    }
  }
});
