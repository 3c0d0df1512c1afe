// Back, closing and loading again during a meeting: asked about where others
// would miss one, and a way right back in; never asked for nothing. And a second
// tab of the same person, which is told of the first before it joins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { Guest, LANGUAGES, guest } from './ui.mjs';

const { server, browser } = await open();

const QUIET = { mic: false, cam: false };

/** Counts the browser's questions whether to leave, and says yes. @param {import('playwright-core').Page} page */
function questions(page) {
  const asked = { n: 0 };
  page.on('dialog', (dialog) => {
    if (dialog.type() === 'beforeunload') asked.n++;
    void dialog.accept();
  });
  return asked;
}

for (const language of LANGUAGES) {
  test(`Back asks where others are, and staying loses nothing, ${language}`, async () => {
    const ann = await guest(browser, server.url, { as: 'Ann', language });
    const ben = await guest(browser, server.url, { as: 'Ben', language, prefs: QUIET });
    const asked = questions(ann.page);
    await ann.page.goto(server.url);
    await ann.button('landing.new').click();
    await ann.join();
    const url = ann.page.url();

    // Nobody is there to miss one: no question.
    await ann.page.goBack();
    await ann.heading('landing.headline').waitFor();
    await ann.page.goForward();
    await ann.join();
    await ben.page.goto(url);
    await ben.join();
    await ann.tile('Ben').waitFor();

    await ann.page.goBack();
    const question = ann.page.getByRole('alertdialog', { name: ann.t('room.leaveAsk') });
    await question.waitFor();
    await clean(ann, 'the question before going back');
    assert.equal(ann.page.url(), url);
    await question.getByRole('button', { name: ann.t('alone.stay') }).click();
    await question.waitFor({ state: 'detached' });
    await ann.say('still here');
    await ben.moves(ben.tile('Ann'));

    await ann.page.goBack();
    await question.getByRole('button', { name: ann.t('bar.leave') }).click();
    await ann.heading('end.title.left').waitFor();
    await ben.shown('room.left', { name: 'Ann' });
    // Past the meeting nothing asks.
    await ann.page.goBack();
    await ann.heading('landing.headline').waitFor();
    await ann.page.reload();
    await ann.heading('landing.headline').waitFor();
    assert.equal(asked.n, 0);
    await ann.close();
    await ben.close();
  });
}

test('loading again brings one right back, as one was', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann' });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  const asked = questions(ann.page);
  await ann.enter('again');
  await ann.page.reload();
  await ann.bar.waitFor();
  assert.equal(asked.n, 0, 'nobody else is there');
  await ben.enter('again');
  await ann.tile('Ben').waitFor();
  await ann.control('bar.mic').click();
  await ann.pressed(ann.control('bar.mic'), false);
  await ann.say('who wrote this?');
  // Another tab may have changed what is joined with next time.
  await ann.page.evaluate(() => localStorage.setItem('parley', JSON.stringify({ ...JSON.parse(localStorage.getItem('parley') ?? '{}'), mic: true, cam: false })));
  await eventually(() => ann.page.getByRole('timer').innerText(), (text) => Number(text.split(':')[1]) >= 4, { what: 'some time has passed' });

  await ann.page.reload();
  assert.equal(asked.n, 1, 'Ben would miss her');
  await ann.bar.waitFor();
  await ann.pressed(ann.control('bar.mic'), false);
  await ann.pressed(ann.control('bar.cam'));
  await ben.moves(ben.tile('Ann'));
  await ann.openChat();
  await ann.log.getByText('who wrote this?').waitFor();
  assert.equal(await ann.log.getByText('Ann', { exact: true }).count(), 0, 'it is her own');
  assert.ok(Number((await ann.page.getByRole('timer').innerText()).split(':')[1]) >= 4, 'the clock goes on');

  // To another page of another document, and back.
  await ann.page.goto(`${server.url}/test`);
  await ann.heading('test.heading').waitFor();
  await ann.page.goBack();
  await ann.bar.waitFor();
  await ben.moves(ben.tile('Ann'));

  // Who left has left.
  await ann.control('bar.leave').click();
  await ann.heading('end.title.left').waitFor();
  const before = asked.n;
  await ann.page.reload();
  await ann.heading('prejoin.heading').waitFor();
  await ann.page.waitForTimeout(1_000);
  await ann.heading('prejoin.heading').waitFor();
  assert.equal(asked.n, before);
  await ann.close();
  await ben.close();
});

/** A second tab of the same browser. @param {Guest} first */
async function another(first) {
  return new Guest(Object.assign(await first.page.context().newPage(), { problems: [] }), first);
}

for (const language of LANGUAGES) {
  test(`a second tab is told of the first before it joins, whichever came first, ${language}`, async () => {
    const first = await guest(browser, server.url, { as: 'Ann', language });
    const second = await another(first);
    const room = `second-${language.toLowerCase()}`;
    await second.page.goto(`${server.url}/r/${room}`);
    await second.button('prejoin.join').waitFor();
    await first.enter(room);
    // It was open before, and learns of it.
    await second.text('prejoin.elsewhere').first().waitFor();
    await second.button('prejoin.moveHere').waitFor();
    await clean(second, 'a second tab');

    // Back to the first.
    await first.page.evaluate(() => Object.defineProperty(document, 'hidden', { configurable: true, get: () => true }));
    await second.button('prejoin.goThere').click();
    await second.heading('landing.headline').waitFor();
    await second.text('prejoin.wentThere').first().waitFor();
    await eventually(() => first.page.title(), (title) => title.startsWith('▶ '), { what: 'the first shows which it is' });
    await first.bar.waitFor();

    // On purpose twice.
    await second.page.goto(`${server.url}/r/${room}`);
    await second.button('prejoin.joinBoth').click();
    await second.bar.waitFor();
    await eventually(() => first.stage.getByRole('group').count(), (n) => n === 2, { what: 'both are there' });
    await second.control('bar.leave').click();
    await second.heading('end.title.left').waitFor();

    // A tab that is gone is no obstacle.
    await second.page.goto(`${server.url}/r/${room}`);
    await second.button('prejoin.moveHere').waitFor();
    await first.page.close();
    await second.button('prejoin.moveHere').or(second.button('prejoin.join')).click();
    await second.bar.waitFor();
    await second.close();
  });
}

test('who presses twice joins once, also where other tabs are asked', async () => {
  const ann = await guest(browser, server.url, { as: 'Ann', prefs: { mic: false, cam: false } });
  // As at an address that is not secure.
  await ann.page.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  let sockets = 0;
  ann.page.on('websocket', () => sockets++);
  await ann.page.goto(`${server.url}/r/twice`);
  await ann.field('prejoin.name').fill('Ann');
  await ann.button('prejoin.join').or(ann.button('prejoin.joinListen')).evaluate((button) => {
    for (let i = 0; i < 2; i++) /** @type {HTMLElement} */ (button).click();
  });
  await ann.bar.waitFor();
  await ann.page.waitForTimeout(1_000);
  assert.equal(sockets, 1);
  await ann.bar.waitFor();
  await ann.close();
});
