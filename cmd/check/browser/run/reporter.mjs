// Tells the runner how tests end: lines that begin with a separator, between
// what the tests print themselves.
import { inspect } from 'node:util';

export const SEPARATOR = '\x1e';

/** @typedef {{name: string, ok: boolean, ms: number, error?: string}} Outcome */

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} events */
export default async function* lines(events) {
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, details, skip } = event.data;
    // A suite is as its tests are, and who has another name was not asked for.
    if (details.type === 'suite' || (skip !== undefined && skip !== false)) continue;
    const error = event.type === 'test:fail' ? inspect(event.data.details.error.cause ?? event.data.details.error) : undefined;
    /** @type {Outcome} */
    const outcome = { name, ok: event.type === 'test:pass', ms: details.duration_ms, error };
    yield `${SEPARATOR}${JSON.stringify(outcome)}\n`;
  }
}
