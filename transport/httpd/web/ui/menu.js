// Menus as native popovers: closed by Escape and by a click elsewhere, walked
// with the arrow keys, placed beside the button that opened them.
import { icon } from '../icons/icons.js';
import { attr, h } from '../lib/html.js';

/** @typedef {import('../lib/html.js').Child} Child */

/**
 * @typedef {object} Item
 * @property {Child} [label]
 * @property {import('../icons/icons.js').IconName} [icon]
 * @property {boolean} [checked] present: the item is one of several choices
 * @property {string} [key] a key cap at the end
 * @property {() => void} [run]
 * @property {Child} [title] a heading instead of an item
 * @property {boolean} [line] a line instead of an item
 * @property {HTMLElement} [element] anything else instead of an item
 */

/**
 * Opens a menu beside a button, or closes it when it is open.
 * @param {HTMLElement} button
 * @param {import('../lib/i18n.js').Msg | string} label
 * @param {Item[]} items
 * @param {{className?: string}} [options]
 */
export function openMenu(button, label, items, { className = '' } = {}) {
  if (button.getAttribute('aria-expanded') === 'true') return null;
  const plain = items.every((i) => !i.element);
  const menu = h(
    'div',
    { class: `menu ${className}`, popover: 'auto', role: plain ? 'menu' : 'group', 'aria-label': label },
    ...items.map((item) => row(item, plain, () => menu.hidePopover())),
  );
  (button.closest('dialog, parley-people, footer, main') ?? document.body).append(menu);
  attr(button, 'aria-expanded', 'true');
  // What is in it may grow a moment later, or the window may turn.
  const observer = new ResizeObserver(() => requestAnimationFrame(() => place(menu, button)));
  for (const el of [menu, button.closest('parley-room') ?? document.body]) observer.observe(el);
  menu.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
    observer.disconnect();
    attr(button, 'aria-expanded', 'false');
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  });
  menu.addEventListener('keydown', (event) => walk(menu, event));
  menu.showPopover();
  place(menu, button);
  /** @type {HTMLElement | null} */ (menu.querySelector('[aria-checked="true"], button, input, select'))?.focus();
  return menu;
}

/** @param {Item} item @param {boolean} plain @param {() => void} close */
function row(item, plain, close) {
  if (item.line) return h('div', { class: 'menu-line', role: 'separator' });
  if (item.title) return h('div', { class: 'menu-title', role: plain ? 'presentation' : null }, item.title);
  if (item.element) return item.element;
  const choice = item.checked !== undefined;
  return h(
    'button',
    {
      class: 'menu-item',
      type: 'button',
      role: plain ? (choice ? 'menuitemradio' : 'menuitem') : choice ? 'radio' : null,
      'aria-checked': choice ? String(item.checked) : null,
      onclick: () => {
        close();
        item.run?.();
      },
    },
    item.icon ? icon(item.icon) : null,
    h('span', null, item.label),
    item.key ? h('kbd', null, item.key) : null,
    choice ? icon('check', 'tick small') : null,
  );
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function walk(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || (event.target instanceof HTMLInputElement && event.target.type === 'range')) return;
  if (event.target instanceof HTMLSelectElement) return;
  const stops = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll('button, input, select, textarea')]);
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = Number.isFinite(step) ? (at + step + stops.length) % stops.length : step < 0 ? 0 : stops.length - 1;
  stops[next]?.focus();
  event.preventDefault();
}

/** Above or below, whichever has room, never outside the window. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const b = button.getBoundingClientRect();
  const m = menu.getBoundingClientRect();
  const above = b.top - 8 - m.height;
  const below = b.bottom + 8;
  const top = above >= 8 && (b.top > innerHeight / 2 || below + m.height > innerHeight - 8) ? above : below;
  menu.style.top = `${Math.max(8, Math.min(top, innerHeight - m.height - 8))}px`;
  menu.style.left = `${Math.max(8, Math.min(b.left + b.width / 2 - m.width / 2, innerWidth - m.width - 8))}px`;
}
