// What was acknowledged is on disk: SIGKILL, start again, look.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChromium } from './browsers.mjs';
import { enter } from './cast.mjs';
import { startServer } from './server.mjs';

test('acknowledged chat and the meeting record survive SIGKILL', async () => {
  const first = await startServer();
  const browser = await openChromium();
  /** @type {import('./server.mjs').Server | undefined} */
  let second;
  try {
    const ann = await enter(browser, first.url, 'Ann', 'durable-room');
    const meeting = await ann.evaluate(async () => {
      const { room } = /** @type {any} */ (window);
      for (let i = 0; i < 8; i++) await room.chat.send(`line ${i}`);
      return room.meeting.id;
    });
    await first.kill();
    await ann.context().close();

    second = await startServer({ data: first.data });
    const ben = await enter(browser, second.url, 'Ben', 'durable-room');
    const texts = await ben.evaluate(() => /** @type {any} */ (window).room.chat.messages.map((/** @type {any} */ m) => m.text));
    assert.deepEqual(texts, Array.from({ length: 8 }, (_, i) => `line ${i}`));

    const record = await (await fetch(`${second.url}/api/v1/meetings/${meeting}`)).json();
    assert.equal(record.room, 'durable-room');
    assert.ok(record.end, 'the open meeting was closed at the start');
    assert.equal(record.participants.length, 1);
    assert.equal(record.participants[0].name, 'Ann');
    assert.equal(record.participants[0].intervals[0].reason, 'crashed');
    const list = await (await fetch(`${second.url}/api/v1/meetings`)).json();
    assert.equal(list.meetings.length, 2, 'the crashed one and the running one');
    await ben.context().close();
    assert.equal(await second.stop(), 0, 'Ctrl-C exits with 0');
  } finally {
    await browser.close();
    await (second ?? first).clean();
  }
});
