// Languages: the same keys and parameters, every code a text, no dead keys.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import en from '../../../../transport/httpd/web/i18n/en.js';
import zh from '../../../../transport/httpd/web/i18n/zh-Hans.js';
import { endKind, joinFailure, messageKey, reconnectReason, retryAfter } from '../../../../transport/httpd/web/lib/failures.js';
import { I18n, chooseLanguage, clock, format, matchLanguage } from '../../../../transport/httpd/web/lib/i18n.js';
import { placeholders } from './fake/texts.mjs';
import { codes } from '../../../../transport/httpd/web/sdk/errors.js';

const WEB = new URL('../../../../transport/httpd/web/', import.meta.url);

test('both languages have the same keys with the same parameters', () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(placeholders(zh[/** @type {keyof typeof en} */ (key)]), placeholders(text), key);
    assert.ok(text.trim() && zh[/** @type {keyof typeof en} */ (key)].trim(), `${key} says something`);
  }
});

test('the Chinese texts use the words people know', () => {
  const said = { 'landing.new': '快速会议', 'landing.join': '加入会议', 'bar.mute': '静音', 'bar.unmute': '解除静音', 'bar.camStart': '开启视频', 'bar.camStop': '停止视频', 'bar.share': '共享屏幕', 'bar.shareStop': '停止共享', 'bar.hand': '举手', 'bar.handDown': '手放下', 'bar.people': '成员', 'bar.leave': '离开会议', 'bar.layoutGrid': '宫格视图', 'bar.layoutSpeaker': '演讲者视图', 'tile.pin': '固定画面', 'room.reconnecting': '正在重新连接…', 'tile.poor': '网络不佳', 'device.noiseSuppression': '降噪', 'device.testSpeaker': '扬声器测试', 'people.rename': '改名', 'tile.message': '私聊', 'shortcut.talk': '按住说话', 'tile.speaking': undefined };
  for (const [key, text] of Object.entries(said)) assert.equal(Reflect.get(zh, key), text, key);
});

test('every code of the server and of the SDK has a text', async () => {
  const go = await readFile(new URL('../../../../engine/wire/codes.go', import.meta.url), 'utf8');
  const server = [...go.matchAll(/Code\s*=\s*"([a-z_]+)"/g)].map((m) => m[1]);
  assert.ok(server.length > 25, 'the codes were found');
  for (const code of [...server, ...Object.keys(codes)]) assert.equal(messageKey(code), `error.${code}`);
  assert.deepEqual(Object.keys(en).filter((key) => key.startsWith('error.')).sort(), [...Object.keys(codes), 'unknown'].map((code) => `error.${code}`).sort(), 'and nothing else has one');
  for (const code of ['brand_new', 'constructor']) assert.equal(messageKey(code), 'error.unknown');
});

test('every message is used', async () => {
  const files = [...(await sources('ui')), ...(await sources('lib'))].join('\n');
  const literal = new Set([...files.matchAll(/'([a-zA-Z]+\.[\w.]+)'/g)].map((m) => m[1]));
  const built = [...files.matchAll(/`([a-zA-Z]+\.[^`]*\$\{[^`]*)`/g)].map((m) => new RegExp(`^${m[1].replace(/\./g, '\\.').replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '[\\w.]+')}$`));
  const dead = Object.keys(en).filter((key) => !literal.has(key) && !built.some((b) => b.test(key)));
  assert.deepEqual(dead, []);
});

/** @param {string} folder */
async function sources(folder) {
  const names = (await readdir(new URL(`${folder}/`, WEB))).filter((n) => n.endsWith('.js'));
  return Promise.all(names.map((n) => readFile(new URL(`${folder}/${n}`, WEB), 'utf8')));
}

test('five causes and three cases of media errors each have their own words', () => {
  const texts = new Set();
  for (const cause of ['permission_denied', 'system_denied', 'not_found', 'in_use', 'other']) {
    for (const which of ['microphone', 'camera', 'both']) texts.add(Reflect.get(en, `media.${cause}.${which}.title`));
  }
  assert.equal(texts.size, 15);
});

test('the language is the first wish that can be met', () => {
  const browser = ['fr-CA', 'zh-TW', 'en'];
  assert.equal(chooseLanguage({ query: 'en', stored: 'zh-Hans', browser }), 'en');
  assert.equal(chooseLanguage({ query: 'xx', stored: 'zh-Hans', browser }), 'zh-Hans');
  assert.equal(chooseLanguage({ query: null, stored: '', browser }), 'zh-Hans');
  assert.equal(chooseLanguage({ browser: ['de'] }), 'en');
  for (const tag of ['zh', 'zh-CN', 'ZH_sg', 'zh-Hant-HK']) assert.equal(matchLanguage(tag), 'zh-Hans');
  assert.equal(matchLanguage(undefined), null);
});

test('plurals follow the language, and # is the number', () => {
  const text = '{n, plural, one {# person} other {# people}} here';
  assert.equal(format(text, { n: 1 }, 'en'), '1 person here');
  assert.equal(format(text, { n: 5 }, 'en'), '5 people here');
  assert.equal(format('{n, plural, other {# 人}}', { n: 1 }, 'zh-Hans'), '1 人');
});

test('parameters are inserted as they are, even when they look like messages', () => {
  assert.equal(format('{name} joined', { name: '{n, plural, one {x} other {y}} {name} $& #' }, 'en'), '{n, plural, one {x} other {y}} {name} $& # joined');
  assert.equal(format('{missing}', {}, 'en'), '{missing}');
});

test('the texts change with the language and tell so', async () => {
  const i = new I18n();
  let told = 0;
  i.addEventListener('change', () => told++);
  assert.equal(i.t('bar.hand'), '', 'no key is ever shown');
  await i.use('en');
  assert.equal(i.t('bar.hand'), 'Raise hand');
  await i.use('zh-Hans');
  assert.equal(i.t('bar.hand'), '举手');
  assert.equal(told, 2);
  assert.equal(i.has('bar.hand'), true);
  assert.equal(i.has('toString'), false);
});

test('a language that can not be loaded gives way to the next', async () => {
  const i = new I18n();
  const gone = /** @type {any} */ ('tlh');
  await assert.rejects(i.useFirst(gone));
  await i.useFirst(gone, 'en');
  assert.equal(i.language, 'en');
  assert.equal(i.t('bar.hand'), 'Raise hand');
});

test('a clock shows minutes, and hours when there are any', () => {
  assert.deepEqual([0, 61_000, 3_600_000, -5].map(clock), ['0:00', '1:01', '1:00:00', '0:00']);
});

test('failures are told as what they are', () => {
  assert.equal(joinFailure({ code: 'connect_failed' }).title, 'fail.server.title');
  assert.deepEqual(joinFailure({ code: 'sdp_profile' }), { title: 'fail.title', text: 'error.sdp_profile', mend: '', command: '' });
  assert.deepEqual([1, 2, 3, 6, 7].map((n) => retryAfter({ code: 'connect_failed' }, n)), [3, 6, 12, 30, 0]);
  assert.deepEqual(['left', 'alone', 'removed', 'reconnect_failed', 'draining', 'internal', 'whatever'].map((reason) => endKind(/** @type {any} */ (reason))), ['left', 'alone', 'removed', 'lost', 'shutdown', 'failed', 'failed']);
});

test('who is refused at the door is told why, and who can mend it', () => {
  assert.equal(joinFailure({ code: 'foreign_host', host: 'meet.example' }).command, '--allow-host meet.example');
  assert.match(joinFailure({ code: 'forbidden_origin' }).command, /proxy_set_header Host/);
  assert.equal(joinFailure({ code: 'rate_limited', limit: 'opens' }).text, 'fail.crowd.text');
  assert.equal(joinFailure({ code: 'rate_limited' }).command, '');
  assert.equal(joinFailure({ code: 'rate_limited', limit: 'sockets' }).command, '--limit-sockets');
  for (const code of ['rate_limited', 'server_full', 'room_full', 'server_busy', 'forbidden_origin', 'foreign_host']) assert.ok(reconnectReason({ code: /** @type {any} */ (code) }), code);
  for (const code of ['connect_failed', 'connection_lost', 'shutdown', 'brand_new']) assert.equal(reconnectReason({ code: /** @type {any} */ (code) }), '', code);
});

test('who is told when to come again does, a little later, and not for ever', () => {
  const at = (/** @type {number} */ x) => retryAfter({ code: 'rate_limited', retryAfterMs: 8_000 }, 1, () => x);
  assert.deepEqual([at(0), at(0.99)], [8, 11]);
  assert.equal(retryAfter({ code: 'room_full' }, 1, () => 0), 3);
  assert.equal(retryAfter({ code: 'server_full' }, 20, () => 0), 30);
  assert.equal(retryAfter({ code: 'server_full' }, 21), 0);
  assert.equal(retryAfter({ code: 'draining', retryAfterMs: 30_000 }, 11, () => 0), 30, 'a server may drain for five minutes');
  assert.equal(retryAfter({ code: 'forbidden_origin' }, 1), 0);
  assert.equal(retryAfter({ code: /** @type {any} */ ('brand_new'), retryAfterMs: 100 }, 1), 0);
});
