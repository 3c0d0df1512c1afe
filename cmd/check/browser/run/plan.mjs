// What the runner knows of the files of tests: which step they belong to and
// what they do to a machine with two cores. Who is not named here is of the step
// "browser" and works.

/**
 * @typedef {'waits' | 'works' | 'measures'} Manner
 *   waits: mostly for timers of the page or the server; works: keeps about a core
 *   busy; measures: times, in which others that work would show
 * @typedef {{step: string, manner: Manner, seconds: number}} Plan seconds: about, on a quiet machine
 */

/** How much of the machine each takes. Files run beside each other while they fit. @type {Record<Manner, number>} */
export const SHARES = { waits: 2, works: 3, measures: 6 };
export const MACHINE = 12;

/** @type {Plan} */
const USUAL = { step: 'browser', manner: 'works', seconds: 15 };

/** @type {Record<string, Partial<Plan>>} */
const PLANS = {
  base: { seconds: 20 },
  codecs: { seconds: 70 },
  durable: { seconds: 2 },
  'firefox-ui': { step: 'firefox', manner: 'measures', seconds: 20 },
  firefox: { step: 'firefox', manner: 'measures', seconds: 45 },
  'firefox-codecs': { step: 'firefox', seconds: 15 },
  'firefox-renegotiate': { step: 'firefox', seconds: 15 },
  layers: { seconds: 4 },
  loss: { manner: 'measures', seconds: 31 },
  meeting: { manner: 'measures', seconds: 40 },
  offers: { seconds: 7 },
  path: { manner: 'measures', seconds: 35 },
  renegotiate: { seconds: 15 },
  resume: { seconds: 12 },
  soak: { step: 'soak', manner: 'measures', seconds: 35 },
  tour: { step: 'tour', manner: 'measures', seconds: 90 },
  'ui-alone': { manner: 'waits', seconds: 14 },
  'ui-answers': { manner: 'waits', seconds: 50 },
  'ui-comfort': { seconds: 50 },
  'ui-devices': { seconds: 36 },
  'ui-extras': { seconds: 33 },
  'ui-flow': { seconds: 28 },
  'ui-frozen': { manner: 'waits', seconds: 70 },
  'ui-going': { seconds: 33 },
  'ui-looks': { seconds: 75 },
  'ui-music': { step: 'music', seconds: 33 },
  'ui-names': { seconds: 25 },
  'ui-problem': { manner: 'waits', seconds: 58 },
  'ui-record': { seconds: 33 },
  'ui-restart': { manner: 'waits', seconds: 44 },
  'ui-share': { seconds: 24 },
  'ui-states': { manner: 'waits', seconds: 90 },
  'ui-stopping': { manner: 'waits', seconds: 100 },
  'ui-stored': { manner: 'waits', seconds: 28 },
  weight: { step: 'weight', manner: 'measures', seconds: 27 },
};

/** @param {string} file without .test.mjs @returns {Plan} */
export const planOf = (file) => ({ ...USUAL, ...PLANS[file] });

/** Files that are named here. */
export const planned = Object.keys(PLANS);

/** The longest first: who begins last should not end last. @param {readonly string[]} files */
export const inOrder = (files) => [...files].sort((a, b) => planOf(b).seconds - planOf(a).seconds);

/**
 * Starts jobs in their order, as many as fit: one that does not fit yet is passed
 * by smaller ones. A job that returns another has it run later.
 * @template {{share: number}} Job
 * @param {readonly Job[]} jobs
 * @param {(job: Job) => Promise<Job | undefined>} start
 * @param {number} [machine]
 */
export async function schedule(jobs, start, machine = MACHINE) {
  const waiting = [...jobs];
  /** @type {Map<Promise<void>, number>} */
  const running = new Map();
  while (waiting.length || running.size) {
    const taken = [...running.values()].reduce((sum, share) => sum + share, 0);
    const next = waiting.findIndex(({ share }) => !running.size || taken + share <= machine);
    if (next < 0) {
      await Promise.race(running.keys());
      continue;
    }
    const [job] = waiting.splice(next, 1);
    const over = start(job).then((again) => {
      running.delete(over);
      if (again) waiting.push(again);
    });
    running.set(over, job.share);
  }
}
