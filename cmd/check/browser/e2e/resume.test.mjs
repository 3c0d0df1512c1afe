// A lost signalling socket is invisible to media, and nothing said is missed.
import { test } from 'node:test';
import { enter, resumes } from './cast.mjs';
import { openWithCutter } from './open.mjs';

const { server, browser, cutter } = await openWithCutter();

test('socket cut and restored: resumed, media never stopped, missed texts arrive', async () => {
  const ann = await enter(browser, server.url, 'Ann', 'resume-room');
  const ben = await enter(browser, cutter.url, 'Ben', 'resume-room');
  await resumes(ann, ben, cutter);
});
