// The pure modules under the SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecPreferences, usedExtensions } from '../../../../transport/httpd/web/lib/codecs.js';
import { captureObstacle, mediaErrorCode } from '../../../../transport/httpd/web/lib/media-errors.js';
import { meetingURL, parseMeetingURL } from '../../../../transport/httpd/web/lib/meeting-url.js';
import { newRoomCode, roomOfPath } from '../../../../transport/httpd/web/lib/roomcode.js';

test('media errors of the browsers', () => {
  for (const [name, message, display, want] of /** @type {const} */ ([
    ['NotAllowedError', 'Permission denied', false, 'permission_denied'], // Chromium, blocked
    ['NotAllowedError', 'Permission dismissed', false, 'permission_denied'], // Chromium, prompt closed
    ['NotAllowedError', 'Permission denied by system', false, 'system_denied'], // Chromium on macOS, Windows
    ['NotAllowedError', 'Permission denied by system', true, 'system_denied'], // macOS screen recording
    ['NotAllowedError', 'The request is not allowed by the user agent or the platform in the current context.', false, 'permission_denied'], // Firefox, Safari
    ['NotAllowedError', 'Permission denied by user', true, 'cancelled'], // picker closed
    ['SecurityError', '', false, 'permission_denied'], // permissions policy
    ['SecurityError', '', true, 'permission_denied'],
    ['NotFoundError', 'Requested device not found', false, 'not_found'],
    ['NotFoundError', 'The object can not be found here.', false, 'not_found'],
    ['OverconstrainedError', '', false, 'not_found'],
    ['NotReadableError', 'Could not start video source', false, 'in_use'],
    ['NotReadableError', 'Failed to allocate videosource', false, 'in_use'], // Firefox
    ['AbortError', 'Starting videoinput failed', false, 'in_use'], // Firefox
    ['AbortError', '', true, 'cancelled'], // Safari, picker closed
    ['TypeError', 'x', false, 'other'],
    ['', '', false, 'other'],
  ])) {
    assert.equal(mediaErrorCode({ name, message }, { display }), want, `${name} ${message} ${display}`);
  }
  assert.equal(mediaErrorCode(undefined), 'other');
  assert.equal(mediaErrorCode('a string'), 'other');
});

test('why capturing can not be tried', () => {
  assert.equal(captureObstacle({ secure: true, supported: true }), null);
  assert.equal(captureObstacle({ secure: false, supported: false }), 'insecure_context');
  assert.equal(captureObstacle({ secure: true, supported: false }), 'unsupported');
});

test('the name in the path of a link is what stands there, unfolded', () => {
  for (const [path, want] of [
    ['/r/Tea', 'Tea'],
    ['/r/tea/', 'tea'],
    ['/r/%E4%BC%9A%E8%AE%AE.', '会议.'],
    ['/r/cafe%CC%81', 'cafe\u0301'],
    ['/r/%20a%20b', 'a b'],
    ['/abc-defg-hij', 'abc-defg-hij'],
    ['/ABC-DEFG-HIJ/', 'ABC-DEFG-HIJ'],
    ['/abc-defg', null],
    ['/tea', null],
    ['/r/', null],
    ['/r/%20', null],
    ['/r/a/b', null],
    ['/r/%', null],
    ['/', null],
  ]) {
    assert.equal(roomOfPath(/** @type {string} */ (path)), want, String(path));
  }
});

test('codes are readable, clean, and every letter is as likely', () => {
  /** @type {Map<string, number>} */
  const count = new Map();
  for (let i = 0; i < 5_200; i++) {
    const code = newRoomCode((b) => crypto.getRandomValues(b));
    assert.match(code, /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
    for (const path of [`/${code}`, `/r/${code}`]) assert.equal(roomOfPath(path), code);
    for (const letter of code.replaceAll('-', '')) count.set(letter, (count.get(letter) ?? 0) + 1);
  }
  assert.equal(count.size, 26);
  for (const [letter, n] of count) assert.ok(n > 1_700 && n < 2_300, `${letter}: ${n} of 52000, 2000 expected`);
});

test('bytes that would favour the first letters are thrown away', () => {
  let byte = 230;
  const code = newRoomCode((bytes) => bytes.forEach((_, i) => (bytes[i] = byte++ % 256)));
  assert.equal(code, 'wxy-zabc-def', '230 … 233, then 0 … after 234 … 255 were skipped');
});

test('meeting links', () => {
  assert.deepEqual(parseMeetingURL('https://h.org/r/tea'), { server: 'https://h.org', socket: 'wss://h.org/api/v1/ws', room: 'tea' });
  assert.deepEqual(parseMeetingURL('http://localhost:8443'), { server: 'http://localhost:8443', socket: 'ws://localhost:8443/api/v1/ws', room: null });
  assert.equal(parseMeetingURL('https://h.org/abc-defg-hij')?.room, 'abc-defg-hij');
  const below = { server: 'https://h.org/a/meet', socket: 'wss://h.org/a/meet/api/v1/ws' };
  for (const [path, room] of Object.entries({ '': null, '/': null, '/r/tea': 'tea', '/r/tea/': 'tea', '/abc-defg-hij': 'abc-defg-hij', '/r/r': 'r', '/r/abc-defg-hij': 'abc-defg-hij' })) {
    assert.deepEqual(parseMeetingURL(`https://h.org/a/meet${path}?x=1#y`), { ...below, room }, path);
  }
  assert.equal(parseMeetingURL('https://h.org/r/r')?.server, 'https://h.org', 'a room may have that name');
  assert.equal(parseMeetingURL('https://h.org/r/tea/extra')?.room, null);
  assert.equal(parseMeetingURL('https://h.org/r/%ff')?.room, null);
  for (const bad of ['', 'tea', 'javascript:alert(1)', 'file:///r/tea']) assert.equal(parseMeetingURL(bad), null, bad);
  assert.equal(parseMeetingURL(meetingURL('https://h.org', '会议'))?.room, '会议');
});

test('codecs: what the server takes, VP8 first, whole list if that leaves none', () => {
  const all = [
    { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=0;tier=0' },
    { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=1;tier=0' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f' },
    { mimeType: 'video/rtx' },
    { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=2' },
    { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=0' },
    { mimeType: 'video/VP8' },
    { mimeType: 'video/red' },
  ];
  const video = (/** @type {typeof all} */ codecs, /** @type {'send' | 'receive'} */ dir) => codecPreferences(codecs, 'video', dir).map((c) => c.mimeType);
  assert.deepEqual(video(all, 'send'), ['video/VP8', 'video/H264', 'video/rtx']);
  assert.deepEqual(video(all, 'receive'), ['video/VP8', 'video/H264', 'video/VP9', 'video/AV1', 'video/rtx']);
  assert.deepEqual(codecPreferences(all, 'video', 'receive').slice(2, 4).map((c) => c.sdpFmtpLine), ['profile-id=0', 'level-idx=5;profile=0;tier=0']);
  assert.deepEqual(video([{ mimeType: 'video/AV1' }, { mimeType: 'video/rtx' }], 'send'), []);
  assert.deepEqual(codecPreferences([{ mimeType: 'audio/PCMU' }, { mimeType: 'audio/OPUS' }], 'audio', 'send').map((c) => c.mimeType), ['audio/OPUS']);
  assert.deepEqual(codecPreferences([], 'audio', 'receive'), []);
});

test('header extensions: those the server uses, and for seats what layers of AV1 need', () => {
  const dependency = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';
  const all = [
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', direction: 'sendrecv' },
    { uri: 'urn:3gpp:video-orientation', direction: 'sendrecv' },
    { uri: dependency, direction: 'stopped' },
  ];
  assert.deepEqual(usedExtensions(all, 'send').map((e) => e.direction), ['sendrecv', 'stopped', 'stopped']);
  assert.deepEqual(usedExtensions(all, 'receive').map((e) => e.direction), ['sendrecv', 'stopped', 'sendrecv']);
});
