// devices: previews and permissions, with the browser's globals replaced.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import * as devices from '../../../../transport/httpd/web/sdk/devices.js';
import { FakeDevices } from './fake/rtc.mjs';
import { settle } from './fake/bench.mjs';

/** @type {FakeDevices} */
let media;
/** @type {Record<string, EventTarget & {state: string}>} */
let permissions;

beforeEach(() => {
  media = new FakeDevices();
  const status = (/** @type {string} */ state) => Object.assign(new EventTarget(), { state });
  permissions = { microphone: status('granted'), camera: status('granted') };
  const query = async (/** @type {{name: string}} */ { name }) => permissions[name] ?? Promise.reject(new TypeError('unknown'));
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { mediaDevices: media, permissions: { query } } });
});
afterEach(() => Reflect.deleteProperty(globalThis, 'navigator'));

test('devices by kind; those without an id, as before the first permission, are none', async () => {
  media.devices.push({ deviceId: '', kind: 'audiooutput', label: '', groupId: '' });
  const found = await devices.list();
  assert.deepEqual(found.audioinput.map((d) => d.label), ['Desk microphone', 'Headset']);
  assert.deepEqual(found.audiooutput, []);
});

test('both devices with one prompt', async () => {
  const opened = await devices.open({ audio: true, video: { deviceId: 'cam-2' } });
  assert.equal(media.asked.length, 1);
  assert.deepEqual([opened.microphone?.label, opened.camera?.label, opened.errors], ['Desk microphone', 'Back camera', {}]);
});

test('a microphone for music, alone and beside a camera', async () => {
  for (const video of [false, true]) {
    const { microphone } = await devices.open({ audio: { music: true }, video });
    assert.equal(microphone?.contentHint, 'music');
    assert.equal(media.asked.at(-1).audio.echoCancellation, false);
  }
  assert.equal((await devices.open({ audio: true })).microphone?.contentHint, '');
});

test('a missing camera does not cost the microphone', async () => {
  media.devices = media.devices.filter((d) => d.kind === 'audioinput');
  const opened = await devices.open({ audio: true, video: true });
  assert.equal(opened.microphone?.label, 'Desk microphone');
  assert.equal(opened.errors.camera?.code, 'not_found');
  assert.equal(opened.errors.microphone, undefined);
});

test('a prompt waved away is not shown twice more', async () => {
  for (const status of Object.values(permissions)) status.state = 'prompt';
  media.error = new DOMException('Permission dismissed', 'NotAllowedError');
  const { errors } = await devices.open({ audio: true, video: true });
  assert.deepEqual([errors.microphone?.code, errors.camera?.code, media.asked.length], ['permission_denied', 'permission_denied', 1]);
  assert.equal(errors.camera?.source, 'camera');
});

test('permissions, and where the browser does not tell', async () => {
  permissions.camera.state = 'denied';
  assert.equal(await devices.permission('camera'), 'denied');
  delete (/** @type {any} */ (permissions).microphone);
  assert.equal(await devices.permission('microphone'), 'unknown');
});

test('changes are told until stopped', async () => {
  let devicesChanged = 0;
  /** @type {string[]} */
  const states = [];
  const abort = new AbortController();
  const stop = devices.onChange(() => devicesChanged++);
  devices.onPermissionChange('camera', (state) => states.push(state), { signal: abort.signal });
  await settle();
  const change = () => {
    media.dispatchEvent(new Event('devicechange'));
    permissions.camera.state = permissions.camera.state === 'denied' ? 'granted' : 'denied';
    permissions.camera.dispatchEvent(new Event('change'));
  };
  change();
  stop();
  abort.abort();
  change();
  assert.equal(devicesChanged, 1);
  assert.deepEqual(states, ['denied']);
});

test('an insecure page has no devices and says why', async () => {
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: {} });
  const { errors } = await devices.open({ audio: true });
  assert.equal(errors.microphone?.code, 'insecure_context');
  assert.deepEqual(await devices.list(), { audioinput: [], videoinput: [], audiooutput: [] });
  assert.equal(devices.support().capture, false);
  assert.ok(devices.support().missing.includes('RTCPeerConnection'));
});
