// A lost signalling socket is invisible to media, and nothing said is missed.
import { after, before, test } from 'node:test';
import { launchChromium } from './browsers.mjs';
import { enter, resumes } from './cast.mjs';
import { startCutter, startServer } from './server.mjs';

/** @type {import('./server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof startCutter>>} */
let cutter;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  server = await startServer();
  cutter = await startCutter(server.port);
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await cutter?.close();
  await server?.clean();
});

test('socket cut and restored: resumed, media never stopped, missed texts arrive', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'resume-room');
  const ben = await enter(browser, cutter.url, 'Ben', 'resume-room');
  await resumes(ann, ben, cutter);
});
