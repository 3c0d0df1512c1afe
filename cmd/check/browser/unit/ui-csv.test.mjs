// Records as tables: what a spreadsheet program reads, and what it must not do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv, harmless, zoned } from '../../../../transport/httpd/web/lib/csv.js';
import { recordTable } from '../../../../transport/httpd/web/lib/record-table.js';

/** Reads a table as RFC 4180 has it. @param {string} text */
function read(text) {
  const rows = [['']];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = /** @type {string[]} */ (rows.at(-1));
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') row[row.length - 1] += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ',') row.push('');
    else if (!quoted && c === '\r' && text[i + 1] === '\n') rows.push(['']), i++;
    else row[row.length - 1] += c;
  }
  assert.equal(quoted, false, 'quotes are closed');
  assert.deepEqual(rows.pop(), [''], 'the last line ends, too');
  return rows;
}

test('whatever is in a cell is read again as it was', () => {
  const cells = ['', 'Ann', 'a,b', 'say "hi"', '"', 'two\nlines', 'two\r\nlines', '王小明', 'مريم', '🙂', "it's", ' spaced ', ';', '0'];
  const text = csv([cells, ['x', 7, -3.5, 0]]);
  assert.equal(text[0], '\ufeff', 'it says that it is UTF-8');
  assert.deepEqual([...new TextEncoder().encode(text)].slice(0, 3), [0xef, 0xbb, 0xbf]);
  assert.deepEqual(read(text.slice(1)), [cells, ['x', '7', '-3.5', '0']]);
  assert.doesNotMatch(text.replaceAll(/"[^"]*"/g, ''), /[^\r]\n|\r[^\n]/, 'lines end with CR LF');
});

test('no cell begins a formula, in any width or behind anything unseen', () => {
  const evil = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '\tx', '\rx', '＝1+1', '＋1', '－1', '＠SUM', '﹦1', '﹢1', '﹣1', '﹫x', '−1', ' =1', '\u00a0=1', '\u200b=1', '\ufeff=1', '\u202e=1', '\u2066＝1', '\u0000=1', '⁺1', '=cmd|\' /C calc\'!A0', '"=1'.slice(1)];
  for (const cell of evil) {
    assert.equal(harmless(cell), `'${cell}`, JSON.stringify(cell));
    const [[back]] = read(csv([[cell]]).slice(1));
    assert.equal(back, `'${cell}`, JSON.stringify(cell));
  }
  for (const cell of ['Ann', 'a=b', '1-2', 'x@y.example', '王', '', '…', '"=1"', '2026-11-30T20:59:50+01:00']) assert.equal(harmless(cell), cell);
});

test('what a program makes a cell of where semicolons part them begins no formula', () => {
  const evil = [["x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"], ['a,＝1', "a,'＝1"], ['a; "=1', "a;' \"=1"], [';;@x;b', ";;'@x;b"], ['=1;=2', "'=1;'=2"]];
  for (const [cell, safe] of evil) assert.equal(harmless(cell), safe);
  for (const cell of ['Ann; Bob', 'a;b=c', 'Lee, Ann', ';', '']) assert.equal(harmless(cell), cell);
});

test('a moment has its calendar, its clock and its zone', () => {
  const at = Date.UTC(2026, 10, 30, 19, 59, 50, 999);
  const said = /** @type {[number, string][]} */ ([
    [0, '2026-11-30T19:59:50+00:00'],
    [60, '2026-11-30T20:59:50+01:00'],
    [330, '2026-12-01T01:29:50+05:30'],
    [-210, '2026-11-30T16:29:50-03:30'],
    [-600, '2026-11-30T09:59:50-10:00'],
  ]);
  for (const [offset, text] of said) {
    assert.equal(zoned(at, offset), text);
    assert.equal(Date.parse(zoned(at, offset)), at - 999);
  }
  assert.equal(Date.parse(zoned(at)), at - 999, 'the zone of this machine');
});

test('a record has a row for each stay; who is still there has not left', () => {
  const record = { meeting: 'm', room: 'tea', title: 'Tea', startedAt: 0, endedAt: undefined, peak: 2, participants: [
    { name: '=Ann', isLocal: true, stays: [{ joinedAt: 0, leftAt: 61_400 }, { joinedAt: 70_000, leftAt: undefined }] },
    { name: 'Ben, jr.', isLocal: false, stays: [{ joinedAt: 5_000, leftAt: 4_000 }] },
  ] };
  const columns = ['Meeting', 'Name', 'Joined', 'Left', 'Seconds'];
  const rows = recordTable(record, 100_000, columns, (at) => zoned(at, 0));
  assert.deepEqual(rows, [
    columns,
    ['Tea', '=Ann', '1970-01-01T00:00:00+00:00', '1970-01-01T00:01:01+00:00', 61],
    ['Tea', '=Ann', '1970-01-01T00:01:10+00:00', '', 30],
    ['Tea', 'Ben, jr.', '1970-01-01T00:00:05+00:00', '1970-01-01T00:00:04+00:00', 0],
  ]);
  assert.match(csv(rows), /^\ufeffMeeting,Name,Joined,Left,Seconds\r\nTea,'=Ann,1970/);
  assert.match(csv(rows), /\r\nTea,"Ben, jr.",1970/);
});
