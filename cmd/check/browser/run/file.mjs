// One file of tests in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SEPARATOR } from './reporter.mjs';
import { literally } from './titles.mjs';

/** @typedef {import('./reporter.mjs').Outcome} Outcome */

const REPORTER = fileURLToPath(new URL('reporter.mjs', import.meta.url));
/** How long a file that is told to end may take for it, milliseconds. */
const ENDING = 5_000;

/** Those that run now. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Signals a file and what it has started. @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} name */
function signal({ pid }, name) {
  try {
    if (pid) process.kill(-pid, name);
  } catch {
    // All have ended.
  }
}

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  signal(child, 'SIGINT');
  setTimeout(signal, ENDING, child, 'SIGKILL').unref();
}

/** Ends everything that runs. */
export function endAll() {
  for (const child of running) end(child);
}

/**
 * @param {string} path
 * @param {{env: NodeJS.ProcessEnv, only?: string, most: number, said: (line: string) => void, over: (outcome: Outcome) => void}} how
 *   only: part of the names of the tests to run; most: how long it may take, milliseconds;
 *   said: called with each line of output; over: with each test's end
 * @returns {Promise<string>} what went wrong beside its tests, empty for nothing
 */
export async function runFile(path, { env, only, most, said, over }) {
  const filter = only ? [`--test-name-pattern=${literally(only)}`] : [];
  const child = spawn(process.execPath, [`--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout', ...filter, path], {
    env,
    detached: true, // a group of its own, which can be ended as a whole
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => signal(child, 'SIGKILL')); // a server that it could not end any more
  let late = false;
  const timer = setTimeout(() => ((late = true), end(child)), most);
  let failed = 0;
  const take = (/** @type {string} */ line) => {
    if (!line.startsWith(SEPARATOR)) return said(line);
    const outcome = JSON.parse(line.slice(1));
    if (!outcome.ok) failed++;
    over(outcome);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  const [code, killedBy] = await once(child, 'close');
  clearTimeout(timer);
  running.delete(child);
  if (late) return `not over within ${most / 1000} s`;
  return code === 0 || failed ? '' : `ended with ${killedBy ?? code}`;
}
