// What the page does by itself to keep a meeting bearable, and what it tells
// of somebody's picture: muted in a crowd, cameras paused on a busy machine.
import { after, before, test } from 'node:test';
import { launchChromium } from './browsers.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @type {import('./server.mjs').Server} */
let server;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  server = await startServer({ args: ['--mute-from', '2'] });
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await server?.clean();
});

for (const language of LANGUAGES) {
  test(`who comes into a crowd comes in muted, and one click undoes it, ${language}`, async () => {
    const room = `crowd-${language.toLowerCase()}`;
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { cam: false } });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: { cam: false } });
    const cleo = await guest(browser, server.url, { as: 'Cleo', language, prefs: { cam: false } });
    await ann.enter(room);
    await ben.enter(room);
    await ben.pressed(ben.control('bar.mic')); // one other is no crowd
    await cleo.enter(room);
    await cleo.pressed(cleo.control('bar.mic'), false);
    await ann.tileSays(ann.tile('Cleo'), 'tile.muted');
    await cleo.text('room.largeMuted').first().hover(); // it stays while pointed at
    await cleo.button('bar.unmute').click();
    await cleo.pressed(cleo.control('bar.mic'));
    await ann.tileSays(ann.tile('Cleo'), 'tile.muted', false);
    for (const who of [ann, ben, cleo]) await who.close();
  });
}
