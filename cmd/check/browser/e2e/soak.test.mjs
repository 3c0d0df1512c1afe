// Three people press whatever they like. At the end nobody's page has
// complained, nothing is left open, and the heap is no larger for it: neither
// after the meeting nor, once everything has been seen, from minute to minute.
//   PARLEY_LONG=1: three meetings of ten minutes; PARLEY_SEED, PARLEY_SECONDS,
//   PARLEY_PAUSE: longest pause between two actions, milliseconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAST, eventually } from './cast.mjs';
import { fakeDevices } from './fake_devices.mjs';
import { openWithCutter } from './open.mjs';
import { fakeScreen, watchMedia } from './soak_media.mjs';
import { guest } from './ui.mjs';

/** @typedef {import('./ui.mjs').Guest} Guest */

const LONG = process.env.PARLEY_LONG === '1';
const SECONDS = Number(process.env.PARLEY_SECONDS ?? (LONG ? 600 : 25));
const RUNS = LONG ? 3 : 1;
const SEED = Number(process.env.PARLEY_SEED ?? 20_260_722);
const PAUSE = Number(process.env.PARLEY_PAUSE ?? 400);
/** How often the heap is looked at during the meeting: in ten minutes once a minute; in a short one not at all. */
const LOOKS = SECONDS >= 100 ? 9 : 0;
/** How long nobody presses anything before, so that notes, reactions and the room of before are gone, milliseconds. */
const REST = 10_000;
/** How much may have been added after leaving: heap in bytes, nodes, listeners. */
const MAX_GROWTH = { bytes: 1.5e6, nodes: 400, listeners: 60 };
/** How much more the last third of the looks may have than the third before, at the least. */
const MAX_CREEP = { bytes: 1.5e5, nodes: 100, listeners: 20 };

// Interpreted only: what the engine compiles of hot functions, minute after
// minute, lies on the same heap and would hide what the page keeps.
const { browser, cutter } = await openWithCutter({ own: { because: 'its heap is measured', flags: ['--js-flags=--jitless'] } });

/** Chance that can be had again: mulberry32. @param {number} seed */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** @type {Record<string, (who: Guest, random: () => number) => Promise<unknown>>} */
const ACTIONS = {
  mute: (who) => who.control('bar.mic').click(),
  camera: (who) => who.control('bar.cam').click(),
  share: (who) => who.control('bar.share').click(),
  hand: (who) => who.control('bar.hand').click(),
  layout: (who) => who.page.keyboard.press('w'),
  stats: (who) => who.page.keyboard.press('x'),
  people: (who) => who.peopleControl.click(),
  chat: async (who, random) => {
    await who.openChat();
    await who.field('chat.field').fill(`line ${Math.floor(random() * 1e6)}`);
    await who.field('chat.field').press('Enter');
    await who.page.keyboard.press('Escape');
  },
  react: async (who) => {
    await who.control('bar.react').click();
    await who.button('react.send', { emoji: '👋' }).click();
  },
  cut: async () => cutter.cut(700),
  /** A microphone or camera is gone for a moment; now and then all of the kind. */
  unplug: (who, random) =>
    who.page.evaluate(
      async ({ kind, all, ms }) => {
        const { desk } = /** @type {any} */ (window);
        const gone = all ? [...desk.plugged[kind]] : desk.plugged[kind].slice(0, 1);
        for (const label of gone) desk.unplug(kind, label);
        await new Promise((resolve) => setTimeout(resolve, ms));
        for (const label of gone) desk.plug(kind, label);
      },
      { kind: random() < 0.5 ? 'audioinput' : 'videoinput', all: random() < 0.25, ms: random() * 800 },
    ),
  rejoin: async (who) => {
    await who.control('bar.leave').click();
    await who.button('end.rejoin').click();
    await who.bar.waitFor();
  },
};

/** What the page holds after collecting. @param {import('playwright-core').CDPSession} cdp */
async function held(cdp) {
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
  return { bytes: usedSize, nodes, listeners: jsEventListeners };
}

/** @typedef {Awaited<ReturnType<typeof held>>} Figures */
/** @typedef {Figures & {cdp: import('playwright-core').CDPSession}} Held */

/**
 * Makes what is on the page comparable: both panels have been open, as a panel
 * that was keeps its parts until the meeting is left, neither is now, and
 * nothing is shared.
 * @param {Guest} who
 */
async function calm(who) {
  await (await who.openPeople()).waitFor();
  await (await who.openChat()).waitFor();
  await who.chatControl.click();
  await who.panel('chat.title').waitFor({ state: 'hidden' });
  const share = who.control('bar.share');
  if ((await share.getAttribute('aria-pressed')) === 'true') await share.click();
  if (await who.page.getByRole('region', { name: who.t('stats.title') }).isVisible()) await who.page.keyboard.press('x');
}

/** What everybody's page holds now. @param {readonly Guest[]} people @param {readonly Held[]} before */
async function look(people, before) {
  for (const who of people) await calm(who);
  await new Promise((resolve) => setTimeout(resolve, REST));
  return Promise.all(before.map(({ cdp }) => held(cdp)));
}

/** Nothing creeps once everything there is has been used. @param {Guest} who @param {readonly Figures[]} looks */
function level(who, looks) {
  const series = (/** @type {keyof Figures} */ what, unit = 1) => looks.map((l) => (l[what] / unit).toFixed(unit > 1 ? 2 : 0)).join(' ');
  console.log(`${who.name} in the meeting: heap ${series('bytes', 1e6)} MB, nodes ${series('nodes')}, listeners ${series('listeners')}`);
  const third = looks.length / 3;
  for (const what of /** @type {const} */ (['bytes', 'nodes', 'listeners'])) {
    const least = (/** @type {readonly Figures[]} */ some) => Math.min(...some.map((l) => l[what]));
    const creep = least(looks.slice(-third)) - least(looks.slice(-2 * third, -third));
    assert.ok(creep < MAX_CREEP[what], `${who.name}: ${what} grow on, by ${creep}`);
  }
}

/** Into the meeting and out again. @param {Guest} who */
async function cycle(who) {
  await who.button('end.rejoin').click();
  await who.bar.waitFor();
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
}

for (let run = 0; run < RUNS; run++) {
  const seed = SEED + run;
  test(`three people, ${SECONDS} s of anything, seed ${seed}`, { timeout: (SECONDS + 240) * 1000 }, async () => {
    const random = chance(seed);
    const people = [];
    for (const as of /** @type {(keyof typeof CAST)[]} */ (['Ann', 'Ben', 'Cleo'])) {
      const who = await guest(browser, cutter.url, { as, width: 160, height: 90 });
      await who.page.addInitScript(fakeDevices, { audioinput: ['Desk microphone', 'Headset'], videoinput: ['Front camera', 'Back camera'] });
      await who.page.addInitScript(fakeScreen);
      await who.page.addInitScript(watchMedia);
      await who.enter(`soak-${seed}`);
      people.push(who);
    }
    const before = [];
    for (const who of people) {
      // Everything that is loaded once is loaded before the first look.
      await who.control('bar.leave').click();
      await cycle(who);
      const cdp = await who.page.context().newCDPSession(who.page);
      before.push({ cdp, ...(await held(cdp)) });
      await who.button('end.rejoin').click();
      await who.bar.waitFor();
    }

    const names = Object.keys(ACTIONS);
    /** @type {string[]} */
    const done = [];
    /** @type {Figures[][]} what was seen, by look and person */
    const looks = [];
    const start = Date.now();
    while (Date.now() < start + SECONDS * 1000) {
      if (looks.length < LOOKS && Date.now() > start + ((looks.length + 1) * SECONDS * 1000) / (LOOKS + 1)) looks.push(await look(people, before));
      const who = people[Math.floor(random() * people.length)];
      const name = names[Math.floor(random() * names.length)];
      done.push(`${who.name} ${name}`);
      await ACTIONS[name](who, random).catch((error) => assert.fail(`after ${done.slice(-12).join(', ')}: ${error.message}`));
      await new Promise((resolve) => setTimeout(resolve, random() * PAUSE));
    }

    for (const who of people) await eventually(() => who.stage.getByRole('group').count(), (n) => n >= 3, { what: `${who.name} still sees everyone after ${done.length} actions`, ms: 60_000 });
    const counts = Object.fromEntries(names.map((name) => [name, done.filter((d) => d.endsWith(` ${name}`)).length]));
    console.log(`${done.length} actions: ${Object.entries(counts).map(([name, n]) => `${name} ${n}`).join(', ')}`);
    if (looks.length) for (const [i, who] of people.entries()) level(who, looks.map((l) => l[i]));
    for (const [i, who] of people.entries()) await settled(who, before[i]);
    for (const who of people) await who.close();
  });
}

/** Out of the meeting: nothing is open, nothing was complained of. @param {Guest} who @param {Held} before */
async function settled(who, before) {
  await who.control('bar.leave').click();
  await who.heading('end.title.left').waitFor();
  await cycle(who);
  const left = await eventually(() => who.page.evaluate(() => /** @type {any} */ (window).mediaLeft()), (l) => l.tracks.length === 0 && l.peers === 0, { what: `${who.name}: all closed` });
  // Notes and reactions that still had a moment to go are over by then.
  const now = await eventually(() => held(before.cdp), (n) => n.nodes < before.nodes + MAX_GROWTH.nodes, { what: `${who.name}: what was on the page is let go`, ms: 20_000 });
  // Cut sockets and refused attempts are the browser's own remarks.
  const problems = who.page.problems.filter((p) => !/WebSocket connection|ERR_/.test(p));
  console.log(
    `${who.name}: heap ${(before.bytes / 1e6).toFixed(2)} → ${(now.bytes / 1e6).toFixed(2)} MB, nodes ${before.nodes} → ${now.nodes}, listeners ${before.listeners} → ${now.listeners}, ` +
      `${left.made} peer connections made and ${left.peers} left, ${left.tracks.length} tracks left, ${problems.length} console errors`,
  );
  for (const what of /** @type {const} */ (['bytes', 'nodes', 'listeners'])) {
    assert.ok(now[what] < before[what] + MAX_GROWTH[what], `${who.name}: ${what} grew from ${before[what]} to ${now[what]}`);
  }
  assert.deepEqual(problems, [], who.name);
  assert.deepEqual(await who.violations(), []);
}
