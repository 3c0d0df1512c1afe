// The setup test: which checks there are, which need which, and the report.
// Pure; ui/setup-checks.js runs them.

/** @typedef {'browser' | 'secure' | 'mic' | 'cam' | 'speaker' | 'server' | 'socket' | 'media' | 'loss' | 'reconnect'} CheckName */
/** @typedef {'waiting' | 'running' | 'passed' | 'warning' | 'failed' | 'skipped'} CheckState */
/** @typedef {import('./i18n.js').Key} Key */

/**
 * @typedef {object} Result
 * @property {CheckState} state
 * @property {Key} [text]
 * @property {Key} [fix]
 * @property {import('./i18n.js').Params} [params]
 */

/** @type {readonly {name: CheckName, needs: readonly CheckName[]}[]} */
export const CHECKS = [
  { name: 'browser', needs: [] },
  { name: 'secure', needs: [] },
  { name: 'mic', needs: ['secure'] },
  { name: 'cam', needs: ['secure'] },
  { name: 'speaker', needs: [] },
  { name: 'server', needs: [] },
  { name: 'socket', needs: ['browser', 'server'] },
  { name: 'media', needs: ['socket'] },
  { name: 'loss', needs: ['media'] },
  { name: 'reconnect', needs: ['socket'] },
];

/**
 * The check that keeps another from being run, or null.
 * @param {CheckName} name
 * @param {Readonly<Partial<Record<CheckName, Result>>>} results
 */
export function blockedBy(name, results) {
  const needs = CHECKS.find((c) => c.name === name)?.needs ?? [];
  return needs.find((n) => results[n]?.state === 'failed' || results[n]?.state === 'skipped') ?? null;
}

/**
 * The verdict over all: stopped runs are no failure.
 * @param {readonly Result[]} results
 * @param {boolean} stopped
 * @returns {{key: Key, n: number}}
 */
export function verdict(results, stopped) {
  const n = results.filter((r) => r.state === 'failed').length;
  if (n) return { key: 'test.done.failed', n };
  if (stopped) return { key: 'test.done.stopped', n };
  const remarks = results.some((r) => r.state === 'warning' || r.state === 'skipped');
  return { key: remarks ? 'test.done.warning' : 'test.done.passed', n };
}

/**
 * Loss and round trip that people begin to notice.
 * @param {{loss: number, rtt: number}} figures share and milliseconds
 */
export const noticeable = ({ loss, rtt }) => loss > 0.02 || rtt > 250;

/**
 * The report as text, for whoever runs the network.
 * @param {{at: string, server: string, agent: string, lines: readonly {name: string, state: CheckState, text: string, fix: string}[], extra: readonly string[]}} facts
 */
export function reportText({ at, server, agent, lines, extra }) {
  const body = lines.map(({ name, state, text, fix }) => `${state.toUpperCase().padEnd(8)} ${name}: ${text}${fix ? `\n         ${fix}` : ''}`);
  return [`Parley setup test`, `time    ${at}`, `server  ${server}`, `browser ${agent}`, '', ...body, '', ...extra, ''].join('\n');
}
