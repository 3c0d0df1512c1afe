// Names, messages and addresses made to do harm: they are shown as text, run
// nothing, turn nothing around and do not break the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

const QUIET = { mic: false, cam: false };

const NAMES = [
  '<img src=x onerror="window.hacked=1">',
  '"><script>window.hacked=1</script>',
  '\u202Egnp.exe\u202C end',
  'Z\u200Boe\uFEFF',
  '{name} ${1} %s &lt;b&gt;',
  '👩‍👩‍👧‍👦 🏳️‍🌈 𝔄𝔫𝔫 𠮷 \u{1F1E9}\u{1F1EA}',
  'Zalgo' + '\u0301\u0316'.repeat(20),
  'x'.repeat(64),
];

const TEXTS = [
  '<svg onload="window.hacked=1"><b>bold</b>',
  'javascript:window.hacked=1 data:text/html,<script>1</script>',
  'https://example.org/"onmouseover="window.hacked=1',
  '\u202Ereversed\u202C and \u2066isolated',
  'zero\u200Bwidth\u200Djoin',
  [0x1f600, 0x20000, 0x2fa1d, 0x10fffd, 0xe0041, 0x1d54f].map((c) => String.fromCodePoint(c)).join(' '),
  'w'.repeat(3_900),
  'line\n'.repeat(200).trim(),
  '[link](javascript:window.hacked=1) **x** `code` {n, plural, one {#} other {#}}',
];

/** Without what can not be seen: joiners, marks of direction. @param {string} text */
const plain = (text) => text.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '');

/** Nothing ran, nothing was stopped at the last moment, the page stands. @param {Guest} who */
async function unharmed(who) {
  assert.equal(await who.page.evaluate(() => /** @type {any} */ (window).hacked), undefined, `${who.name}: a script ran`);
  assert.deepEqual(await who.violations(), [], `${who.name}: the policy had to stop something`);
  assert.deepEqual(who.page.problems, [], who.name);
  const [content, page] = await who.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= page + 1, `${who.name}: ${content} wide in ${page}`);
}

test('hostile names are text everywhere', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { ...QUIET, announceReactions: true } });
  await ann.enter('hostile-names');
  await ann.openPeople();
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  await ben.enter('hostile-names');
  for (const name of NAMES) {
    await ben.openChat();
    await ben.field('chat.field').fill(`/name ${name}`);
    await ben.button('chat.send').click();
    const visible = plain(name).trim().slice(0, 5);
    const rows = ann.page.getByRole('list', { name: ann.t('people.here') }).getByRole('listitem');
    await eventually(async () => plain((await rows.allInnerTexts()).join('\n')), (text) => text.includes(visible), { what: `Ann sees ${JSON.stringify(name)}` });
    await ben.control('bar.hand').click();
    await eventually(() => ann.stage.getByRole('group').count(), (n) => n === 2, { what: 'two tiles' });
    await ben.control('bar.hand').click();
  }
  await ben.control('bar.react').click();
  await ben.button('react.send', { emoji: '👏' }).click();
  const overridden = await ann.stage.evaluate((stage) => /[\u202a-\u202e]/.test(stage.textContent ?? ''));
  assert.equal(overridden, false, 'no direction override reaches the stage');
  for (const who of [ann, ben]) {
    await unharmed(who);
    await who.close();
  }
});

test('hostile messages are text, and links lead nowhere bad', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: QUIET });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  await ann.enter('hostile-chat');
  await ben.enter('hostile-chat');
  await ann.openChat();
  for (const [i, text] of TEXTS.entries()) {
    await ben.openChat();
    await ben.field('chat.field').fill(text);
    await ben.button('chat.send').click();
    const first = plain(text).slice(0, 10).trim().split('\n')[0];
    await eventually(async () => plain(await ann.log.innerText()).includes(first), Boolean, { what: `message ${i} arrives` });
  }
  const links = await ann.log.getByRole('link').evaluateAll((all) => all.map((a) => /** @type {HTMLAnchorElement} */ (a).href));
  for (const link of links) assert.match(link, /^https?:\/\//);
  assert.equal(await ann.log.evaluate((log) => log.querySelectorAll('svg[onload], b, script, [onmouseover]').length), 0);

  // 10,000 characters: said before sending, and nothing is lost.
  const long = '好'.repeat(10_000);
  await ben.field('chat.field').fill(long);
  await ben.text('chat.tooLong', { n: 6_000 }).first().waitFor();
  await ben.field('chat.field').press('Enter');
  assert.equal((await ben.field('chat.field').inputValue()).length, 10_000);
  for (const who of [ann, ben]) {
    await unharmed(who);
    await who.close();
  }
});

test('hostile addresses show a page, and run nothing', async () => {
  const who = await guest(browser, server.url, { prefs: { ...QUIET, name: NAMES[0] } });
  for (const path of [
    '/r/%3Cscript%3Ewindow.hacked=1%3C%2Fscript%3E',
    '/r/javascript%3Awindow.hacked%3D1',
    '/r/%E2%80%AEabc',
    '/r/%F0%9F%98%80',
    '/r/%00',
    '/r/..%2f..%2fetc%2fpasswd',
    `/r/${'a'.repeat(2_000)}`,
    '/?lang=%3Cscript%3E',
    '/r/ok-room?name=%3Cimg%20src=x%20onerror=hacked=1%3E#%3Cscript%3E',
    '/embed.html?room=%3Cscript%3E&name=%3Cimg%20src=x%3E&origin=javascript:1',
  ]) {
    const answer = await who.page.goto(server.url + path).catch(() => null);
    if (!answer || answer.status() >= 400) continue;
    await eventually(() => who.page.evaluate(() => document.body.innerText.trim().length), (n) => n > 20, { what: `${path.slice(0, 60)} shows something` });
    assert.equal(await who.page.evaluate(() => /** @type {any} */ (window).hacked), undefined, path);
    assert.deepEqual(await who.violations(), [], path);
  }
  await who.enter('safe-room');
  await unharmed(who);
  await who.close();
});

test('an invitation with a hostile room name stays a link to this server', async () => {
  const who = await guest(browser, server.url);
  for (const typed of ['javascript:alert(1)', 'https://evil.example/r/abc-defg-hij', '//evil.example/r/x', 'data:text/html,x']) {
    await who.page.goto(server.url);
    await who.field('landing.field').fill(typed);
    await who.page.keyboard.press('Enter');
    const answer = who.text('landing.elsewhere', { host: 'evil.example' }).or(who.text('landing.badInput', { example: `${server.url}/r/abc-defg-hij` }));
    await answer.first().waitFor();
    assert.equal(new URL(who.page.url()).origin, server.url, typed);
  }
  await who.close();
});
