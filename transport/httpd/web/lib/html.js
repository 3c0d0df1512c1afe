// Building DOM without HTML: text goes in as text nodes and attributes, never
// through a parser, so nothing a person writes can become markup. Messages
// (lib/i18n.js) given as children or attributes follow the language.

import { Msg } from './i18n.js';

/** @typedef {Node | Msg | string | number | null | undefined | false} Child */
/** @typedef {string | number | boolean | Msg | null | undefined | EventListener | ((e: any) => void)} Value */

/** What each node shows that must change with the language.
 * @type {WeakMap<Node, Map<string, Msg>>} */
const live = new WeakMap();

const TEXT = '#text';

/** @param {Node} node @param {string} what @param {Msg | null} value */
function remember(node, what, value) {
  const had = live.get(node);
  if (!value) {
    had?.delete(what);
    return;
  }
  if (had) had.set(what, value);
  else live.set(node, new Map([[what, value]]));
}

/**
 * Sets an attribute; false, null and undefined remove it, true sets it empty.
 * @param {Element} el
 * @param {string} name
 * @param {string | number | boolean | Msg | null | undefined} value
 */
export function attr(el, name, value) {
  remember(el, name, value instanceof Msg ? value : null);
  if (value === false || value === null || value === undefined) el.removeAttribute(name);
  else {
    const next = value === true ? '' : String(value);
    if (el.getAttribute(name) !== next) el.setAttribute(name, next);
  }
}

/**
 * Makes a node show exactly this text.
 * @param {Node} node
 * @param {string | number | Msg} value
 */
export function text(node, value) {
  remember(node, TEXT, value instanceof Msg ? value : null);
  const next = String(value);
  if (node.textContent !== next) node.textContent = next;
}

/** @param {Node} parent @param {Child[]} children */
function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) parent.appendChild(child);
    else {
      const node = document.createTextNode('');
      text(node, child);
      parent.appendChild(node);
    }
  }
}

/** Set as properties because the attribute means something else. */
const PROPERTIES = new Set(['value', 'checked', 'muted', 'srcObject', 'indeterminate']);

/**
 * Sets attributes, properties (value, checked, muted, srcObject) and
 * listeners (keys that begin with "on").
 * @template {Element} E
 * @param {E} el
 * @param {Record<string, any>} props
 */
export function set(el, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on') && typeof value === 'function') el.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) Reflect.set(el, name, value);
    else attr(el, name, value);
  }
  return el;
}

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  append(el, children);
  if (props) set(el, props);
  return el;
}

/**
 * Makes an SVG element.
 * @param {string} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Child} children
 */
export function svg(tag, props, ...children) {
  const el = document.createElementNS('http://www.w3.org/2000/svg', tag);
  if (props) set(el, props);
  append(el, children);
  return el;
}

/**
 * Replaces what is inside parent.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/** Says everything under root again, in the language now chosen. @param {Node} root */
export function relabel(root) {
  const walker = (root.ownerDocument ?? /** @type {Document} */ (root)).createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = /** @type {Node | null} */ (walker.currentNode); node; node = walker.nextNode()) {
    const messages = live.get(node);
    if (!messages) continue;
    for (const [what, message] of [...messages]) {
      if (what === TEXT) text(node, message);
      else if (node instanceof Element) attr(node, what, message);
    }
  }
}
