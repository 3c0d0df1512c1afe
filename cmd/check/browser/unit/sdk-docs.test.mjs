// What is written down about the SDK and the protocol is what the code does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codes } from '../../../../transport/httpd/web/sdk/errors.js';

const root = new URL('../../../../', import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, root), 'utf8');

const protocol = read('engine/wire/PROTOCOL.md');
const declarations = read('transport/httpd/web/sdk/index.d.ts');
const readme = read('transport/httpd/web/sdk/README.md');

/** @param {string} text @param {string} from @param {string} to */
function between(text, from, to) {
  const start = text.indexOf(from);
  assert.ok(start >= 0, `"${from}" is missing`);
  const end = text.indexOf(to, start + from.length);
  return text.slice(start, end < 0 ? undefined : end);
}

/** @param {string} text @param {RegExp} pattern */
const all = (text, pattern) => [...text.matchAll(pattern)].map((m) => m[1]);

test('the codes of the SDK are those of the protocol and its own, and no others', () => {
  const named = all(between(protocol, '## Codes', '## Close'), /^\| `(\w+)`/gm);
  assert.ok(named.length > 30);
  const refused = all(between(protocol, 'What is refused before there is a WebSocket', 'Browsers do not'), /(?:4\d\d|50\d)\s`(\w+)`/g);
  assert.ok(refused.includes('foreign_host'));
  const door = [...refused, 'server_busy'];
  const own = all(between(declarations, 'type MediaErrorCode', 'export type ServerErrorCode'), /'(\w+)'/g);
  assert.deepEqual([...new Set([...named, ...door, ...own])].sort(), Object.keys(codes).sort());
});

test('the SDK takes reasons for a refusal that the protocol names, and no others', () => {
  const text = between(protocol, 'What is refused before there is a WebSocket', 'Browsers do not');
  const reasons = all(between(read('transport/httpd/web/sdk/reach.js'), 'const REASONS', ']'), /'(\w+)'/g);
  const named = all(text, /`(\w+)`/g).filter((word) => word in codes);
  assert.deepEqual(reasons.sort(), [...new Set(named)].sort());
});

test('every code of the SDK is declared, and the other way round', () => {
  const declared = all(between(declarations, '-- errors --', 'export class ParleyError'), /'(\w+)'/g);
  assert.deepEqual([...new Set(declared)].sort(), Object.keys(codes).sort());
});

test('codes that end a stay are as retryable as the protocol says', () => {
  for (const [, code, again] of between(protocol, '## Close statuses', '## An example').matchAll(/^\| 40\d\d \| `(\w+)` \| (yes|no) \|/gm)) {
    assert.equal(codes[/** @type {keyof typeof codes} */ (code)].retryable, again === 'yes', code);
  }
});

test('every event and field of the protocol has its type in wire.d.ts', () => {
  const wire = read('transport/httpd/web/sdk/wire.d.ts');
  const events = between(protocol, '\n## Events', '\n## Objects');
  const types = between(wire, 'interface EventTypes', 'export type EventType');
  const names = all(events, /^### `(\w+)`/gm);
  assert.ok(names.length >= 16);
  for (const name of names) {
    const line = types.split('\n').find((l) => l.startsWith(`  ${name}: `));
    assert.ok(line, `event ${name}`);
    for (const field of all(between(events, `### \`${name}\``, '\n### '), /^\| `(\w+)` \|/gm)) {
      assert.match(line, new RegExp(`\\b${field}\\??: `), `${name}.${field}`);
    }
  }
});

test('every event of the SDK stands in its README, and no other', () => {
  const declared = all(between(declarations, 'export interface RoomEvents', '\n}\n'), /^ {2}(\w+): \{/gm);
  const written = all(
    between(readme, '## Events', '## Errors')
      .split('\n')
      .map((line) => /^\| (`.*?`) \|/.exec(line)?.[1] ?? '')
      .join('\n'),
    /`(\w+)`/g,
  );
  assert.ok(declared.length > 25);
  assert.deepEqual(written.sort(), declared.sort());
});

test('every code of the README is one', () => {
  const written = all(between(readme, '## Errors', '## Limits'), /`(\w+)`/g).filter((w) => !['ParleyError', 'code', 'retryable', 'retryAfterMs', 'limit', 'origin', 'host'].includes(w));
  assert.ok(written.length > 20);
  for (const code of written) assert.ok(code in codes, code);
});

test('the example is thirty lines at most', () => {
  const lines = read('transport/httpd/web/sdk/example.js').trimEnd().split('\n');
  assert.ok(lines.length <= 30, `${lines.length} lines`);
});
