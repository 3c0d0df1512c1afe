// Who has been alone for long is asked whether they are still there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();

const QUIET = { mic: false, cam: false };
const MINUTE = 60_000;

/** @param {Guest} who */
const question = (who) => who.page.getByRole('alertdialog', { name: who.t('alone.title'), exact: true });

/** @param {string} room @param {{language?: import('./ui.mjs').Language, prefs?: object}} [options] */
async function alone(room, options = {}) {
  const who = await guest(browser, server.url, { ...options, prefs: { ...QUIET, ...options.prefs } });
  await who.page.clock.install();
  await who.enter(room);
  await who.heading('room.alone').waitFor();
  return who;
}

/**
 * Half an hour after the last answer. The page counts it from when it has taken the
 * answer, which on a busy machine is after the clock was moved: once more, then.
 * @param {Guest} who
 */
async function asksAgain(who) {
  for (let tries = 3; ; tries--) {
    await who.page.clock.fastForward(30 * MINUTE);
    try {
      return await question(who).waitFor({ timeout: 5_000 });
    } catch (error) {
      if (tries === 1) throw error;
    }
  }
}

for (const language of LANGUAGES) {
  test(`asked after half an hour, again after a yes, and out without an answer, ${language}`, async () => {
    const who = await alone(`alone-${language.toLowerCase()}`, { language });
    const { clock } = who.page;
    await clock.fastForward(29 * MINUTE);
    assert.equal(await question(who).count(), 0);
    await clock.fastForward(MINUTE);
    await question(who).waitFor();
    await question(who).getByText(who.t('alone.text')).waitFor();
    assert.equal(await who.button('alone.stay').evaluate((el) => el === document.activeElement), true);
    await clean(who, 'are you still there');
    await who.button('alone.stay').press('Enter');
    await question(who).waitFor({ state: 'detached' });
    assert.ok(await who.bar.isVisible());

    // Whatever closes it is a yes.
    await asksAgain(who);
    await who.page.keyboard.press('Escape');
    await question(who).waitFor({ state: 'detached' });
    assert.ok(await who.bar.isVisible());

    await asksAgain(who);
    const spoken = () => question(who).getByRole('alert').innerText();
    const seconds = async () => Number(/\d+/.exec(await spoken())?.[0] ?? 0);
    assert.equal(await spoken(), '', 'nothing but the question at first');
    for (const [at, step] of [[90, 30_000], [60, 30_000], [30, 30_000], [10, 20_000]]) {
      await clock.fastForward(step);
      await eventually(seconds, (s) => s <= at && s > at - 10, { what: `${at} seconds are said` });
    }
    await clock.fastForward(10_000);
    await who.heading('end.title.alone').waitFor();
    await who.text('end.text.alone').first().waitFor();
    await clean(who, 'left because alone');
    await who.button('end.rejoin').click();
    await who.bar.waitFor();
    assert.deepEqual(who.page.problems, []);
    await who.close();
  });
}

test('who comes in answers for both, and leaving now is an answer', async () => {
  const ann = await alone('alone-company');
  await ann.page.clock.fastForward(30 * MINUTE);
  await question(ann).waitFor();
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: QUIET });
  await ben.enter('alone-company');
  await question(ann).waitFor({ state: 'detached' });
  await ann.page.clock.fastForward(40 * MINUTE);
  await ann.tile('Ben').waitFor();
  assert.equal(await question(ann).count(), 0);

  await ben.close();
  await ann.heading('room.alone').waitFor();
  await ann.page.clock.fastForward(30 * MINUTE);
  await question(ann).getByRole('button', { name: ann.t('bar.leave') }).click();
  await ann.heading('end.title.left').waitFor();
  assert.equal(await question(ann).count(), 0);
  await ann.close();
});

test('the question can be turned off, in the meeting too', async () => {
  const who = await alone('alone-off');
  await who.more('app.settings');
  await who.page.getByRole('tab', { name: who.t('settings.general') }).click();
  await who.page.getByRole('switch', { name: who.t('settings.askWhenAlone') }).uncheck();
  await who.page.keyboard.press('Escape');
  for (let i = 0; i < 3; i++) await who.page.clock.fastForward(30 * MINUTE);
  await who.heading('room.alone').waitFor();
  assert.equal(await question(who).count(), 0);
  await who.close();
});
