// VP9 and AV1 pass both ways between Firefox and Chromium.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seesExactly } from './cast.mjs';
import { enterFirefox } from './firefox.mjs';
import { enterSending, receives } from './foreign.mjs';
import { open } from './open.mjs';

const { server, browser } = await open();

for (const codec of ['VP9', 'AV1']) {
  test(`${codec} between Firefox and Chromium`, async () => {
    const room = `fox-${codec}`;
    const fox = await enterFirefox(server.url, 'Ann', room, { codec });
    after(() => fox.quit());
    const ben = await enterSending(browser, server.url, 'Ben', room, { codec });
    await Promise.all([seesExactly(fox, ['Ben']), seesExactly(ben, ['Ann'])]);
    for (const page of /** @type {import('./cast.mjs').CastPage[]} */ ([fox, ben])) {
      assert.deepEqual((await page.evaluate(receives)).codecs, [codec]);
      assert.deepEqual(page.problems, []);
    }
    await fox.quit();
    await ben.context().close();
  });
}
