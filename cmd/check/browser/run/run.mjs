// Runs browser tests: those of a step, or those with a name, several files at a
// time and all in one Chromium.
//   node run/run.mjs --step browser
//   node run/run.mjs --step browser --language zh-Hans   those there are once for each language, in this one
//   node run/run.mjs --test "part of a test's or a file's name"
//   --times FILE  writes how long each test took
//   --find        with --test: runs nothing; the exit code says whether there may be such a test, 2 for no
// PARLEY_BIN names the server's binary.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SharedChromium } from './chromium.mjs';
import { endAll, runFile } from './file.mjs';
import { SHARES, inOrder, planOf, schedule } from './plan.mjs';
import { find, inLanguages, read } from './titles.mjs';

/** @typedef {import('./reporter.mjs').Outcome} Outcome */
/** @typedef {{file: string, share: number, alone?: boolean, shaken?: boolean}} Job alone: with a Chromium of its own; shaken: the one it had has ended */

/** How long a file may take, milliseconds. */
const MOST = process.env.PARLEY_LONG === '1' ? 3_600_000 : 600_000;
const FOLDER = new URL('../e2e/', import.meta.url);

const { values } = parseArgs({ options: { step: { type: 'string' }, language: { type: 'string' }, test: { type: 'string' }, find: { type: 'boolean' }, times: { type: 'string' } } });
const all = readdirSync(FOLDER).flatMap((name) => name.endsWith('.test.mjs') ? [name.slice(0, -'.test.mjs'.length)] : []);
const sources = Object.fromEntries(all.map((file) => [file, read(readFileSync(new URL(`${file}.test.mjs`, FOLDER), 'utf8'))]));
const { files, only } = chosen();
if (values.test && !files.length) notThere(values.test);
if (values.find) process.exit();

/** The files to run, and of which tests, by part of their names; of all without. @returns {{files: string[], only?: string}} */
function chosen() {
  if (values.test) {
    const { files, whole } = find(sources, values.test);
    return { files, only: whole ? undefined : values.test };
  }
  const files = all.filter((file) => planOf(file).step === values.step);
  if (!values.language) return { files };
  process.env.PARLEY_LANGUAGE = values.language;
  return { files: files.filter((file) => sources[file].titles.some(inLanguages)), only: `, ${values.language}` };
}

/** Says that nothing has a name, and what there is. @param {string} name @returns {never} */
function notThere(name) {
  for (const file of all) console.log([file, ...sources[file].titles].join('\n    '));
  console.log(`no test's or file's name has ${JSON.stringify(name)} in it; those above are there`);
  process.exit(2);
}

/** What came of the tests, by file. @type {Map<string, Outcome[]>} */
const outcomes = new Map();
/** What went wrong beside tests. @type {Map<string, string>} */
const problems = new Map();
/** @type {Set<Job>} */
const running = new Set();
const began = performance.now();

const chromium = new SharedChromium(() => {
  const shaken = [...running].filter((job) => !job.alone);
  for (const job of shaken) job.shaken = true;
  console.log(`!!! Chromium has ended by itself while these ran: ${shaken.map(({ file }) => file).join(', ')}. Those that fail run again, each in a Chromium of its own; the others go on in a new one.`);
});

/** @param {string} file @param {Outcome} outcome */
function tell(file, { name, ok, ms, error }) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}: ${name}`);
  if (error) console.log(error.replaceAll(/^/gm, '       '));
}

/** @param {Job} job @returns {Promise<Job | undefined>} the same once more, alone */
async function start(job) {
  const { file, alone } = job;
  /** @type {Outcome[]} */
  const seen = [];
  const { PARLEY_CHROMIUM, ...env } = process.env;
  if (!alone) env.PARLEY_CHROMIUM = await chromium.address();
  running.add(job);
  const problem = await runFile(fileURLToPath(new URL(`${file}.test.mjs`, FOLDER)), {
    env,
    only,
    most: MOST,
    said: (line) => console.log(`     ${file}: ${line}`),
    over: (outcome) => (seen.push(outcome), tell(file, outcome)),
  });
  running.delete(job);
  if (job.shaken && (problem || seen.some(({ ok }) => !ok))) return { file, share: job.share, alone: true };
  outcomes.set(file, seen);
  const hidden = seen.find(({ name }) => !find(sources, name).files.includes(file));
  const what = problem || (!only && !seen.length ? 'it has no tests' : hidden ? `--test does not find “${hidden.name}”: what is filled in stands in no word of the file` : '');
  if (what) console.log(`FAIL           ${file}: ${what}`);
  if (what) problems.set(file, what);
  return undefined;
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ((interrupted = true), endAll()));

await schedule(inOrder(files).map((file) => /** @type {Job} */ ({ file, share: SHARES[planOf(file).manner] })), async (job) => (interrupted ? undefined : start(job)));
await chromium.close();

const tests = [...outcomes].flatMap(([file, list]) => list.map((outcome) => ({ file, ...outcome })));
const failed = tests.filter(({ ok }) => !ok);
if (values.test && !tests.length && !problems.size) notThere(values.test);
if (!files.length) console.log(`no file is of the step ${values.step}`);
console.log(`${tests.length - failed.length} tests passed, ${failed.length} failed, in ${files.length} files and ${((performance.now() - began) / 1000).toFixed(0)} s`);
for (const { file, name } of failed) console.log(`FAIL  ${file}: ${name}`);
for (const [file, problem] of problems) console.log(`FAIL  ${file}: ${problem}`);
if (values.times) writeFileSync(values.times, JSON.stringify(tests.map(({ file, name, ms }) => ({ name: `${file}: ${name}`, ms }))));
process.exitCode = failed.length || problems.size || interrupted || !tests.length ? 1 : 0;
