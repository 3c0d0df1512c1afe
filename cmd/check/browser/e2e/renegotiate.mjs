// Renegotiation with bare peer connections: two browsers that watch each other
// stop and add sources and seats, in recycled m-lines, change codecs and tracks,
// restart ICE and have offers refused, in random order. After each of these
// changes both decode all that they can and the other sends.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { newPage } from './browsers.mjs';
import { eventually } from './cast.mjs';
import { launchFirefox } from './firefox.mjs';
import { fakeMedia } from './fake_media.mjs';
import { open } from './open.mjs';
import { colourOf } from './probe.mjs';
import { change, look, rawClient } from './raw_client.mjs';

/** Of the order of the changes; PARLEY_SEED tries another. */
export const SEED = Number(process.env.PARLEY_SEED ?? 2);
export const CHANGES = 20;

const COLOURS = {
  Ann: { camera0: '#e02020', camera1: '#e0c020', screen0: '#20e0e0', screen1: '#808080' },
  Ben: { camera0: '#20a020', camera1: '#2020e0', screen0: '#e020e0', screen1: '#602000' },
};
const PALETTE = Object.fromEntries(
  Object.values(COLOURS).flatMap((of) => Object.values(of)).map((hex) => [hex, [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))]),
);

/** @typedef {{seated: {participant: string, source: string, video: boolean, problem?: string} | null, takes: string[], rgb: number[], picture: Came, sound: Came}} SeatLook */
/** @typedef {{frames: number, samples: number, ssrc: number}} Came */
/** @typedef {{id: string, sent: Record<string, {colour: string, codec: string}>, seats: SeatLook[], recycled: number, lines: number, connection: string}} Look */
/** @typedef {{who: string, evaluate: import('./cast.mjs').Evaluate, keepTransport?: boolean}} Page */

/** A generator of numbers below 1, the same for each seed (Park and Miller's). @param {number} seed */
function generator(seed) {
  const next = () => (seed = (seed * 48_271) % 2_147_483_647);
  for (let i = 0; i < 10; i++) next(); // small seeds begin alike
  return () => next() / 2_147_483_647;
}

/** @type {{server: import('./server.mjs').Server, browser: import('playwright-core').Browser}} */
const { server, browser } = await open();
/** Ends the pages of a test, so that the next one has the machine. @type {(() => unknown)[]} */
const ends = [];
afterEach(async () => {
  while (ends.length) await ends.pop()?.();
});

/** @param {'Ann' | 'Ben'} who @returns {Promise<Page>} */
export async function inChromium(who) {
  const page = await newPage(browser, { color: COLOURS[who].camera0, hz: 440 });
  ends.push(() => page.context().close());
  await page.goto(`${server.url}/sdk/README.md`);
  return { who, evaluate: /** @type {import('./cast.mjs').Evaluate} */ (/** @type {unknown} */ (page.evaluate.bind(page))) };
}

/** @param {'Ann' | 'Ben'} who @returns {Promise<Page>} */
export async function inFirefox(who) {
  const firefox = await launchFirefox(440);
  ends.push(() => firefox.close());
  const page = await firefox.newPage();
  await page.evaluateOnNewDocument(fakeMedia, { color: COLOURS[who].camera0, width: 320, height: 180 });
  await page.goto(`${server.url}/sdk/README.md`);
  // Firefox ESR 153 now and then sends nothing any more, by its own count of bytes, after the transport was given up.
  return { who, keepTransport: true, evaluate: /** @type {import('./cast.mjs').Evaluate} */ (/** @type {unknown} */ (page.evaluate.bind(page))) };
}

/**
 * What is wrong with what a viewer sees and hears of the other, compared with a
 * moment ago; nothing if all is well.
 * @param {string} who
 * @param {Look} before
 * @param {Look} now
 * @param {Look} other
 * @returns {string[]}
 */
function wrongs(who, before, now, other) {
  /** @type {string[]} */
  const found = [];
  const is = (/** @type {string} */ what, /** @type {unknown} */ got, /** @type {unknown} */ want) => {
    if (got !== want) found.push(`${who}: ${what} is ${got}, not ${want}`);
  };
  is('the connection', now.connection, 'connected');
  // Seats without a section for pictures are for sound only; what shows something sits in the others while there are enough.
  const shows = (/** @type {SeatLook} */ { takes }) => takes.length > 0;
  const enough = now.seats.filter(shows).length >= ['camera', 'screen'].filter((source) => other.sent[source]).length;
  for (const source of ['camera', 'screen']) {
    const sent = other.sent[source];
    const voice = source === 'camera' && !!other.sent.microphone;
    const i = now.seats.findIndex(({ seated }) => seated?.participant === other.id && seated.source === source);
    if (!sent && !voice) continue;
    if (i < 0) {
      if (enough || voice) found.push(`${who}: the ${source} has no seat`);
      continue;
    }
    const seat = now.seats[i];
    const was = before.seats[i];
    const wanted = !!sent && (enough || shows(seat));
    const can = wanted && seat.takes.includes(sent.codec);
    is(`the picture of the ${source}`, seat.seated?.video, wanted);
    is(`what keeps the ${source} away`, seat.seated?.problem, wanted && !can ? 'codec' : undefined);
    if (can) {
      is(`the colour of the ${source}`, colourOf(seat.rgb, PALETTE), sent.colour);
      if (was?.picture.ssrc !== seat.picture.ssrc || seat.picture.frames <= was.picture.frames) found.push(`${who}: the ${source} stands still at ${seat.picture.frames} frames`);
    }
    if (voice && (was?.sound.ssrc !== seat.sound.ssrc || seat.sound.samples <= was.sound.samples)) found.push(`${who}: nothing is heard`);
  }
  return found;
}

/** Waits until both decode what there is. @param {Page[]} pages @param {string} what */
export async function allIsWell([ann, ben], what) {
  const both = /** @returns {Promise<Look[]>} */ () => Promise.all([ann.evaluate(look), ben.evaluate(look)]);
  let before = await both();
  let now = before;
  await eventually(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      [before, now] = [now, await both()];
      return [...wrongs('Ann', before[0], now[0], now[1]), ...wrongs('Ben', before[1], now[1], now[0])];
    },
    (found) => found.length === 0,
    { what: `after ${what}`, ms: 20_000 },
  );
  return now;
}

/** @param {Page[]} pages @param {string} room */
export function join(pages, room) {
  return Promise.all(
    pages.map(({ who, evaluate, keepTransport = false }) =>
      evaluate(rawClient, { room, name: who, colours: COLOURS[/** @type {'Ann' | 'Ben'} */ (who)], seats: 2, keepTransport }),
    ),
  );
}

/** @param {Page[]} pages @param {number} seed */
export async function renegotiates(pages, seed) {
  const random = generator(seed);
  const draw = (/** @type {any[]} */ list) => list[Math.floor(random() * list.length)];
  const joined = await join(pages, `again-${seed}`);
  const codecs = joined[0].sendable.filter((/** @type {string} */ c) => joined[1].sendable.includes(c));
  console.log(`seed ${seed}: codecs in common ${codecs}`);
  await allIsWell(pages, 'the join');
  const names = joined[0].names;
  let state = /** @type {Look[]} */ ([]);
  for (let n = 1; n <= CHANGES; ) {
    const page = draw(pages);
    const name = draw(names);
    const since = Date.now();
    const done = await page.evaluate(change, { name, random: [random(), random()] });
    if (!done) continue;
    const what = `${n}: ${page.who}: ${name} ${done}`;
    const made = Date.now();
    state = await allIsWell(pages, what);
    console.log(`${what} (${made - since} and ${Date.now() - made} ms)`);
    if (name !== 'refused') n++;
  }
  console.log(`m-lines at the end: ${state.map((s) => s.lines)}, recycled: ${state.map((s) => s.recycled)}`);
  assert.ok(state.some((s) => s.recycled > 0), 'no m-line was recycled');
}
