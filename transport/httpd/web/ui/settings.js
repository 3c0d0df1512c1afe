// The settings within a meeting: devices, general, sounds, shortcuts.
import { icon } from '../icons/icons.js';
import { attr, fill, h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { CATALOGUE, bindings, isSingle, proposedKey } from '../lib/shortcuts.js';
import { QUIET_ABOVE } from '../lib/tones.js';
import { devices } from '../sdk/index.js';
import { say } from './announcer.js';
import { audio, testSpeaker } from './audio.js';
import { languageSelect, themeSelect } from './chrome.js';
import { audioOptions } from './device-menus.js';
import { deviceSelect } from './device-select.js';
import { newId, openDialog } from './dialog.js';
import { TONES } from '../lib/tones.js';
import { caps } from './shortcut-sheet.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../lib/i18n.js').Key} Key */
/** @typedef {import('../lib/prefs.js').Prefs} Prefs */
/** @typedef {{[K in keyof Prefs]: Prefs[K] extends boolean ? K : never}[keyof Prefs]} BooleanPref */

/** @param {Key} label @param {BooleanPref} name @param {(on: boolean) => void} [then] */
function prefSwitch(label, name, then) {
  const input = h('input', { type: 'checkbox', role: 'switch', checked: prefs.now[name] });
  input.addEventListener('change', () => {
    prefs.set({ [name]: input.checked });
    then?.(input.checked);
  });
  return h('label', { class: 'switch' }, h('span', null, msg(label)), input);
}

/** @param {Key} label @param {HTMLElement} control */
function setting(label, control) {
  const id = newId('setting');
  attr(control, 'id', id);
  return h('div', { class: 'setting' }, h('label', { class: 'label', for: id }, msg(label)), control);
}

/** @param {Call} call */
function devicePage(call) {
  const labelOf = (/** @type {HTMLSelectElement} */ s) => s.selectedOptions[0]?.textContent ?? '';
  const picker = (/** @type {import('../sdk/index.js').DeviceKind} */ kind, /** @type {string} */ chosen) => {
    const p = deviceSelect(kind, (id) => void call.devices?.choose(kind, id, labelOf(p.element)));
    p.update(call.devices?.list.state[kind] ?? [], chosen);
    return p.element;
  };
  const test = h('button', { class: 'btn small', type: 'button', onclick: () => void testSpeaker(prefs.now.speakerId) }, icon('volume', 'small'), msg('device.testSpeaker'));
  return [
    setting('device.mic', picker('audioinput', prefs.now.micId)),
    setting('device.cam', picker('videoinput', prefs.now.camId)),
    devices.canChooseOutput() ? setting('device.speaker', picker('audiooutput', prefs.now.speakerId)) : h('p', { class: 'hint' }, msg('device.noOutputs')),
    h('div', { class: 'setting more' }, h('span'), test),
    ...audioOptions(call),
    prefSwitch('device.mirror', 'mirror'),
  ];
}

/** @param {Call} call */
function generalPage(call) {
  return [
    setting('settings.language', languageSelect('select')),
    setting('settings.theme', themeSelect('select')),
    setting('settings.selfView', selfViewSelect()),
    prefSwitch('bar.dataSaver', 'dataSaver', (on) => call.setDataSaver(on)),
    prefSwitch('settings.captions', 'captions'),
    prefSwitch('settings.reactions', 'reactions'),
    prefSwitch('settings.announceReactions', 'announceReactions'),
    prefSwitch('settings.announceChat', 'announceChat'),
    prefSwitch('settings.silentMic', 'silentMicWarning'),
    prefSwitch('settings.lowerHand', 'lowerHandWhenSpeaking'),
    prefSwitch('settings.askWhenAlone', 'askWhenAlone'),
  ];
}

function selfViewSelect() {
  const choices = /** @type {const} */ ({ auto: 'tile.selfAuto', tile: 'tile.selfTile', float: 'tile.selfFloat', hidden: 'tile.hideSelf' });
  const select = h('select', { class: 'select' }, ...Object.entries(choices).map(([value, label]) => h('option', { value }, msg(label))));
  select.value = prefs.now.selfView;
  select.addEventListener('change', () => prefs.set({ selfView: /** @type {keyof typeof choices} */ (select.value) }));
  return select;
}

function soundPage() {
  const volume = h('input', { type: 'range', min: 0, max: 100, step: 5, value: String(Math.round(prefs.now.soundVolume * 100)) });
  volume.addEventListener('change', () => {
    prefs.set({ soundVolume: Number(volume.value) / 100 });
    audio.play(TONES.chat, prefs.now.soundVolume);
  });
  const kinds = /** @type {const} */ (['join', 'leave', 'hand', 'chat', 'alert']);
  return [
    setting('settings.soundVolume', volume),
    ...kinds.map((kind) => {
      const label = /** @type {Key} */ (`settings.sound.${kind}`);
      const input = h('input', { type: 'checkbox', role: 'switch', checked: prefs.now.sounds[kind] !== false });
      input.addEventListener('change', () => prefs.set({ sounds: { ...prefs.now.sounds, [kind]: input.checked } }));
      return h(
        'div',
        { class: 'sound-row' },
        h('label', { class: 'switch' }, h('span', null, msg(label)), input),
        h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('settings.play', { name: String(msg(label)) }), onclick: () => audio.play(TONES[kind], prefs.now.soundVolume) }, icon('volume', 'small')),
      );
    }),
    h('p', { class: 'hint' }, msg('settings.quiet', { n: QUIET_ABOVE })),
  ];
}

function shortcutPage() {
  const list = h('div', { class: 'shortcuts' });
  const draw = () => {
    const keys = bindings(prefs.now.keys);
    fill(
      list,
      ...CATALOGUE.map(({ action, key, label }) =>
        h('div', null, h('span', null, msg(label)), isSingle(key) ? keyButton(action, label, keys[action], draw) : caps(keys[action])),
      ),
    );
  };
  draw();
  const reset = () => {
    prefs.set({ keys: {} });
    draw();
  };
  return [prefSwitch('settings.shortcutsOn', 'shortcuts'), list, h('div', null, h('button', { class: 'btn small', type: 'button', onclick: reset }, msg('settings.resetKeys')))];
}

/** @param {import('../lib/shortcuts.js').Action} action @param {Key} label @param {string} key @param {() => void} redraw */
function keyButton(action, label, key, redraw) {
  const name = String(msg(label));
  const button = h('button', { class: 'btn outline small keycap', type: 'button' }, caps(key));
  attr(button, 'aria-label', `${button.textContent} · ${msg('settings.remap', { name })}`);
  const take = (/** @type {KeyboardEvent} */ event) => {
    if (['Tab', 'Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    stop();
    const wanted = event.key === 'Backspace' || event.key === 'Delete' ? '' : proposedKey(event);
    if (event.key === 'Escape' || wanted === null) return fill(button, caps(key));
    const taken = CATALOGUE.find((s) => s.action !== action && bindings(prefs.now.keys)[s.action] === wanted && wanted !== '');
    const keys = { ...prefs.now.keys, [action]: wanted, ...(taken ? { [taken.action]: '' } : {}) };
    prefs.set({ keys });
    if (taken) say(msg('settings.keyTaken', { name: String(msg(taken.label)) }));
    redraw();
  };
  const stop = () => {
    button.removeEventListener('keydown', take);
    button.removeEventListener('blur', blur);
  };
  const blur = () => {
    stop();
    fill(button, caps(key));
  };
  button.addEventListener('click', () => {
    text(button, msg('settings.pressKey'));
    say(msg('settings.pressKey'));
    button.addEventListener('keydown', take);
    button.addEventListener('blur', blur);
  });
  return button;
}

/** @param {Call} call */
export function openSettings(call) {
  const pages = /** @type {const} */ ([
    ['settings.devices', () => devicePage(call)],
    ['settings.general', () => generalPage(call)],
    ['settings.sounds', () => soundPage()],
    ['settings.shortcuts', () => shortcutPage()],
  ]);
  const panelId = newId('panel');
  const panel = h('div', { class: 'tab-panel', role: 'tabpanel', id: panelId, tabindex: '-1' });
  const tabs = pages.map(([label], i) => h('button', { class: 'tab', type: 'button', role: 'tab', id: newId('tab'), 'aria-controls': panelId, onclick: () => show(i) }, msg(label)));
  const show = (/** @type {number} */ at) => {
    tabs.forEach((tab, i) => {
      attr(tab, 'aria-selected', String(i === at));
      attr(tab, 'tabindex', i === at ? '0' : '-1');
    });
    attr(panel, 'aria-labelledby', tabs[at].id);
    fill(panel, ...pages[at][1]());
  };
  const list = h('div', { class: 'tabs', role: 'tablist', 'aria-label': msg('settings.title') }, ...tabs);
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (tabs.indexOf(/** @type {HTMLButtonElement} */ (event.target)) + step + tabs.length) % tabs.length;
    show(next);
    tabs[next].focus();
  });
  show(0);
  openDialog({ title: msg('settings.title'), className: 'wide', body: [list, panel] });
  tabs[0].focus();
}
