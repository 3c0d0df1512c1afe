// How the page looks to different eyes: the system's colours, the region's
// dates, forced colours, and what is told by more than a colour.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const { server, browser } = await open();
const OFF = { mic: false, cam: false };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** @param {Guest} who */
const theme = (who) => who.page.evaluate(() => document.documentElement.dataset.theme);

/** Notes every theme that the document ever had. @param {Guest} who */
const watchTheme = (who) =>
  who.page.addInitScript(() => {
    const seen = /** @type {string[]} */ ([]);
    Object.assign(window, { seen });
    const note = () => {
      const now = document.documentElement?.dataset.theme;
      if (now && document.body && now !== seen.at(-1)) seen.push(now);
      requestAnimationFrame(note);
    };
    note();
  });

/** @param {Guest} who */
const seen = (who) => who.page.evaluate(() => /** @type {any} */ (window).seen);

test('the page is light or dark as the system is, at once and when it changes', async () => {
  const who = await guest(browser, server.url, { context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['light'], 'no other colours before');
  assert.equal(await who.page.getByRole('combobox', { name: who.t('app.theme') }).inputValue(), 'system');
  await who.page.emulateMedia({ colorScheme: 'dark' });
  await eventually(() => theme(who), (now) => now === 'dark', { what: 'dark with the system' });
  assert.equal(await who.page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  await who.page.emulateMedia({ colorScheme: 'light' });
  await eventually(() => theme(who), (now) => now === 'light', { what: 'light with the system' });
  await who.close();
});

test('who chose colours keeps them, whatever the system does', async () => {
  const who = await guest(browser, server.url, { context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  const select = who.page.getByRole('combobox', { name: who.t('app.theme') });
  await select.selectOption('dark');
  assert.equal(await theme(who), 'dark');
  await who.page.reload();
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['dark'], 'no light before');
  assert.equal(await select.inputValue(), 'dark');
  await select.selectOption('light');
  await who.page.emulateMedia({ colorScheme: 'dark' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await theme(who), 'light');
  const bars = await who.page.locator('meta[name="theme-color"]').evaluateAll((all) => all.map((m) => m.getAttribute('content')));
  assert.ok(bars.length && bars.every((colour) => colour === '#f3f6f6'), 'the bar of the browser, too');
  await select.selectOption('system');
  assert.equal(await theme(who), 'dark');
  await who.close();
});

test('what the first version stored as dark without being asked follows the system', async () => {
  const who = await guest(browser, server.url, { prefs: { theme: 'dark', sounds: {} }, context: { colorScheme: 'light' } });
  await watchTheme(who);
  await who.page.goto(server.url);
  await who.button('landing.new').waitFor();
  assert.deepEqual(await seen(who), ['light']);
  await who.close();
});

/** The details of the connection. @param {Guest} who */
const details = (who) => who.page.getByRole('region', { name: who.t('stats.title'), exact: true });

/** Whether everything in the details can be seen without moving it sideways. @param {Guest} who */
const whole = (who) =>
  details(who).evaluate((el) => {
    const { left, right } = el.getBoundingClientRect();
    const inside = [...el.querySelectorAll('th, td, .stats-facts, button')].filter((part) => part.checkVisibility()).map((part) => part.getBoundingClientRect());
    return left >= 0 && right <= innerWidth && inside.length > 8 && inside.every((part) => part.left >= left && part.right <= right);
  });

for (const language of LANGUAGES) {
  test(`the details of the connection are whole, name their pictures in words, and close with Escape, ${language}`, async () => {
    const who = await guest(browser, server.url, { language, width: 1280, height: 720, prefs: { mic: false }, context: { viewport: { width: 1280, height: 800 } } });
    const named = `a name that is as long as a name of a person is allowed to be`;
    const other = await guest(browser, server.url, { as: 'Ben', name: named, prefs: { mic: false } });
    await who.enter(`details-${language.toLowerCase()}`);
    await other.enter(`details-${language.toLowerCase()}`);
    await who.more('bar.stats');
    const high = `${who.t('stats.layer.f')}${language === 'en' ? ', ' : '，'}1280×720`;
    await details(who).getByText(high).first().waitFor();
    await details(who).getByRole('rowheader', { name: new RegExp(named.slice(0, 10)) }).first().waitFor();
    assert.ok(await whole(who), 'at 1280 pixels');
    assert.doesNotMatch(await details(who).innerText(), /(^|\s)[qhf](\s|$)/m, 'no letters that mean a layer');

    await who.page.keyboard.press('Escape');
    await details(who).waitFor({ state: 'detached' });
    assert.equal(await who.control('bar.more').evaluate((el) => el === document.activeElement), true, 'the focus is where it was');

    // Also from elsewhere, but what is nearer first.
    await who.more('bar.stats');
    await details(who).waitFor();
    await who.control('bar.more').click();
    await who.page.keyboard.press('Escape');
    await who.page.getByRole('menuitem').first().waitFor({ state: 'detached' });
    assert.ok(await details(who).isVisible(), 'Escape closed the menu');
    await who.page.keyboard.press('Escape');
    await details(who).waitFor({ state: 'detached' });
    await other.close();
    await who.close();
  });
}

test('on a phone each figure of the details has its name', async () => {
  const who = await guest(browser, server.url, { language: 'zh-Hans', width: 1280, height: 720, context: PHONE });
  await who.enter('details-phone');
  await who.page.keyboard.press('x');
  const row = details(who).locator('tr').filter({ hasText: '1280×720' });
  await row.first().waitFor();
  assert.ok(await whole(who), 'on a phone');
  const labels = () => row.first().locator('td').evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell, '::before').content));
  const named = (/** @type {string[]} */ all) => all.length === 7 && all.includes(`"${who.t('stats.bitrate')}"`) && all.every((label) => label.length > 3);
  await eventually(labels, named, { what: 'each figure has its name' }); // the row is drawn anew each second
  await clean(who, 'details on a phone');
  await who.close();
});

test('on a phone what takes two lines in the settings has room for them', async () => {
  const who = await guest(browser, server.url, { prefs: OFF });
  await who.enter('settings');
  await who.more('app.settings');
  await who.page.getByRole('tab', { name: who.t('settings.general') }).click();
  await who.page.getByRole('switch').first().waitFor();
  await who.page.setViewportSize({ width: 390, height: 844 });
  const squeezed = await who.page.locator('.tab-panel > .switch').evaluateAll((rows) => rows.filter((row) => row.clientHeight < (row.firstElementChild?.clientHeight ?? 0) + 10).map((row) => row.textContent));
  assert.deepEqual(squeezed, []);
  await who.close();
});

test('an English page in Germany shows 24 hours and figures with a comma', async () => {
  const who = await guest(browser, server.url, { prefs: { lang: 'en', ...OFF }, context: { locale: 'de-DE' } });
  await who.enter('germany');
  await who.say('hello');
  assert.match(await who.log.locator('time').first().innerText(), /^\d\d:\d\d$/);
  await who.page.keyboard.press('Escape');
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  assert.match(await who.page.getByRole('region', { name: who.t('end.summary') }).locator('p').innerText(), /^\d\d? [A-Z][a-z]+ \d{4}, \d\d:\d\d$/);
  await who.close();
});

/** The texts of buttons and signs that can be read: how far apart the lightest and the darkest dot of each is. @param {Guest} who @param {import('playwright-core').Locator} what */
async function contrast(who, what) {
  const png = (await what.screenshot({ animations: 'disabled' })).toString('base64');
  const blank = await who.page.context().newPage();
  const ratio = await blank.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const c = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
    c.drawImage(bitmap, 0, 0);
    const { data: dots } = c.getImageData(0, 0, bitmap.width, bitmap.height);
    const part = (/** @type {number} */ v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    let [low, high] = [1, 0];
    for (let i = 0; i < dots.length; i += 4) {
      const light = 0.2126 * part(dots[i]) + 0.7152 * part(dots[i + 1]) + 0.0722 * part(dots[i + 2]);
      low = Math.min(low, light);
      high = Math.max(high, light);
    }
    return (high + 0.05) / (low + 0.05);
  }, png);
  await blank.close();
  return ratio;
}

/** The style that the page draws with. @param {import('playwright-core').Locator} what @param {string} name @param {string} [pseudo] */
const style = (what, name, pseudo) => what.evaluate((el, [n, p]) => getComputedStyle(el, p || null).getPropertyValue(n), [name, pseudo ?? '']);

/** Tells the page of bad networks and of who speaks, whatever the server measures. */
function troubled() {
  const own = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage'));
  /** @type {Set<string>} */
  const ids = new Set();
  let self = '';
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...own,
    set(take) {
      const through = take && ((/** @type {MessageEvent} */ event) => {
        const message = typeof event.data === 'string' ? JSON.parse(event.data) : {};
        if (message.type === 'joined') self = message.participant;
        if (message.type === 'speakers') return;
        if (message.type !== 'quality') return take(event);
        for (const { participant } of message.participants) ids.add(participant);
        const participants = [...ids].map((participant) => ({ ...message.participants[0], participant, score: participant === self ? 'poor' : 'lost' }));
        take({ data: JSON.stringify({ ...message, participants }) });
        take({ data: JSON.stringify({ type: 'speakers', speakers: [...ids].map((participant) => ({ participant, level: 20 })) }) });
      });
      own.set?.call(this, through);
    },
  });
}

/** Two people of whom both do badly and both speak, as one of them sees it. @param {string} room @param {Parameters<typeof guest>[2]} [options] */
async function twoInTrouble(room, options) {
  const who = await guest(browser, server.url, options);
  await who.page.addInitScript(troubled);
  const other = await guest(browser, server.url, { as: 'Ben' });
  await other.enter(room);
  await who.enter(room);
  await who.tileSays(who.ownTile, 'tile.poor');
  return { who, other, tile: who.tile('Ben') };
}

for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
  test(`in forced colours every text and state can be seen, ${colorScheme}`, async () => {
    const { who, other } = await twoInTrouble(`forced-${colorScheme}`, { context: { forcedColors: 'active', colorScheme, viewport: { width: 1280, height: 800 } } });
    const seen = async (/** @type {import('playwright-core').Locator} */ what, /** @type {string} */ called) => {
      const ratio = await contrast(who, what);
      assert.ok(ratio >= 4.5, `${called}: ${ratio.toFixed(1)}`);
    };
    for (const net of await who.stage.locator('.tile-net:visible').all()) await seen(net, 'the sign of a bad network');

    // On and off are two looks, not two colours of the same.
    const mic = who.control('bar.mic');
    const on = await style(mic, 'background-color');
    await who.page.keyboard.press('m');
    await who.pressed(mic, false);
    assert.notEqual(await style(mic, 'background-color'), on);
    await seen(mic, 'a microphone that is off');

    // The focus is one line around, who speaks has a double one within.
    await who.control('bar.more').focus();
    assert.equal(await style(who.control('bar.more'), 'outline-style'), 'solid');
    assert.equal(await style(who.tile('Ben'), 'outline-style', '::after'), 'double');

    await who.page.getByRole('banner').getByRole('button').first().click();
    await seen(who.button('share.copyLink').locator('span'), 'copy the link');
    await seen(who.button('share.copyInvitation').locator('span'), 'copy the invitation');
    await who.page.keyboard.press('Escape');

    await who.more('app.settings');
    await who.page.getByRole('tab', { name: who.t('settings.general') }).click();
    for (const box of await who.page.getByRole('switch').all()) await seen(box, 'a switch');
    await who.page.keyboard.press('Escape');

    // What can not be pressed does not look as if it could, also below the mouse.
    await who.openChat();
    const send = who.button('chat.send');
    await send.hover({ force: true });
    assert.equal(await send.getAttribute('aria-disabled'), 'true');
    await seen(send.locator('svg'), 'a button that does nothing');
    await other.close();
    await who.close();
  });
}

test('forced colours that come later are heeded, and nobody else loads them', async () => {
  const who = await guest(browser, server.url);
  await who.page.goto(server.url);
  await who.button('landing.new').waitFor();
  const sheets = () => who.page.evaluate(() => [...document.styleSheets].filter((s) => s.href?.includes('forced')).length);
  assert.equal(await sheets(), 0);
  await who.page.emulateMedia({ forcedColors: 'active' });
  await eventually(sheets, (n) => n === 1, { what: 'the sheet of forced colours' });
  assert.ok((await contrast(who, who.button('landing.new'))) >= 4.5);
  await who.close();
});

test('a bad network is told by a drawing and words, on any picture', async () => {
  const { who, other, tile } = await twoInTrouble('network', { prefs: { selfView: 'float' }, context: { viewport: { width: 1280, height: 800 } } });
  const lost = tile.locator('.tile-net');
  assert.equal(await lost.innerText(), who.t('quality.lost'));
  assert.ok((await contrast(who, lost.locator('span'))) >= 4.5);
  await who.tileSays(tile, 'quality.lost');

  // A small tile has no room for words: the drawing and its title stay.
  const poor = who.ownTile.locator('.tile-net');
  assert.ok(await poor.locator('svg').isVisible());
  assert.equal(await poor.locator('span').isVisible(), false);
  assert.equal(await poor.getAttribute('title'), who.t('quality.poor'));
  assert.ok((await contrast(who, poor)) >= 4.5);
  assert.notEqual(await lost.locator('svg').innerHTML(), await poor.locator('svg').innerHTML(), 'another drawing');
  await clean(who, 'bad networks');
  await other.close();
  await who.close();
});

for (const theme of /** @type {const} */ (['dark', 'light'])) {
  test(`focus and speaking differ by more than a colour, ${theme}`, async () => {
    const { who, other, tile } = await twoInTrouble(`rings-${theme}`, { prefs: { theme } });
    assert.ok(await tile.locator('.voice').isVisible(), 'who speaks has a sign');
    assert.match(await style(tile, 'box-shadow', '::after'), /inset/, 'and a ring within');
    const more = who.control('bar.more');
    await who.page.keyboard.press('Tab');
    await more.focus();
    const [colour, kind] = [await style(more, 'outline-color'), await style(more, 'outline-style')];
    assert.equal(kind, 'solid');
    assert.ok(!(await style(tile, 'box-shadow', '::after')).startsWith(colour), 'another colour, too');
    assert.ok(parseFloat(await style(more, 'outline-offset')) > 0, 'the focus is around');
    await other.close();
    await who.close();
  });
}

test('the people of a meeting open no keyboard on a phone, and are searched at once elsewhere', async () => {
  const phone = await guest(browser, server.url, { prefs: OFF, context: PHONE });
  await phone.enter('keyboard');
  await phone.control('bar.more').click();
  await phone.button('bar.peopleCount', { n: 1 }).click();
  await phone.panel('people.title').waitFor();
  await eventually(() => phone.page.evaluate(() => document.activeElement?.tagName), (tag) => tag === 'H2', { what: 'the focus is on the heading' });
  await phone.close();

  const desk = await guest(browser, server.url, { prefs: OFF });
  await desk.enter('keyboard');
  await desk.openPeople();
  await eventually(() => desk.page.evaluate(() => document.activeElement?.tagName), (tag) => tag === 'INPUT', { what: 'the search has the focus' });
  await desk.close();
});
