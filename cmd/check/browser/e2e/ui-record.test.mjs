// The record of a meeting on its end page: who was there, when and how long.
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { openChromium } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { startServer } from './server.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const OFF = { mic: false, cam: false };
const EVIL = '<img src=x onerror=alert(1)> \u202egnp.exe';

/** @param {(server: import('./server.mjs').Server, browser: import('playwright-core').Browser) => Promise<void>} run */
async function withServer(run) {
  const server = await startServer();
  const browser = await openChromium();
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

    const { name, text } = await saved(ann, 'record.download');
    assert.equal(name, 'parley-record.json');
    const record = JSON.parse(text);
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

/** Saves a file of the record. @param {Guest} who @param {import('./ui.mjs').Key} button */
async function saved(who, button) {
  const download = who.page.waitForEvent('download');
  await who.button(button).click();
  const file = await download;
  return { name: file.suggestedFilename(), text: (await buffer(await file.createReadStream())).toString() };
}

test('the record is a table for spreadsheets, whatever people are called', () => withServer(async (server, browser) => {
  const ann = await guest(browser, server.url, { language: 'zh-Hans', name: '=HYPERLINK("http://evil.example")', prefs: OFF, context: { timezoneId: 'Asia/Kolkata' } });
  const ben = await guest(browser, server.url, { name: '＝1+1', prefs: OFF });
  await ann.enter('table');
  await ben.enter('table');
  await leaveAndOpen(ann);
  const { name, text } = await saved(ann, 'record.csv');
  assert.equal(name, 'parley-table.csv');
  assert.equal(text[0], '\ufeff');
  const [head, first, second, ...more] = text.slice(1).split('\r\n');
  assert.deepEqual(more, ['']);
  assert.equal(head, [ann.t('record.meeting'), ann.t('record.name'), ann.t('record.came'), ann.t('record.left'), ann.t('record.seconds')].join());
  assert.match(first, /^table,"'=HYPERLINK\(""http:\/\/evil\.example""\)",\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:30,\d+$/);
  assert.match(second, /^table,'＝1\+1,\d{4}.*\+05:30,,\d+$/, 'who is still there has not left');
  assert.deepEqual(ann.page.problems, []);
  assert.deepEqual(await ann.violations(), []);
}));

/** A record of many people over two days. @param {number} n */
function manyPeople(n) {
  const start = Date.UTC(2026, 10, 30, 22, 0);
  const iso = (/** @type {number} */ minutes) => new Date(start + minutes * 60_000).toISOString();
  const participants = Array.from({ length: n }, (_, i) => ({ name: `Person ${i}`, you: i === 0, intervals: [{ join: iso(i), leave: iso(i + 1) }, { join: iso(i + 2), leave: iso(i + 300) }] }));
  return { id: '01900000-0000-7000-8000-000000000000', room: 'paper', start: iso(0), end: iso(600), peak: n, participants };
}

test('on paper there is the record, black on white, with its name, its date and nothing else', () => withServer(async (server, browser) => {
  const ann = await guest(browser, server.url, { prefs: { ...OFF, theme: 'dark' } });
  // A note on the screen that is not for paper.
  await ann.page.routeWebSocket(/\/api\/v1\/ws/, (ws) => {
    ws.connectToServer().onMessage((text) => {
      const message = JSON.parse(String(text));
      ws.send(message.type === 'joined' ? JSON.stringify({ ...message, recorded: false, record_pending: true }) : text);
    });
  });
  await ann.enter('paper');
  await ann.page.route('**/record', (route) => route.fulfill({ json: manyPeople(60) }));
  await leaveAndOpen(ann);
  await table(ann).waitFor();
  assert.equal(await ann.page.locator('.record-head').isVisible(), false, 'the head is for paper');
  await ann.text('record.pending').waitFor();
  await ann.page.emulateMedia({ media: 'print' });
  const seen = await ann.page.evaluate(() => {
    const inked = [...document.body.querySelectorAll('*')].filter((el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent?.trim()));
    const colours = (/** @type {Element} */ el) => getComputedStyle(el).color;
    const paper = [...document.querySelectorAll('html, body, parley-app, parley-meeting, parley-end, main, .record')].map((el) => [getComputedStyle(el).backgroundColor, getComputedStyle(el).backgroundImage, getComputedStyle(el).display]);
    return { outside: inked.filter((el) => !el.closest('parley-record')).map((el) => el.outerHTML.slice(0, 80)), colours: [...new Set(inked.map(colours))], buttons: inked.filter((el) => el.closest('button')).length, head: document.querySelector('.record-head')?.textContent, paper };
  });
  assert.deepEqual(seen.outside, []);
  assert.equal(seen.buttons, 0);
  assert.match(seen.head ?? '', /paper/);
  for (const colour of seen.colours) assert.ok((colour.match(/\d+/g) ?? []).every((part) => Number(part) <= 0x33), `${colour} is dark`);
  for (const [colour, image, display] of seen.paper) {
    assert.match(colour, /^rgb\(255, 255, 255\)$|^rgba\(0, 0, 0, 0\)$/);
    assert.equal(image, 'none');
    assert.ok(!['flex', 'grid'].includes(display), 'boxes that do not break');
  }
  assert.ok(await part(ann).getByText('30 Nov 2026').first().isVisible());
  await ann.page.emulateMedia({ media: null });
  const pdf = (await ann.page.pdf({ format: 'A4' })).toString('latin1');
  const pages = pdf.match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
  assert.ok(pages >= 3 && pages <= 6, `${pages} pages`);
  await ann.page.evaluate(() => Object.assign(window, { printed: 0, print: () => Object.assign(window, { printed: 1 }) }));
  await ann.button('record.print').click();
  assert.equal(await ann.page.evaluate(() => /** @type {any} */ (window).printed), 1);
  assert.deepEqual(await ann.violations(), []);
}));

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
  const browser = await openChromium();
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
