// One catalogue drives the handler, the hints in tooltips, the help sheet and
// remapping. Pure: what a key press means, given where it happened.

/** @typedef {'mic' | 'cam' | 'talk' | 'hand' | 'chat' | 'people' | 'share' | 'layout' | 'fullscreen' | 'toolbar' | 'stats' | 'captions' | 'pip' | 'leave' | 'help'} Action */
/** @typedef {import('./i18n.js').Key} Key */

/**
 * @typedef {object} Shortcut
 * @property {Action} action
 * @property {string} key one character (can be remapped or switched off), or
 *   a name such as F2
 * @property {string} [also] a second combination with modifiers, always there
 * @property {Key} label
 */

/** @type {readonly Shortcut[]} */
export const CATALOGUE = [
  { action: 'mic', key: 'm', also: 'Ctrl+D', label: 'shortcut.mic' },
  { action: 'cam', key: 'v', also: 'Ctrl+E', label: 'shortcut.cam' },
  { action: 'talk', key: 'Space', label: 'shortcut.talk' },
  { action: 'share', key: 's', label: 'shortcut.share' },
  { action: 'hand', key: 'h', label: 'shortcut.hand' },
  { action: 'chat', key: 'c', label: 'shortcut.chat' },
  { action: 'people', key: 'p', label: 'shortcut.people' },
  { action: 'layout', key: 'w', label: 'shortcut.layout' },
  { action: 'fullscreen', key: 'f', label: 'shortcut.fullscreen' },
  { action: 'pip', key: 'i', label: 'shortcut.pip' },
  { action: 'captions', key: 't', label: 'shortcut.captions' },
  { action: 'stats', key: 'x', also: 'Ctrl+Alt+S', label: 'shortcut.stats' },
  { action: 'toolbar', key: 'F2', label: 'shortcut.toolbar' },
  { action: 'leave', key: 'Ctrl+Shift+L', label: 'shortcut.leave' },
  { action: 'help', key: '?', label: 'shortcut.help' },
];

/** Whether a key is a single character, which WCAG 2.1.4 wants to be optional. @param {string} key */
export const isSingle = (key) => key === 'Space' || [...key].length === 1;

/**
 * The key of each action after remapping. A key given to one action is taken
 * from the action that had it by default.
 * @param {Readonly<Record<string, string>>} remapped
 * @returns {Record<Action, string>}
 */
export function bindings(remapped) {
  const taken = new Set(Object.values(remapped));
  const out = CATALOGUE.map(({ action, key }) => [action, remapped[action] ?? (taken.has(key) ? '' : key)]);
  return Object.fromEntries(out);
}

/**
 * @typedef {object} Press what of a KeyboardEvent matters
 * @property {string} key
 * @property {string} code
 * @property {boolean} ctrlKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 * @property {boolean} metaKey
 * @property {boolean} repeat
 * @property {boolean} isComposing
 */

/**
 * @typedef {object} Place where a key was pressed
 * @property {boolean} typing in a text field
 * @property {boolean} dialog a dialog or menu is open
 * @property {boolean} pressable on a button, link or other control that Space presses
 */

/**
 * What a press means, or null.
 * @param {Press} press
 * @param {Place} place
 * @param {{enabled: boolean, remapped?: Readonly<Record<string, string>>}} options
 * @returns {Action | null}
 */
export function match(press, place, { enabled, remapped = {} }) {
  if (press.repeat || press.isComposing || press.key === 'Process' || place.dialog) return null;
  const chord = combination(press);
  if (press.ctrlKey || press.altKey || press.metaKey) {
    if (place.typing && press.altKey) return null; // AltGr writes letters
    return CATALOGUE.find((s) => s.also === chord || s.key === chord)?.action ?? null;
  }
  if (press.shiftKey && /^\p{L}$/u.test(press.key)) return null;
  if (place.typing) return chord === 'F2' ? 'toolbar' : null;
  const keys = bindings(remapped);
  for (const { action } of CATALOGUE) {
    const key = keys[action];
    if (!key || (isSingle(key) && !enabled) || !hits(press, key)) continue;
    return key === 'Space' && place.pressable ? null : action;
  }
  return null;
}

/** @param {Press} press @param {string} key */
function hits(press, key) {
  if (key === 'Space') return press.key === ' ';
  if (press.key.toLowerCase() === key.toLowerCase()) return true;
  // Other alphabets: the place of the key decides, as on a Latin keyboard.
  return /^[a-z]$/i.test(key) && !/^[\x20-\x7e]$/.test(press.key) && press.code === `Key${key.toUpperCase()}`;
}

/** "Ctrl+Shift+L", from a press. @param {Press} press */
function combination(press) {
  const letter = /^Key([A-Z])$/.exec(press.code)?.[1] ?? press.key;
  const parts = [press.ctrlKey || press.metaKey ? 'Ctrl' : '', press.altKey ? 'Alt' : '', press.shiftKey ? 'Shift' : ''];
  const named = parts.filter(Boolean);
  return named.length ? [...named, letter].join('+') : press.key;
}

/**
 * The key to give an action when a person presses it in the settings, or null
 * when it can not be one.
 * @param {Press} press
 */
export function proposedKey(press) {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing) return null;
  if (press.key === ' ') return 'Space';
  return [...press.key].length === 1 ? press.key.toLowerCase() : null;
}

/** How a key is written on a key cap. @param {string} key @param {boolean} mac */
export function keyCaps(key, mac) {
  const names = mac ? { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' } : {};
  return key.split('+').map((part) => Reflect.get(names, part) ?? (part.length === 1 ? part.toUpperCase() : part));
}
