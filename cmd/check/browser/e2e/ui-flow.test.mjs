// The main flow as people live it, in both languages: new meeting, preview,
// join, see each other, mute, chat, hands, reactions, leave, rate, come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

const { server, browser } = await open();

/** @typedef {import('./ui.mjs').Guest} Guest */

for (const language of LANGUAGES) {
  test(`a meeting from beginning to end, ${language}`, async () => {
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { announceReactions: true } });
    const ben = await guest(browser, server.url, { as: 'Ben', language });
    const cleo = await guest(browser, server.url, { as: 'Cleo', language, prefs: { mic: false, cam: false } });

    const room = await startMeeting(ann);
    await joinByTyping(ben, `${server.url}/r/${room}`, room);
    await seeEachOther(ann, ben);
    await muteAndCamera(ann, ben);
    await chat(ann, ben, cleo, room);
    await imeDoesNotSend(ben, ann);
    await hands(ann, ben);
    await reactions(ben, ann);
    await people(cleo, ['Ann', 'Ben']);
    await leaveAndRate(ben, room);
    await rejoin(ben, ann);
    await recentRooms(cleo, room);

    for (const who of [ann, ben, cleo]) {
      assert.deepEqual(who.page.problems, [], who.name);
      assert.deepEqual(await who.violations(), [], who.name);
      await who.close();
    }
  });
}

/** From the landing page into a new room. @param {Guest} ann @returns the room's name */
async function startMeeting(ann) {
  await ann.page.goto(ann.url);
  assert.equal(await ann.page.evaluate(() => document.documentElement.lang), ann.language);
  await ann.heading('landing.headline').waitFor();
  await ann.button('landing.new').click();
  await ann.heading('prejoin.heading').waitFor();
  const room = decodeURIComponent(new URL(ann.page.url()).pathname.slice('/r/'.length));
  assert.match(room, /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
  assert.equal(await ann.page.title(), ann.t('prejoin.title', { room }));

  // Without a name: said at the field, nothing sent.
  await ann.field('prejoin.name').fill('');
  await ann.button('prejoin.join').click();
  await ann.text('prejoin.nameNeeded').first().waitFor();
  assert.equal(await ann.field('prejoin.name').getAttribute('aria-invalid'), 'true');

  await ann.join();
  await ann.heading('room.alone').waitFor();
  assert.equal(await ann.page.title(), ann.t('room.title', { room }));
  return room;
}

/** A link or a code in the one field of the landing page. @param {Guest} who @param {string} typed @param {string} room */
async function joinByTyping(who, typed, room) {
  await who.page.goto(who.url);
  await who.field('landing.field').fill('not a room !!');
  await who.button('landing.join').click();
  await who.text('landing.badInput', { example: `${new URL(who.url).origin}/r/abc-defg-hij` }).first().waitFor();
  await who.field('landing.field').fill(typed);
  await who.page.keyboard.press('Enter');
  await who.page.getByText(room, { exact: true }).waitFor();
  await who.join();
}

/** @param {Guest} ann @param {Guest} ben */
async function seeEachOther(ann, ben) {
  await Promise.all([ann.moves(ann.tile('Ben')), ben.moves(ben.tile('Ann'))]);
  assert.equal(await ann.stage.getByRole('group').count(), 2);
  await ann.ownTile.waitFor();
  assert.equal(await ann.heading('room.alone').isVisible(), false, 'no longer alone');
}

/** @param {Guest} ann @param {Guest} ben */
async function muteAndCamera(ann, ben) {
  await ann.control('bar.mic').click();
  await ann.pressed(ann.control('bar.mic'), false);
  await ben.tileSays(ben.tile('Ann'), 'tile.muted');
  await ann.control('bar.mic').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.muted', false);

  await ann.control('bar.cam').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.camOff');
  await ben.tile('Ann').getByText('A', { exact: true }).waitFor();
  await ann.control('bar.cam').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.camOff', false);
  await ben.moves(ben.tile('Ann'));
}

/** History, the badge, and what only one may read. @param {Guest} ann @param {Guest} ben @param {Guest} cleo @param {string} room */
async function chat(ann, ben, cleo, room) {
  await ann.say('first line');
  await ben.control('bar.chatUnread', { n: 1 }).waitFor();
  await ann.say('second line: https://example.org/a?b=c');
  await ben.control('bar.chatUnread', { n: 2 }).waitFor();
  await ben.openChat();
  await ben.log.getByText('first line').waitFor();
  assert.equal(await ben.log.getByRole('separator').innerText(), ben.t('chat.unread'));
  await ben.control('bar.chat').waitFor();
  const link = ben.log.getByRole('link', { name: 'https://example.org/a?b=c' });
  assert.match((await link.getAttribute('rel')) ?? '', /noopener/);

  // Whoever comes later reads what was said to everyone, and only that.
  await cleo.page.goto(cleo.url);
  await cleo.field('landing.field').fill(room.toUpperCase());
  await cleo.button('landing.join').click();
  await cleo.join();
  await cleo.openChat();
  await cleo.log.getByText('first line').waitFor();

  const people = await ann.openPeople();
  await people.getByRole('button', { name: ann.t('tile.menu', { name: 'Ben' }), exact: true }).click();
  await ann.button('tile.message').click();
  await ann.text('chat.toChip', { name: 'Ben' }).waitFor();
  await ann.field('chat.field').fill('only for Ben');
  await ann.page.keyboard.press('Enter');
  await ben.log.getByText('only for Ben').waitFor();
  await ben.log.getByText(ben.t('chat.privateFrom'), { exact: true }).waitFor();
  await ann.button('chat.toClear').click();
  await ann.say('for all again');
  await cleo.log.getByText('for all again').waitFor();
  assert.equal(await cleo.log.getByText('only for Ben').count(), 0, 'Cleo must not read it');
}

/** Enter while an input method composes chooses a word; it does not send. @param {Guest} who @param {Guest} other */
async function imeDoesNotSend(who, other) {
  await who.openChat();
  const field = who.field('chat.field');
  await field.click();
  const cdp = await who.page.context().newCDPSession(who.page);
  await cdp.send('Input.imeSetComposition', { text: 'nihao', selectionStart: 5, selectionEnd: 5 });
  // As a browser gives it while an input method takes the key.
  for (const type of /** @type {const} */ (['rawKeyDown', 'keyUp'])) await cdp.send('Input.dispatchKeyEvent', { type, key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 });
  assert.equal(await field.inputValue(), 'nihao', 'still composing');
  await cdp.send('Input.insertText', { text: '你好' });
  assert.equal(await field.inputValue(), '你好', 'composed, not sent');
  await who.page.keyboard.press('Shift+Enter');
  await who.page.keyboard.type('line two');
  await who.page.keyboard.press('Enter');
  assert.equal(await field.inputValue(), '');
  await other.openChat();
  await other.log.getByText('你好\nline two').waitFor();
  assert.equal(await other.log.getByText('nihao').count(), 0);
}

/** Whoever raised a hand first stands first. @param {Guest} ann @param {Guest} ben */
async function hands(ann, ben) {
  await ben.control('bar.hand').click();
  await ann.tileSays(ann.tile('Ben'), 'tile.hand', true, { n: 1 });
  await ann.control('bar.hand').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.hand', true, { n: 2 });
  const list = (await ann.openPeople()).getByRole('list').first();
  await eventually(() => list.getByRole('listitem').allInnerTexts(), (names) => names.join() === 'Ben,Ann', { what: 'Ben stands before Ann' });
  await ben.control('bar.hand').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.hand', true, { n: 1 });
  await ann.control('bar.hand').click();
  await ben.tileSays(ben.tile('Ann'), 'tile.hand', false, { n: 1 });
}

/** @param {Guest} from @param {Guest} to */
async function reactions(from, to) {
  await from.control('bar.react').click();
  await from.button('react.send', { emoji: '🎉' }).click();
  await to.told('🎉');
  await to.said('react.say', { name: from.name, emoji: '🎉' });
}

/** @param {Guest} who @param {string[]} others */
async function people(who, others) {
  const panel = await who.openPeople();
  await panel.getByText(who.t('people.count', { n: others.length + 1 }), { exact: true }).waitFor();
  const rows = panel.getByRole('list', { name: who.t('people.here') }).getByRole('listitem');
  await eventually(() => rows.count(), (n) => n === others.length + 1, { what: 'everyone is listed' });
  for (const name of others) await rows.filter({ hasText: name }).getByText(who.t('people.micOn')).first().waitFor();
  const search = panel.getByRole('searchbox', { name: who.t('people.search') });
  await search.fill(others[0].toLowerCase());
  await eventually(() => rows.count(), (n) => n === 1, { what: 'search leaves one' });
  await search.fill('nobody is called so');
  await panel.getByText(who.t('people.none')).waitFor();
  await search.fill('');
  await eventually(() => rows.count(), (n) => n === others.length + 1, { what: 'all are back' });
}

/** The end page, and the rating in the record. @param {Guest} who @param {string} room */
async function leaveAndRate(who, room) {
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  const summary = who.page.getByRole('region', { name: who.t('end.summary') });
  await summary.filter({ hasText: new RegExp(`${who.t('end.people')}\\s*3`) }).waitFor();
  // By keyboard: the radio buttons are for everyone, the stars only for the eye.
  await who.page.getByRole('radio', { name: who.t('end.stars', { n: 4 }), exact: true }).press('Space');
  await who.field('end.comment').fill('a bit of echo');
  await who.button('end.send').click();
  await who.text('end.thanks').first().waitFor();

  const { meetings } = await (await fetch(`${server.url}/api/v1/meetings?room=${room}`)).json();
  const record = await (await fetch(`${server.url}/api/v1/meetings/${meetings[0].id}`)).json();
  assert.deepEqual(record.ratings.map((/** @type {any} */ r) => [r.stars, r.comment]), [[4, 'a bit of echo']]);
  assert.equal(record.peak, 3);
}

/** @param {Guest} ben @param {Guest} ann */
async function rejoin(ben, ann) {
  await ann.tile('Ben').waitFor({ state: 'detached' });
  await ben.button('end.rejoin').click();
  await ben.bar.waitFor();
  await ann.moves(ann.tile('Ben'));
  await ben.moves(ben.tile('Ann'));
  await ben.openChat();
  await ben.log.getByText('first line').waitFor();
}

/** @param {Guest} who @param {string} room */
async function recentRooms(who, room) {
  await who.control('bar.leave').click();
  await who.page.getByRole('link', { name: who.t('page.home') }).click();
  await who.heading('landing.recent').waitFor();
  await who.page.getByRole('link', { name: room }).click();
  await who.heading('prejoin.heading').waitFor();
  await who.page.goBack();
  await who.button('landing.removeRecent', { room }).click();
  await eventually(() => who.heading('landing.recent').isVisible(), (there) => !there, { what: 'the list is empty' });
}
