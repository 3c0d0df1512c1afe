// The record of a meeting on its end page: who was there, when and how long.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { launchChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const EVIL = '<img src=x onerror=alert(1)> \u202egnp.exe';

/** @param {(server: import('./server.mjs').Server, browser: import('playwright-core').Browser) => Promise<void>} run */
async function withServer(run) {
  const server = await startServer();
  const browser = await launchChromium();
  try {
    await run(server, browser);
  } finally {
    await browser.close();
    await server.clean();
  }
}

/** @param {Guest} who */
const table = (who) => who.page.getByRole('table', { name: who.t('record.title'), exact: true });

/** The part that opens and closes. @param {Guest} who */
const part = (who) => who.page.locator('details', { hasText: who.t('record.title') });

/** Its button. @param {Guest} who */
const disclosure = (who) => part(who).locator('summary');

/** Leaves, and opens the record with the keyboard. @param {Guest} who */
async function leaveAndOpen(who) {
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  await disclosure(who).press('Enter');
}

/** The cells of the record, row by row. @param {Guest} who */
const cells = (who) => table(who).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

const TIME = /^\d?\d:\d\d( [AP]M)?$/;

for (const language of LANGUAGES) {
  test(`who was there, so far and at the end, ${language}`, () => withServer(async (server, browser) => {
    const ann = await guest(browser, server.url, { as: 'Ann', language, prefs: { mic: false, cam: false } });
    const ben = await guest(browser, server.url, { as: 'Ben', name: EVIL, prefs: { mic: false, cam: false } });
    await ann.enter('record');
    await ben.enter('record');
    await ben.control('bar.leave').click();
    await ben.button('end.rejoin').click();
    await ben.bar.waitFor();
    await leaveAndOpen(ann);

    // Ben is still there, for the second time.
    await table(ann).waitFor();
    await ann.said('people.count', { n: 2 });
    const there = ann.t('record.there');
    const [me, first, second, ...more] = await cells(ann);
    assert.deepEqual(more, []);
    assert.equal(me[0], `Ann ${ann.t('record.you')}`);
    assert.match(me[3] ?? '', /^0:\d\d$/);
    for (const time of [me[1], me[2], first[1], first[2], second[0]]) assert.match(time ?? '', TIME);
    assert.match(first[0] ?? '', /^<img src=x onerror=alert\(1\)>/, 'markup is text');
    assert.equal(second[1], there);
    const headers = await table(ann).getByRole('columnheader').allInnerTexts();
    assert.deepEqual(headers, [ann.t('bar.people'), ann.t('record.came'), ann.t('record.left'), ann.t('end.duration')]);
    await clean(ann, 'record of a running meeting');

    await ben.control('bar.leave').click();
    await ben.heading('end.title.left').waitFor();
    await ann.button('record.update').press('Enter');
    await eventually(() => cells(ann), (rows) => rows.length === 3 && !rows.flat().includes(there), { what: 'nobody is there' });
    await ann.button('record.update').waitFor({ state: 'hidden' });

    const download = ann.page.waitForEvent('download');
    await ann.button('record.download').click();
    const file = await download;
    assert.equal(file.suggestedFilename(), 'parley-record.json');
    const record = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal(record.participants.length, 2);
    assert.equal(record.participants[0].isLocal, true);
    assert.equal(record.participants[1].stays.length, 2);
    assert.match(record.endedAt, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.doesNotMatch(JSON.stringify(record), /token|user|identity/);

    for (const who of [ann, ben]) {
      assert.deepEqual(who.page.problems, [], who.name);
      assert.deepEqual(await who.violations(), [], who.name);
    }
  }));
}

test('on a phone the record fits, in dark and light', () => withServer(async (server, browser) => {
  for (const theme of /** @type {const} */ (['dark', 'light'])) {
    const who = await guest(browser, server.url, { language: 'zh-Hans', name: 'W'.repeat(60), prefs: { theme, mic: false, cam: false }, context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } });
    await who.enter(`phone-${theme}`);
    await leaveAndOpen(who);
    await table(who).waitFor();
    await clean(who, `record on a phone, ${theme}`);
    assert.ok(await who.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
    await who.close();
  }
}));

test('a record that can not be had says why, and is there after a restart', async () => {
  const first = await startServer();
  const browser = await launchChromium();
  /** @type {import('./server.mjs').Server | undefined} */
  let second;
  try {
    const ann = await guest(browser, first.url, { prefs: { mic: false, cam: false } });
    await ann.enter('restarted');
    await ann.control('bar.leave').click();
    await ann.heading('end.title.left').waitFor();

    // Not even the page's part for it can be had.
    await first.stop();
    await disclosure(ann).click();
    await ann.shown('error.connect_failed');
    await eventually(() => part(ann).evaluate((d) => /** @type {HTMLDetailsElement} */ (d).open), (open) => !open, { what: 'it is closed again' });

    second = await startServer({ data: first.data, port: first.port });
    await ann.page.route('**/record', (route) => route.abort());
    await disclosure(ann).click();
    await part(ann).getByText(ann.t('error.connect_failed')).waitFor();
    await clean(ann, 'record that can not be had');
    await ann.page.unroute('**/record');
    await ann.button('app.retry').click();
    await table(ann).waitFor();
    assert.deepEqual((await cells(ann)).map((row) => row[0]), [`Ann ${ann.t('record.you')}`]);
    assert.equal(await part(ann).getByText(ann.t('error.connect_failed')).count(), 0);

    // Nobody else's: no record, and nothing to try again.
    await ann.page.route('**/record', (route) => route.fulfill({ status: 403, json: { code: 'unauthorized', message: '' } }));
    await disclosure(ann).click();
    await disclosure(ann).click();
    await part(ann).getByText(ann.t('record.none')).waitFor();
    assert.equal(await ann.button('app.retry').isVisible(), false);
    await ann.close();
  } finally {
    await browser.close();
    await (second ?? first).clean();
  }
});
