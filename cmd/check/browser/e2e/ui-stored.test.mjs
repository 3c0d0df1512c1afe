// One's own texts while the server's disk is slow or stuck, or refuses them: the
// page says what is known, never more, and settles by itself what is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

const QUIET = { mic: false, cam: false };

/**
 * Stands between a page and the server as a disk would: holds texts back, or
 * answers for it.
 * @param {Guest} who
 */
async function disk(who) {
  const it = {
    /** 'well', 'stuck', or a code that texts are refused with. */
    state: 'well',
    /** Keys of the texts that came. @type {string[]} */
    keys: [],
    /** @type {(() => void)[]} */
    held: [],
    /** Lets what was held go on. */
    mend() {
      it.state = 'well';
      for (const go of it.held.splice(0)) go();
    },
  };
  await who.page.routeWebSocket(/\/api\/v1\/ws/, (ws) => {
    const real = ws.connectToServer();
    ws.onMessage((text) => {
      const request = JSON.parse(String(text));
      if (request.type !== 'chat') return real.send(text);
      it.keys.push(request.key);
      if (it.state === 'well') real.send(text);
      else if (it.state === 'stuck') it.held.push(() => real.send(text));
      else ws.send(JSON.stringify({ type: 'error', id: request.id, code: it.state, message: 'as the test wants' }));
    });
  });
  return it;
}

/** @param {Guest} who @param {string} text */
async function write(who, text) {
  await who.field('chat.field').fill(text);
  await who.button('chat.send').click();
}

for (const language of LANGUAGES) {
  test(`a text that waits, one of which nobody knows, one that failed, ${language}`, async () => {
    const room = `stored-${language.toLowerCase()}`;
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: QUIET });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: QUIET });
    const it = await disk(ann);
    await ann.enter(room);
    await ben.enter(room);
    await ann.openChat();
    await ben.openChat();
    const row = (/** @type {string} */ text) => ann.log.locator('.chat-row').filter({ hasText: text });
    const said = async (/** @type {string} */ text) => {
      await ben.log.getByText(text, { exact: true }).waitFor();
      await eventually(() => row(text).locator('xpath=self::*[contains(@class, "pending")]').count(), (n) => n === 0, { what: `“${text}” is said` });
      assert.deepEqual([await row(text).count(), await ben.log.getByText(text, { exact: true }).count()], [1, 1], 'once');
    };

    it.state = 'stuck';
    await write(ann, 'slow');
    await row('slow').getByText(ann.t('chat.sending')).waitFor();
    await row('slow').getByText(ann.t('chat.waiting')).waitFor();
    await ann.said('chat.waiting');
    it.mend();
    await said('slow');

    it.state = 'unknown_outcome';
    await write(ann, 'unknown');
    await row('unknown').getByText(ann.t('chat.unknown')).waitFor();
    await ann.said('chat.unknown');
    assert.equal(await row('unknown').getByRole('button').count(), 0, 'there is nothing to be done');
    await eventually(async () => it.keys.length, (n) => n >= 3, { what: 'it is asked for again' });
    await row('unknown').getByText(ann.t('chat.unknown')).waitFor();
    it.mend(); // and the user does nothing
    await said('unknown');
    assert.equal(new Set(it.keys.slice(1)).size, 1, 'under one key');

    it.state = 'store_failed';
    it.keys.length = 0;
    await write(ann, 'refused');
    await row('refused').getByText(ann.t('chat.failed')).waitFor();
    await ann.said('chat.failed');
    await row('refused').getByText(ann.t('error.store_failed')).waitFor();
    it.mend();
    await row('refused').getByRole('button', { name: ann.t('chat.retry') }).click();
    await said('refused');
    assert.deepEqual([it.keys.length, new Set(it.keys).size], [2, 1], 'sent again under its key');

    it.state = 'store_failed';
    await write(ann, 'dropped');
    await row('dropped').getByRole('button', { name: ann.t('chat.discard') }).click();
    await row('dropped').waitFor({ state: 'detached' });

    // What is on its way stays on its way while the panel is away.
    it.state = 'stuck';
    await write(ann, 'kept');
    await ann.chatControl.click();
    await ann.openChat();
    await row('kept').getByText(ann.t('chat.waiting')).waitFor();
    it.mend();
    await said('kept');
    assert.deepEqual(ann.page.problems, []);
    await ann.close();
    await ben.close();
  });
}

test('a stay that is not recorded: the end page says so, or that it is not decided', async () => {
  for (const [more, key] of /** @type {const} */ ([[{ recorded: false, record_pending: true }, 'record.pending'], [{ recorded: false }, 'record.lost'], [{}, '']])) {
    const ann = await guest(browser, server.url, { as: 'Ann', prefs: QUIET });
    await ann.page.routeWebSocket(/\/api\/v1\/ws/, (ws) => {
      const real = ws.connectToServer();
      real.onMessage((text) => {
        const message = JSON.parse(String(text));
        ws.send(message.type === 'joined' ? JSON.stringify({ ...message, ...more }) : text);
      });
    });
    await ann.enter('unrecorded');
    await ann.control('bar.leave').click();
    await ann.page.locator('details.record summary').click();
    await ann.page.locator('details.record table').waitFor();
    for (const other of /** @type {const} */ (['record.pending', 'record.lost'])) assert.equal(await ann.text(other).count(), other === key ? 1 : 0, `${key}: ${other}`);
    await ann.close();
  }
});
