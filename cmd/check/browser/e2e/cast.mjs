// The cast of the meeting tests: who has which colour and which tone.
import assert from 'node:assert/strict';
import { newPage } from './browsers.mjs';
import { colourOf, joinRoom, pictures, tones } from './probe.mjs';

export const CAST = {
  Ann: { color: '#e02020', rgb: [224, 32, 32], hz: 440 },
  Ben: { color: '#20a020', rgb: [32, 160, 32], hz: 700 },
  Cleo: { color: '#2020e0', rgb: [32, 32, 224], hz: 1000 },
  Dora: { color: '#e0c020', rgb: [224, 192, 32], hz: 1400 },
};

const COLOURS = Object.fromEntries(Object.entries(CAST).map(([name, { rgb }]) => [name, rgb]));

/**
 * Opens a page at url for one of the cast and joins the room through the SDK.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {keyof typeof CAST} name
 * @param {string} room
 * @param {{camera?: {width: number, height: number}, audio?: boolean, video?: boolean, seats?: number, through?: {port: number, via: number}}} [more]
 *   camera: the size of the picture; the others are for joinRoom
 */
export async function enter(browser, url, name, room, { camera, ...more } = {}) {
  const page = await newPage(browser, { ...CAST[name], ...camera });
  await page.goto(`${url}/sdk/README.md`);
  const joined = await page.evaluate(joinRoom, { room, name, ...more });
  return Object.assign(page, { who: name, id: joined.id, joinedAfter: joined.joinedAfter });
}

/**
 * A page of one of the cast, in whichever browser.
 * @typedef {object} CastPage
 * @property {string} who
 * @property {string[]} problems
 * @property {Evaluate} evaluate
 *
 * @typedef {<Arg, R>(run: (arg: Arg) => R, arg?: Arg) => Promise<Awaited<R>>} Evaluate
 */

/**
 * Waits until probe() is true; says what it last saw when it never is.
 * @template T
 * @param {() => Promise<T>} look
 * @param {(seen: T) => boolean} done
 * @param {{ms?: number, what: string}} options
 */
export async function eventually(look, done, { ms = 20_000, what }) {
  const end = Date.now() + ms;
  let seen;
  do {
    seen = await look();
    if (done(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < end);
  assert.fail(`${what}: not within ${ms} ms; last seen ${JSON.stringify(seen)}`);
}

/**
 * Asserts that page shows exactly the cameras of others, each in its own
 * colour and moving for the given time.
 * @param {CastPage} page
 * @param {string[]} others
 * @param {number} [ms] how long frames must keep rising
 */
export async function seesExactly(page, others, ms = 2_000) {
  const want = others.map((name) => `${name}/camera`).sort();
  const first = await eventually(
    () => page.evaluate(pictures),
    (seen) => JSON.stringify(Object.keys(seen).sort()) === JSON.stringify(want) && Object.values(seen).every((p) => p.frames > 0),
    { what: `${page.who} sees ${want}` },
  );
  let before = first;
  for (let waited = 0; waited < ms; waited += 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = await page.evaluate(pictures);
    for (const key of want) {
      assert.ok(now[key], `${page.who}: ${key} is gone`);
      assert.ok(now[key].frames > before[key].frames, `${page.who}: ${key} stands still at ${now[key].frames} frames`);
      assert.equal(colourOf(now[key].rgb, COLOURS), key.split('/')[0], `${page.who}: ${key} shows ${now[key].rgb}`);
    }
    before = now;
  }
}

/**
 * Asserts that page hears the tone of each of others, and nothing else.
 * @param {CastPage} page
 * @param {(keyof typeof CAST)[]} others
 */
export async function hearsExactly(page, others) {
  const want = Object.fromEntries(others.map((name) => [`${name}/microphone`, CAST[name].hz]));
  await eventually(
    () => page.evaluate(tones),
    (heard) => Object.keys(heard).length === others.length && Object.entries(want).every(([key, hz]) => Math.abs((heard[key] ?? 0) - hz) < 25),
    { what: `${page.who} hears ${JSON.stringify(want)}`, ms: 15_000 },
  );
}

/**
 * Lets one more join, and returns how long it took to the first frame of each
 * of the others, milliseconds, at worst. It takes 0.3 s: whatever else the
 * machine does for a while is given two more chances to be over.
 * @param {() => Promise<CastPage & {context: () => {close: () => Promise<void>}}>} join
 * @param {number} others
 */
export async function slowestFirstFrame(join, others) {
  let slowest = Infinity;
  for (let i = 0; i < 3 && slowest >= 2_000; i++) {
    const late = await join();
    const frames = await eventually(
      () => late.evaluate(() => /** @type {Record<string, number>} */ (/** @type {any} */ (window).firstFrame)),
      (seen) => Object.keys(seen).length === others,
      { what: `${late.who} sees everyone` },
    );
    console.log('late joiner, ms to the first frames:', JSON.stringify(frames));
    slowest = Math.max(...Object.values(frames));
    await late.context().close();
  }
  return slowest;
}

/**
 * How long after somebody left their picture was still there, milliseconds.
 * Both pages take the time themselves: that of the test beside them says more
 * about how busy the machine is.
 * @param {CastPage} page
 * @param {string} name of who leaves
 * @param {() => Promise<number>} leave returns when they did
 */
export async function goneAfter(page, name, leave) {
  const gone = page.evaluate(
    (key) =>
      new Promise((resolve) => {
        const look = () => (document.querySelector(`video[data-key="${key}"]`) ? setTimeout(look, 10) : resolve(Date.now()));
        look();
      }),
    `${name}/camera`,
  );
  const left = await leave();
  const took = Number(await gone) - left;
  console.log(`tile gone ${took} ms after a clean leave`);
  return took;
}

/**
 * Cuts ben's socket and restores it: he resumes, media never stops, and what
 * ann said meanwhile arrives, once.
 * @param {CastPage} ann
 * @param {CastPage} ben came through the cutter
 * @param {{cut: () => void, mend: () => void}} cutter
 */
export async function resumes(ann, ben, cutter) {
  await seesExactly(ben, ['Ann']);
  await seesExactly(ann, ['Ben']);
  const state = () => ben.evaluate(() => String(/** @type {any} */ (window).room.state));
  const events = (/** @type {CastPage} */ page) => page.evaluate(() => /** @type {{type: string, detail: any}[]} */ (/** @type {any} */ (window).events));

  cutter.cut();
  await eventually(state, (s) => s === 'reconnecting', { what: 'Ben notices' });
  await ann.evaluate(() => /** @type {any} */ (window).room.chat.send('said while Ben was away').then(() => true));
  // Media goes on in both directions while the socket is gone.
  await seesExactly(ann, ['Ben'], 1_000);
  cutter.mend();
  await eventually(state, (s) => s === 'connected', { what: 'Ben is back' });
  await seesExactly(ben, ['Ann'], 2_000);
  await seesExactly(ann, ['Ben'], 2_000);

  const seen = await events(ben);
  const types = seen.map((e) => e.type);
  assert.ok(types.includes('reconnected'), types.join());
  assert.ok(!types.includes('participantDisconnected'), 'resumed, not joined anew');
  assert.equal(seen.filter((e) => e.type === 'chatMessage' && e.detail.text === 'said while Ben was away').length, 1);
  assert.equal((await events(ann)).filter((e) => e.type === 'participantDisconnected').length, 0, 'Ann never saw Ben leave');
}
