// Shortcuts, choices, devices, batches, the setup test, embedding, figures.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { causeOf, platformOf, problems, stepsFor, systemLink, worthATry } from '../../../../transport/httpd/web/lib/access.js';
import { Batch } from '../../../../transport/httpd/web/lib/batch.js';
import { CHECKS, blockedBy, noticeable, reportText, verdict } from '../../../../transport/httpd/web/lib/checks.js';
import { parentOrigin, parseCommand } from '../../../../transport/httpd/web/lib/embed-protocol.js';
import { DEFAULTS, parsePrefs, withRecent } from '../../../../transport/httpd/web/lib/prefs.js';
import { CATALOGUE, bindings, isSingle, keyCaps, match, proposedKey } from '../../../../transport/httpd/web/lib/shortcuts.js';
import { QUIET_START, SILENT_AFTER, silentMic } from '../../../../transport/httpd/web/lib/silent-mic.js';
import { History, bits, percent, points, report } from '../../../../transport/httpd/web/lib/stats-text.js';
import { Store } from '../../../../transport/httpd/web/lib/store.js';
import { QUIET_ABOVE, TONES, audible, lengthOf } from '../../../../transport/httpd/web/lib/tones.js';

/** @param {string} key @param {object} [more] */
const press = (key, more = {}) => ({ key, code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : '', ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, repeat: false, isComposing: false, ...more });
const NOWHERE = { typing: false, dialog: false, pressable: false };
const ON = { enabled: true };

test('keys mean what the catalogue says', () => {
  for (const { action, key } of CATALOGUE.filter((s) => isSingle(s.key))) assert.equal(match(press(key === 'Space' ? ' ' : key), NOWHERE, ON), action);
  assert.equal(match(press('M'), NOWHERE, ON), 'mic', 'caps lock');
  assert.equal(match(press('d', { ctrlKey: true }), NOWHERE, ON), 'mic');
  assert.equal(match(press('e', { metaKey: true }), NOWHERE, ON), 'cam');
  assert.equal(match(press('s', { ctrlKey: true, altKey: true }), NOWHERE, ON), 'stats');
  assert.equal(match(press('?', { shiftKey: true }), NOWHERE, ON), 'help');
  assert.equal(match(press('ь', { code: 'KeyM' }), NOWHERE, ON), 'mic', 'a Cyrillic keyboard');
});

test('keys rest while typing, composing, repeating, in dialogs and with modifiers', () => {
  assert.equal(match(press('m'), { ...NOWHERE, typing: true }, ON), null);
  assert.equal(match(press('F2'), { ...NOWHERE, typing: true }, ON), 'toolbar');
  assert.equal(match(press('ś', { ctrlKey: true, altKey: true, code: 'KeyS' }), { ...NOWHERE, typing: true }, ON), null, 'AltGr writes');
  assert.equal(match(press('m'), { ...NOWHERE, dialog: true }, ON), null);
  for (const more of [{ repeat: true }, { isComposing: true }, { altKey: true }, { ctrlKey: true }, { shiftKey: true }]) assert.equal(match(press('m', more), NOWHERE, ON), null, JSON.stringify(more));
  assert.equal(match(press(' '), { ...NOWHERE, pressable: true }, ON), null, 'Space presses a button');
});

test('single keys can be switched off, others stay', () => {
  assert.equal(match(press('m'), NOWHERE, { enabled: false }), null);
  assert.equal(match(press(' '), NOWHERE, { enabled: false }), null);
  assert.equal(match(press('F2'), NOWHERE, { enabled: false }), 'toolbar');
  assert.equal(match(press('d', { ctrlKey: true }), NOWHERE, { enabled: false }), 'mic');
});

test('keys can be given to other actions, and are then taken from the old one', () => {
  const options = { enabled: true, remapped: { hand: 'm', cam: '' } };
  assert.equal(match(press('m'), NOWHERE, options), 'hand');
  assert.equal(match(press('h'), NOWHERE, options), null);
  assert.equal(match(press('v'), NOWHERE, options), null);
  assert.equal(bindings(options.remapped).mic, '');
  assert.equal(proposedKey(press('K')), 'k');
  assert.equal(proposedKey(press(' ')), 'Space');
  assert.equal(proposedKey(press('Enter')), null);
  assert.equal(proposedKey(press('k', { ctrlKey: true })), null);
  assert.deepEqual(keyCaps('Ctrl+Shift+l', true), ['⌘', '⇧', 'L']);
});

test('no two actions share a key', () => {
  const keys = CATALOGUE.flatMap((s) => [s.key, ...(s.also ? [s.also] : [])]);
  assert.equal(new Set(keys).size, keys.length);
});

test('stored choices of the wrong kind are replaced by defaults', () => {
  for (const bad of [null, '', '{', '[]', '7', '"x"', '{"name":7,"mic":"yes","sounds":3,"recent":{},"keys":{"mic":5}}']) assert.deepEqual(parsePrefs(bad), DEFAULTS, String(bad));
  const kept = parsePrefs(JSON.stringify({ name: 'Ann', mic: false, sounds: { join: false, x: 'y' }, recent: [{ room: 'a', at: 1 }, { room: 2 }], extra: 1 }));
  assert.equal(kept.name, 'Ann');
  assert.equal(kept.mic, false);
  assert.deepEqual(kept.sounds, { ...DEFAULTS.sounds, join: false });
  assert.deepEqual(kept.recent, [{ room: 'a', at: 1 }]);
  assert.equal('extra' in kept, false);
});

test('the colours are those of the system unless somebody chose others', () => {
  const theme = (/** @type {object} */ stored) => parsePrefs(JSON.stringify(stored)).theme;
  assert.equal(DEFAULTS.theme, 'system');
  const { v, ...first } = DEFAULTS;
  assert.equal(theme({ ...first, theme: 'dark' }), 'system', 'the first version kept its default as if chosen');
  assert.equal(theme({ ...first, theme: 'light' }), 'light');
  for (const chosen of ['dark', 'light', 'system']) assert.equal(theme({ ...first, v, theme: chosen }), chosen);
});

test('a recent room moves to the head, and eight are kept', () => {
  let recent = /** @type {import('../../../../transport/httpd/web/lib/prefs.js').Recent[]} */ ([]);
  for (let i = 0; i < 12; i++) recent = withRecent(recent, { room: `r${i % 10}`, at: i });
  assert.equal(recent.length, 8);
  assert.deepEqual(recent.slice(0, 3).map((r) => r.room), ['r1', 'r0', 'r9']);
  recent = withRecent(withRecent(recent, { room: 'Tea', key: 'tea', at: 20 }), { room: 'TEA', key: 'tea', at: 21 });
  assert.deepEqual(recent.slice(0, 2).map((r) => r.room), ['TEA', 'r1'], 'another spelling of it is the same room');
});

test('one help for both devices when the cause is the same, else one each', () => {
  assert.deepEqual(problems({ microphone: 'not_found', camera: 'not_found' }), [{ cause: 'not_found', which: 'both' }]);
  assert.deepEqual(problems({ microphone: 'in_use', camera: 'not_found' }), [{ cause: 'in_use', which: 'microphone' }, { cause: 'not_found', which: 'camera' }]);
  assert.deepEqual(problems({ camera: 'strange' }), [{ cause: 'other', which: 'camera' }]);
  assert.deepEqual(problems({}), []);
  assert.equal(causeOf('system_denied'), 'system_denied');
});

test('devices are tried again when what happened can have helped', () => {
  const facts = { permission: 'denied', present: true };
  assert.equal(worthATry('permission_denied', 'focus', facts), false);
  assert.equal(worthATry('permission_denied', 'permission', { ...facts, permission: 'granted' }), true);
  assert.equal(worthATry('not_found', 'devices', { permission: 'granted', present: false }), false);
  assert.equal(worthATry('not_found', 'devices', { permission: 'granted', present: true }), true);
  assert.equal(worthATry('in_use', 'focus', { permission: 'granted', present: true }), true);
  assert.equal(worthATry('system_denied', 'focus', { permission: 'unknown', present: true }), true);
});

test('help is worded for the browser and the system', () => {
  const chrome = platformOf('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36');
  const ipad = platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605', 5);
  const firefox = platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:150.0) Gecko/20100101 Firefox/150.0');
  assert.deepEqual(chrome, { browser: 'chromium', system: 'windows' });
  assert.deepEqual(ipad, { browser: 'safari', system: 'ios' });
  assert.deepEqual(firefox, { browser: 'firefox', system: 'mac' });
  assert.equal(stepsFor('permission_denied', chrome), 'help.chromium');
  assert.equal(stepsFor('permission_denied', ipad), 'help.ios');
  assert.equal(stepsFor('system_denied', firefox), 'help.system.mac');
  assert.equal(stepsFor('in_use', chrome), '');
  assert.match(systemLink('system_denied', chrome, 'camera'), /^ms-settings:/);
  assert.equal(systemLink('permission_denied', chrome, 'camera'), '');
});

test('a microphone is silent after ten seconds of nothing at all, and only then', () => {
  let state = { ...QUIET_START };
  const hear = (/** @type {number} */ peak, /** @type {number} */ now, listening = true) => (state = silentMic(state, { peak, now, listening })).silent;
  assert.equal(hear(0, 1), false);
  assert.equal(hear(0, SILENT_AFTER), false);
  assert.equal(hear(0, SILENT_AFTER + 1), true);
  assert.equal(hear(0.01, SILENT_AFTER + 2), false, 'clears itself');
  hear(0, 20_000);
  assert.equal(hear(0, 31_000, false), false, 'muted or hidden does not count');
  assert.equal(hear(0, 31_001), false);
});

test('people who come together are told together', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  /** @type {string[][]} */
  const told = [];
  const batch = new Batch(500, (/** @type {string[]} */ items) => told.push(items));
  batch.add('a');
  mock.timers.tick(300);
  batch.add('b');
  assert.equal(batch.take((x) => x === 'a'), true);
  mock.timers.tick(200);
  batch.add('c');
  mock.timers.tick(500);
  assert.equal(batch.take((x) => x === 'c'), false);
  batch.add('d');
  batch.stop();
  mock.timers.tick(500);
  assert.deepEqual(told, [['b'], ['c']]);
  mock.timers.reset();
});

test('a store tells once per turn, and nothing when nothing changed', async () => {
  const store = new Store({ a: 1, b: 1 });
  const end = new AbortController();
  /** @type {number[]} */
  const seen = [];
  let told = 0;
  store.watch(() => told++, end.signal);
  store.select((s) => s.a, (a) => seen.push(a), end.signal);
  store.set({ a: 2 });
  store.set({ a: 3, b: 2 });
  store.set({ a: 3 });
  await Promise.resolve();
  store.set({ b: 9 });
  await Promise.resolve();
  assert.equal(told, 2);
  assert.deepEqual(seen, [1, 3]);
  end.abort();
  store.set({ a: 7 });
  await Promise.resolve();
  assert.equal(told, 2);
});

test('checks wait for what they need; a stopped run is no failure', () => {
  for (const { needs } of CHECKS) for (const n of needs) assert.ok(CHECKS.some((c) => c.name === n));
  assert.equal(blockedBy('media', { socket: { state: 'failed' } }), 'socket');
  assert.equal(blockedBy('loss', { media: { state: 'skipped' } }), 'media');
  assert.equal(blockedBy('media', { socket: { state: 'passed' } }), null);
  assert.equal(verdict([{ state: 'passed' }, { state: 'skipped' }], true).key, 'test.done.stopped');
  assert.deepEqual(verdict([{ state: 'failed' }, { state: 'failed' }], true), { key: 'test.done.failed', n: 2 });
  assert.equal(verdict([{ state: 'passed' }, { state: 'warning' }], false).key, 'test.done.warning');
  assert.equal(verdict([{ state: 'passed' }], false).key, 'test.done.passed');
  assert.equal(noticeable({ loss: 0.01, rtt: 80 }), false);
  assert.equal(noticeable({ loss: 0.05, rtt: 80 }), true);
  assert.match(reportText({ at: 'now', server: 'o', agent: 'a', lines: [{ name: 'Camera', state: 'failed', text: 'x', fix: 'y' }], extra: ['z'] }), /FAILED {3}Camera: x\n {9}y/);
});

test('an embedding page can say only what is agreed', () => {
  assert.deepEqual(parseCommand({ target: 'parley', command: 'mute', muted: true, more: 1 }), { command: 'mute', muted: true });
  assert.deepEqual(parseCommand({ target: 'parley', command: 'leave' }), { command: 'leave' });
  for (const bad of [null, 7, 'leave', {}, { target: 'parley' }, { target: 'other', command: 'leave' }, { target: 'parley', command: 'mute', muted: 1 }, { target: 'parley', command: 'constructor' }, { target: 'parley', command: 'chat', text: ' ' }]) assert.equal(parseCommand(bad), null, JSON.stringify(bad));
});

test('the embedding page is one origin, never any', () => {
  assert.equal(parentOrigin({ origin: 'https://a.example/x', ancestors: [], referrer: '' }), 'https://a.example');
  assert.equal(parentOrigin({ origin: null, ancestors: ['https://b.example'], referrer: 'https://c.example/' }), 'https://b.example');
  assert.equal(parentOrigin({ origin: '*', ancestors: [], referrer: 'https://c.example/p' }), 'https://c.example');
  assert.equal(parentOrigin({ origin: 'javascript:alert(1)', ancestors: ['null'], referrer: '' }), '');
});

test('sounds are short, and quiet in large meetings', () => {
  for (const [kind, notes] of Object.entries(TONES)) assert.ok(lengthOf(notes) <= (kind === 'test' ? 2000 : 500), kind);
  assert.equal(audible('join', { sounds: {}, people: QUIET_ABOVE }), true);
  assert.equal(audible('join', { sounds: {}, people: QUIET_ABOVE + 1 }), false);
  assert.equal(audible('hand', { sounds: {}, people: 99 }), true);
  assert.equal(audible('chat', { sounds: { chat: false }, people: 2 }), false);
});

test('figures are written as people read them', () => {
  assert.deepEqual([12, 64_000, 1_250_000].map((n) => bits(n)), ['12 bit/s', '64 kbit/s', '1.25 Mbit/s']);
  assert.equal(percent(0.0123), '1.2 %');
  const h = new History(3);
  for (const v of [1, 2, 3, 4]) h.add('x', v);
  assert.deepEqual(h.add('x', 5), [3, 4, 5]);
  assert.equal(points([0, 10], 60, 20), '59,19.0 60,1.0');
  assert.equal(points([], 60, 20), '');
  assert.match(report({ at: 't', agent: 'a', version: '1', meeting: 'm', stats: null }), /Parley 1/);
});
