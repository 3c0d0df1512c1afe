// Names of rooms in any writing: one room however they are typed, shown as first
// typed, and links that lead elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

/** What somebody types first, and what is another way to type it. */
const ROOMS = [
  ['हिन्दी कक्षा', 'हिन्दी-कक्षा'],
  ['مُحَمّد', 'مُحَمّد.'],
  ['جلسه\u200cما', 'جلسهما'],
  ['회의실', '회의실'.normalize('NFD')],
  ['ΟΔΟΣ Café', 'οδος-cafe\u0301'],
  ['İstanbul', 'ISTANBUL'],
];

/** @param {Guest} who @param {string} typed */
async function type(who, typed) {
  await who.page.goto(who.url);
  await who.field('landing.field').fill(typed);
  await who.page.keyboard.press('Enter');
}

/** @param {Guest} who */
const address = (who) => decodeURIComponent(new URL(who.page.url()).pathname);

test('a room is one however its name is typed, and shown as first typed', async () => {
  const ann = await guest(browser, server.url, { name: 'Ann', prefs: { mic: false, cam: false } });
  const ben = await guest(browser, server.url, { name: 'Ben', prefs: { mic: false, cam: false } });
  for (const [first, second] of ROOMS) {
    const title = first.replaceAll(' ', '-');
    await type(ann, first);
    await ann.heading('prejoin.heading').waitFor();
    assert.equal(address(ann), `/r/${title}`, 'the address before joining');
    await ann.join();
    await type(ben, second);
    await ben.join();
    for (const who of [ann, ben]) {
      assert.equal(address(who), `/r/${title}`);
      assert.equal(await who.page.title(), who.t('room.title', { room: title }));
      assert.equal(await who.page.locator('.room-title bdi').innerText(), title);
      await eventually(() => who.stage.getByRole('group').count(), (n) => n === 2, { what: `both in ${title}` });
    }
  }
  // The list has each room once, by the name that people saw.
  await ben.page.goto(server.url);
  await ben.page.locator('.recent-room bdi').first().waitFor();
  const recent = await ben.page.locator('.recent-room bdi').allInnerTexts();
  assert.deepEqual(recent, ROOMS.map(([first]) => first.replaceAll(' ', '-')).reverse().slice(0, 5));
  await Promise.all([ann.close(), ben.close()]);
});

test('ten letters are the code when a meeting runs there, else a name', async () => {
  const ann = await guest(browser, server.url, { name: 'Ann', prefs: { mic: false, cam: false } });
  const ben = await guest(browser, server.url, { name: 'Ben', prefs: { mic: false, cam: false } });
  await ann.page.goto(`${server.url}/kqw-bdfg-xyz`);
  await ann.heading('prejoin.heading').waitFor();
  assert.equal(address(ann), '/r/kqw-bdfg-xyz', 'a code needs no /r/');
  await type(ben, 'kqwbdfgxyz');
  await ben.heading('prejoin.heading').waitFor();
  assert.equal(address(ben), '/r/kqwbdfgxyz', 'nobody is there yet');
  await ann.join();
  await ben.join();
  assert.equal(address(ben), '/r/kqw-bdfg-xyz', 'now somebody is');
  await eventually(() => ben.stage.getByRole('group').count(), (n) => n === 2, { what: 'both in one room' });
  await type(ben, 'KQWBDFGXYZ');
  await ben.heading('prejoin.heading').waitFor();
  assert.equal(address(ben), '/r/kqw-bdfg-xyz');
  await Promise.all([ann.close(), ben.close()]);
});

for (const language of LANGUAGES) {
  test(`a link to another server is asked about, ${language}`, async () => {
    const who = await guest(browser, server.url, { language });
    await type(who, 'https://meet.example.org:9443/r/tea');
    const host = 'meet.example.org:9443';
    await who.text('landing.elsewhere', { host }).first().waitFor();
    const link = who.page.getByRole('link', { name: who.t('landing.goThere', { host }), exact: true });
    assert.equal(await link.getAttribute('href'), 'https://meet.example.org:9443/r/tea');
    assert.equal(await link.evaluate((a) => a === document.activeElement), true, 'the keyboard is at the answer');
    assert.equal(address(who), '/', 'nothing was opened');
    await who.field('landing.field').fill('tea');
    assert.equal(await link.count(), 0, 'another text, another question');
    // This server in another spelling is no other server.
    await type(who, `https://LOCALHOST:${new URL(server.url).port}/r/Green.`);
    await who.heading('prejoin.heading').waitFor();
    assert.equal(address(who), '/r/Green');
    await type(who, 'a/b');
    await who.text('landing.badInput', { example: `${server.url}/r/abc-defg-hij` }).first().waitFor();
    await who.page.goto(`${server.url}/r/a%2Fb`);
    await who.heading('badRoom.title').waitFor();
    await who.page.getByRole('link', { name: who.t('page.home'), exact: true }).click();
    await who.heading('landing.headline').waitFor();
    await who.close();
  });
}
