// Devices that are refused, missing, busy or unplugged: each case has its own
// words and a way on, and help goes away by itself when access appears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clean } from './axe.mjs';
import { eventually } from './cast.mjs';
import { fakeDevices } from './fake_devices.mjs';
import { open } from './open.mjs';
import { LANGUAGES, guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */
/** @typedef {import('./ui.mjs').Key} Key */

const { server, browser } = await open({ args: ['--allow-host', 'meet.test'] });

/** What browsers throw, by the cause the texts tell. */
const FAULTS = {
  permission_denied: 'NotAllowedError',
  system_denied: 'NotAllowedError|Permission denied by system',
  not_found: 'NotFoundError',
  in_use: 'NotReadableError',
  other: 'TypeError',
};
const PLUGGED = { audioinput: ['Desk microphone', 'Headset'], videoinput: ['Front camera', 'Back camera'] };

/** @param {object} [options] @param {import('./fake_devices.mjs').Plugged} [plugged] */
async function atDesk(options, plugged = PLUGGED) {
  const who = await guest(browser, server.url, options);
  await who.page.addInitScript(fakeDevices, plugged);
  return who;
}

/** Calls window.desk. @param {Guest} who @param {'fail' | 'permit' | 'plug' | 'unplug'} what @param {...unknown} args */
const desk = (who, what, ...args) => who.page.evaluate(([w, a]) => /** @type {any} */ (window).desk[w](...a), /** @type {const} */ ([what, /** @type {any[]} */ (args)]));

for (const language of LANGUAGES) {
  test(`every cause and device has its words and a way on, ${language}`, async () => {
    const who = await atDesk({ language });
    await who.page.goto(`${server.url}/r/device-cases`);
    for (const [cause, fault] of Object.entries(FAULTS)) {
      for (const which of language === 'en' ? ['both', 'microphone', 'camera'] : ['both']) {
        await desk(who, 'fail', { microphone: which === 'camera' ? '' : fault, camera: which === 'microphone' ? '' : fault });
        await who.page.reload();
        const title = who.t(/** @type {Key} */ (`media.${cause}.${which}.title`));
        const notice = who.page.getByRole('region', { name: title, exact: true });
        await notice.waitFor();
        await notice.getByText(`${who.t(/** @type {Key} */ (`media.${cause}.${which}.text`))} ${who.t('media.joinAnyway')}`, { exact: true }).waitFor();
        await notice.getByRole('button', { name: who.t('app.retry'), exact: true }).waitFor();
        assert.equal(await who.page.getByRole('region', { name: title }).count(), 1, 'one notice, not two');
        await who.button(which === 'both' ? 'prejoin.joinListen' : 'prejoin.join').waitFor();
      }
    }
    assert.deepEqual(who.page.problems, []);
    await who.close();
  });
}

test('help in the preview closes by itself: permission, plugged in, tried again', async () => {
  const who = await atDesk({});
  await who.page.goto(`${server.url}/r/device-help`);
  const gone = (/** @type {Key} */ key) => who.page.getByRole('region', { name: who.t(key) }).waitFor({ state: 'detached' });

  await desk(who, 'fail', { microphone: FAULTS.permission_denied, camera: FAULTS.permission_denied });
  await who.page.reload();
  await who.page.getByRole('region', { name: who.t('media.permission_denied.both.title') }).waitFor();
  await desk(who, 'fail', { microphone: '', camera: '' });
  await desk(who, 'permit', 'microphone', 'granted');
  await desk(who, 'permit', 'camera', 'granted');
  await gone('media.permission_denied.both.title');
  await who.button('prejoin.join').waitFor();

  await desk(who, 'fail', { camera: FAULTS.not_found });
  await who.page.reload();
  await who.page.getByRole('region', { name: who.t('media.not_found.camera.title') }).waitFor();
  await desk(who, 'fail', { camera: '' });
  await desk(who, 'plug', 'videoinput', 'New camera');
  await gone('media.not_found.camera.title');

  await desk(who, 'fail', { camera: FAULTS.in_use });
  await who.page.reload();
  const busy = who.page.getByRole('region', { name: who.t('media.in_use.camera.title') });
  await busy.waitFor();
  await desk(who, 'fail', { camera: '' });
  await busy.getByRole('button', { name: who.t('app.retry') }).click();
  await gone('media.in_use.camera.title');
  await who.close();
});

test('without devices one can join, and turn them on in the meeting when they work', async () => {
  const ann = await atDesk({});
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false } });
  await ben.enter('device-none');
  await ann.page.goto(`${server.url}/r/device-none`);
  await desk(ann, 'fail', { microphone: FAULTS.permission_denied, camera: FAULTS.permission_denied });
  await ann.page.reload();
  await ann.button('prejoin.joinListen').waitFor();
  await ann.text('prejoin.noDevices').waitFor();
  await ann.join();
  await ann.moves(ann.tile('Ben'));
  for (const key of /** @type {const} */ (['tile.muted', 'tile.camOff'])) await ben.tileSays(ben.tile('Ann'), key);
  await ann.text('room.unheard').first().waitFor();
  await ann.said('room.unheard');

  await ann.control('bar.mic').click();
  const help = ann.page.getByRole('alertdialog', { name: ann.t('media.permission_denied.microphone.title') });
  await help.waitFor();
  await help.getByText(ann.t('help.chromium')).waitFor();
  assert.equal(await help.getByText(ann.t('media.joinAnyway')).count(), 0, 'one is in the meeting already');
  await desk(ann, 'fail', { microphone: '', camera: '' });
  await desk(ann, 'permit', 'microphone', 'granted');
  await help.waitFor({ state: 'detached' });
  await ben.tileSays(ben.tile('Ann'), 'tile.muted', false);

  await ann.control('bar.cam').click();
  await ben.moves(ben.tile('Ann'));
  await ann.close();
  await ben.close();
});

test('switching devices in the call does not negotiate again', async () => {
  const ann = await atDesk({});
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false, cam: false } });
  await ann.page.goto(`${server.url}/r/device-switch`);
  await ann.page.getByRole('combobox', { name: ann.t('device.mic'), exact: true }).selectOption({ label: 'Headset' });
  await eventually(() => ann.page.evaluate(() => [.../** @type {any} */ (window).desk.live].filter((t) => t.readyState === 'live').map((t) => t.label)), (labels) => labels.includes('Headset') && labels.length === 2, {
    what: 'the headset is open, the other microphone closed',
  });
  await ann.join();
  await ben.enter('device-switch');
  await ben.moves(ben.tile('Ann'));
  const before = await ann.page.evaluate(() => /** @type {any} */ (window).desk.negotiations);

  await ann.control('device.camMenu').click();
  await ann.page.getByRole('radio', { name: 'Back camera' }).click();
  await ann.shown('device.switched', { label: 'Back camera' });
  await ben.moves(ben.tile('Ann'));
  await ann.control('device.micMenu').click();
  await ann.page.getByRole('radio', { name: 'Desk microphone' }).click();
  await ann.shown('device.switched', { label: 'Desk microphone' });
  const { negotiations, live } = await ann.page.evaluate(() => {
    const { desk } = /** @type {any} */ (window);
    return { negotiations: desk.negotiations, live: [...desk.live].filter((t) => t.readyState === 'live').map((t) => t.label) };
  });
  assert.equal(negotiations, before, 'no new offer');
  assert.deepEqual(live.sort(), ['Back camera', 'Desk microphone'], 'only what is used is open');

  // A new device is offered, not taken.
  await desk(ann, 'plug', 'audioinput', 'Conference phone');
  await ann.page.getByText(ann.t('device.found', { label: 'Conference phone' })).first().hover(); // it stays while pointed at
  await ann.button('device.use').click();
  await ann.shown('device.switched', { label: 'Conference phone' });
  await ann.close();
  await ben.close();
});

test('unplugging falls back to another device, or says that there is none', async () => {
  const ann = await atDesk({}, { audioinput: ['Desk microphone'], videoinput: ['Front camera', 'Back camera'] });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { mic: false, cam: false } });
  await ann.enter('device-unplug');
  await ben.enter('device-unplug');
  await ben.moves(ben.tile('Ann'));

  await desk(ann, 'unplug', 'videoinput', 'Front camera');
  await ann.shown('device.lostFallback', { label: 'Front camera', fallback: 'Back camera' });
  await ben.moves(ben.tile('Ann'));

  await desk(ann, 'unplug', 'audioinput', 'Desk microphone');
  await ann.shown('device.lost', { label: 'Desk microphone' });
  await ann.pressed(ann.control('bar.mic'), false);
  await ben.tileSays(ben.tile('Ann'), 'tile.muted');
  await ann.close();
  await ben.close();
});

test('a speaker that is unplugged gives way to the system’s choice, and is used again when it is back', async () => {
  const ann = await atDesk({ prefs: { mic: false, cam: false, speakerId: 'Headphones' } }, { ...PLUGGED, audiooutput: ['Loudspeaker', 'Headphones'] });
  const ben = await guest(browser, server.url, { as: 'Ben', prefs: { cam: false } });
  await ben.enter('device-speaker');
  await ann.enter('device-speaker');
  const sink = () => ann.page.evaluate(() => /** @type {any} */ (window).desk.sinks.at(-1));
  await eventually(sink, (id) => id === 'Headphones', { what: 'Ben is heard in the headphones' });
  await desk(ann, 'unplug', 'audiooutput', 'Headphones');
  await ann.shown('device.lostFallback', { label: 'Headphones', fallback: ann.t('device.default') });
  await eventually(sink, (id) => id === '', { what: 'Ben is heard somewhere' });
  await desk(ann, 'plug', 'audiooutput', 'Headphones');
  await ann.shown('device.switched', { label: 'Headphones' });
  await eventually(sink, (id) => id === 'Headphones', { what: 'Ben is heard in the headphones again' });
  await ann.close();
  await ben.close();
});

test('a phone changes between its front and its back camera, however the first was chosen', async () => {
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
  const ann = await atDesk({ context: phone, prefs: { mic: false, camId: 'Front camera' } });
  await ann.enter('device-flip');
  const label = () => ann.page.evaluate(() => [.../** @type {any} */ (window).desk.live].filter((t) => t.kind === 'video' && t.readyState === 'live').map((t) => t.label).join());
  const flip = async () => {
    await ann.control('device.camMenu').click();
    await ann.button('device.flip').click();
  };
  await flip();
  await eventually(label, (l) => l === 'Back camera', { what: 'the back camera' });
  // Off and on again it is still the one that was chosen last.
  await ann.control('bar.cam').click();
  await ann.pressed(ann.control('bar.cam'), false);
  await ann.control('bar.cam').click();
  await eventually(label, (l) => l === 'Back camera', { what: 'still the back camera' });
  await flip();
  await eventually(label, (l) => l === 'Front camera', { what: 'the front camera again' });
  await ann.close();
});

for (const language of LANGUAGES) {
  test(`an insecure address and an old browser are told, ${language}`, async () => {
    const who = await guest(browser, server.url, { language });
    const url = `http://meet.test:${server.port}`;
    await who.page.goto(url);
    const warning = who.page.getByRole('region', { name: who.t('insecure.title') });
    await warning.getByText(who.t('insecure.text', { origin: url })).waitFor();
    await who.said('insecure.title');
    await warning.getByText(who.t('insecure.ways')).click();
    await warning.getByRole('link', { name: `http://localhost:${server.port}/` }).waitFor();
    await clean(who, 'the first page at an insecure address');
    await who.page.goto(server.url);
    await who.heading('landing.headline').waitFor();
    assert.equal(await who.heading('insecure.title').count(), 0);

    await who.page.goto(`${url}/r/insecure-room`);
    await who.heading('insecure.title').waitFor();
    await who.text('insecure.text', { origin: url }).waitFor();
    await who.page.getByRole('link', { name: `http://localhost:${server.port}/r/insecure-room` }).waitFor();
    await who.button('insecure.listen').click();
    await who.button('prejoin.joinListen').waitFor();
    await who.join();
    await who.heading('room.alone').waitFor();

    await who.page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
    await who.page.goto(`${server.url}/r/old-browser`);
    await who.heading('old.title').waitFor();
    await who.text('old.text', { missing: 'RTCPeerConnection' }).waitFor();
    await who.page.getByRole('link', { name: who.t('page.home') }).first().waitFor();
    await who.close();
  });
}
