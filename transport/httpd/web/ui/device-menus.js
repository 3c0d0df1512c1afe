// What the small arrows beside microphone and camera open.
import { h } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { devices } from '../sdk/index.js';
import { testSpeaker } from './audio.js';
import { newId } from './dialog.js';
import { ParleyLevelMeter } from './level-meter.js';
import { deviceLabel } from './local-media.js';
import { openMenu } from './menu.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('./menu.js').Item} Item */
/** @typedef {import('../sdk/index.js').DeviceKind} DeviceKind */
/** @typedef {keyof import('../lib/prefs.js').Prefs['audio']} AudioOption */

const TITLES = /** @type {const} */ ({ audioinput: 'device.mic', videoinput: 'device.cam', audiooutput: 'device.speaker' });

/** One choice per device of a kind. @param {Call} call @param {DeviceKind} kind @returns {Item[]} */
function choices(call, kind) {
  const all = call.devices?.list.state[kind] ?? [];
  const list = all.filter((d) => d.id !== 'default' && d.id !== 'communications');
  const chosen = { audioinput: prefs.now.micId, videoinput: prefs.now.camId, audiooutput: prefs.now.speakerId }[kind];
  const known = list.some((d) => d.id === chosen);
  const item = (/** @type {string} */ id, /** @type {string} */ label, /** @type {boolean} */ checked) => ({
    label,
    checked,
    run: () => void call.devices?.choose(kind, id, label),
  });
  if (!list.length) return [{ title: msg(TITLES[kind]) }, { title: msg('device.none') }];
  return [
    { title: msg(TITLES[kind]) },
    item('', t('device.default'), !known),
    ...list.map((d, i) => {
      const { label, key, n } = deviceLabel(d, i);
      return item(d.id, label ?? t(key, { n }), d.id === chosen);
    }),
  ];
}

/** @param {Call} call @param {HTMLElement} button */
export function micMenu(call, button) {
  const meter = new ParleyLevelMeter();
  const outputs = devices.canChooseOutput() ? choices(call, 'audiooutput') : [{ title: msg('device.speaker') }, { title: msg('device.noOutputs') }];
  const track = call.me.tracks.get('microphone')?.track ?? null;
  const menu = openMenu(button, msg('device.micMenu'), [
    ...choices(call, 'audioinput'),
    ...(track ? [{ element: h('div', { class: 'menu-meter' }, meter) }] : []),
    { line: true },
    ...outputs,
    { icon: 'volume', label: msg('device.testSpeaker'), run: () => void testSpeaker(prefs.now.speakerId) },
    { line: true },
    { title: msg('device.options') },
    ...audioOptions(call).map((element) => ({ element })),
  ]);
  if (menu) meter.track = track;
}

/**
 * Switches for what the browser can do to the microphone's sound, and the one
 * that leaves it as it is: the others then rest.
 * @param {Call | null} call
 */
export function audioOptions(call) {
  const supported = /** @type {Record<string, boolean>} */ (navigator.mediaDevices?.getSupportedConstraints?.() ?? {});
  const names = /** @type {AudioOption[]} */ (['noiseSuppression', 'echoCancellation', 'autoGainControl', 'voiceIsolation']);
  const help = h('p', { class: 'hint in-menu', id: newId('music') }, msg('device.musicHelp'));
  const draw = () => {
    const { audio } = prefs.now;
    for (const [name, input] of inputs) {
      const rests = audio.music && name !== 'music';
      input.disabled = rests;
      input.checked = audio[name] && !rests;
    }
  };
  const inputs = [...names.filter((name) => supported[name]), /** @type {const} */ ('music')].map((name) => {
    const input = h('input', { type: 'checkbox', role: 'switch', 'aria-describedby': name === 'music' ? help.id : null });
    input.addEventListener('change', () => {
      prefs.set({ audio: { ...prefs.now.audio, [name]: input.checked } });
      draw();
      void call?.devices?.applyOptions();
    });
    return /** @type {const} */ ([name, input]);
  });
  draw();
  return [...inputs.map(([name, input]) => h('label', { class: 'switch' }, h('span', null, msg(`device.${name}`)), input)), help];
}

/** @param {Call} call @param {HTMLElement} button */
export function camMenu(call, button) {
  const touch = matchMedia('(pointer: coarse)').matches;
  const several = (call.devices?.list.state.videoinput.length ?? 0) > 1;
  openMenu(button, msg('device.camMenu'), [
    ...choices(call, 'videoinput'),
    ...(touch && several && call.state.cam ? [{ line: true }, { icon: /** @type {const} */ ('flip'), label: msg('device.flip'), run: () => void call.devices?.flip() }] : []),
    { line: true },
    { element: mirrorSwitch() },
    ...(call.devices?.canBlur() ? [{ element: blurSwitch(call) }] : []),
  ]);
}

function mirrorSwitch() {
  const input = h('input', { type: 'checkbox', role: 'switch', checked: prefs.now.mirror });
  input.addEventListener('change', () => prefs.set({ mirror: input.checked }));
  return h('label', { class: 'switch' }, h('span', null, msg('device.mirror')), input);
}

/** @param {Call} call */
function blurSwitch(call) {
  const input = h('input', { type: 'checkbox', role: 'switch', checked: prefs.now.blur });
  input.addEventListener('change', () => {
    prefs.set({ blur: input.checked });
    void call.devices?.applyOptions();
  });
  return h('label', { class: 'switch' }, h('span', null, msg('device.backgroundBlur')), input);
}
