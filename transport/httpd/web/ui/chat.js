// The chat: what was said, what is being sent, and the line to type on.
import { icon } from '../icons/icons.js';
import { fill, h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { say } from './announcer.js';
import { ParleyComposer } from './chat-composer.js';
import { messageRow, noteRow, pendingRow, sameBlock } from './chat-rows.js';
import { ParleyElement, define } from './element.js';
import { panelHead } from './panel-head.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').ChatMessage} ChatMessage */

/**
 * @typedef {object} Pending a text on its way
 * @property {string} key
 * @property {string} text
 * @property {string} to
 * @property {'sending' | 'failed'} state
 * @property {HTMLElement} row
 */

/** Nearer to the end than this counts as reading along, CSS pixels. */
const NEAR = 80;

export class ParleyChat extends ParleyElement {
  /** @type {Call} */
  call = /** @type {any} */ (null);
  /** @type {import('./actions.js').Actions} */
  actions = /** @type {any} */ (null);
  #log = h('div', { class: 'chat-log', role: 'log', 'aria-live': 'off', tabindex: '0', 'aria-label': msg('chat.log') });
  #empty = h('div', { class: 'chat-empty' }, icon('chat', 'large'), h('h3', null, msg('chat.empty')), h('p', { class: 'hint' }, msg('chat.emptyText')));
  #divider = h('div', { class: 'chat-divider', role: 'separator' }, h('span', null, msg('chat.unread')));
  #below = h('button', { class: 'btn primary small chat-below', type: 'button', hidden: true });
  #composer = new ParleyComposer();
  /** @type {Pending[]} */
  #pending = [];
  /** @type {ChatMessage | null} */
  #last = null;
  #newBelow = 0;
  #drawn = new Set();
  #listening = false;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    this.#composer.chat = this;
    fill(
      this,
      panelHead(this.call, 'chat.title'),
      h('p', { class: 'hint chat-retention' }, msg('chat.retention')),
      h('div', { class: 'chat-body' }, this.#log, this.#below),
      this.#composer,
    );
    this.#log.addEventListener('scroll', () => this.#nearEnd() && this.#read(), { signal: alive, passive: true });
    this.#below.addEventListener('click', () => this.#toEnd(), { signal: alive });
    document.addEventListener('visibilitychange', () => !document.hidden && this.#nearEnd() && this.#read(), { signal: alive });
    this.call.store.select((s) => s.chatTo, () => this.#composer.isConnected && this.#composer.drawTo(), alive);
    if (this.#listening) return;
    // The panel may be away while messages come: they are drawn when it opens.
    this.#listening = true;
    this.call.room.on('chatMessage', ({ message }) => this.isConnected && this.#add(message), { signal: this.call.alive });
    this.call.room.on('reconnected', () => this.isConnected && this.#all(), { signal: this.call.alive });
  }

  opened() {
    this.#all();
    this.#toEnd();
    this.#composer.focusField();
  }

  /** A chat that nobody looks at holds no rows: opening it draws them. */
  unmounted() {
    fill(this.#log);
  }

  relabelled() {
    this.#all();
  }

  /** Draws everything again: the panel was away, or the language changed. */
  #all() {
    const { messages } = this.call.room.chat;
    const unread = this.call.state.unread;
    this.#drawn.clear();
    this.#last = null;
    fill(this.#log);
    if (!messages.length && !this.#pending.length) this.#log.append(this.#empty);
    const firstNew = unread ? messages.filter((m) => !this.call.isMine(m.participant)).at(-unread)?.id : undefined;
    for (const message of messages) {
      if (message.id === firstNew) {
        this.#log.append(this.#divider);
        this.#last = null;
      }
      this.#put(message);
    }
    for (const p of this.#pending) this.#log.append(p.row);
  }

  /** @param {ChatMessage} message */
  #put(message) {
    if (this.#drawn.has(message.id)) return;
    this.#drawn.add(message.id);
    this.#empty.remove();
    const row = messageRow(this.call, message, { joined: this.#last !== null && sameBlock(this.#last, message) });
    this.#last = message;
    const waiting = this.#pending.find((p) => p.row.isConnected);
    if (waiting) this.#log.insertBefore(row, waiting.row);
    else this.#log.append(row);
  }

  /** @param {ChatMessage} message */
  #add(message) {
    const along = this.#nearEnd();
    const own = this.call.isMine(message.participant);
    this.#settle(message.key);
    this.#put(message);
    if (own || along) this.#toEnd();
    else {
      this.#newBelow++;
      text(this.#below, msg('chat.newBelow', { n: this.#newBelow }));
      this.#below.hidden = false;
    }
  }

  #nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#read();
  }

  #read() {
    this.#newBelow = 0;
    this.#below.hidden = true;
    if (this.call.state.unread && !document.hidden) this.call.store.set({ unread: 0 });
  }

  // --------------------------------------------------------------- sending --

  /** @param {string} body @param {string} to */
  send(body, to) {
    const key = [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, '0')).join('');
    /** @type {Pending} */
    const pending = { key, text: body, to, state: 'sending', row: h('div') };
    this.#pending.push(pending);
    this.#divider.remove();
    this.#empty.remove();
    this.#log.append(pending.row);
    void this.#deliver(pending);
    this.#toEnd();
  }

  /** @param {Pending} pending */
  async #deliver(pending) {
    pending.state = 'sending';
    this.#drawPending(pending);
    try {
      await this.call.room.chat.send(pending.text, { key: pending.key, ...(pending.to ? { to: pending.to } : {}) });
      this.#settle(pending.key);
      if (this.isConnected) for (const message of this.call.room.chat.messages) this.#put(message);
    } catch (error) {
      pending.state = 'failed';
      this.#drawPending(pending, String(/** @type {{code?: string}} */ (error)?.code ?? ''));
      if (this.isConnected) this.#toEnd();
      say(msg('chat.failed'), { now: true });
    }
  }

  /** @param {Pending} pending @param {string} [code] */
  #drawPending(pending, code = '') {
    pendingRow(pending.row, pending, {
      code,
      retry: () => void this.#deliver(pending),
      discard: () => this.#settle(pending.key),
      toName: pending.to ? this.call.nameOf(pending.to) : '',
    });
  }

  /** It has arrived, or is given up. @param {string} key */
  #settle(key) {
    const at = this.#pending.findIndex((p) => p.key === key);
    if (at < 0) return;
    this.#pending[at].row.remove();
    this.#pending.splice(at, 1);
  }

  /** A line of our own that nobody else sees. @param {...import('../lib/html.js').Child} children */
  note(...children) {
    this.#empty.remove();
    this.#log.append(noteRow(...children));
    this.#toEnd();
  }

  /** People who can be written to. */
  get others() {
    return this.call.state.people.filter((p) => !p.self && p.kind === 'person').map((p) => ({ id: p.id, name: inline(p.name, 64) }));
  }
}

define('parley-chat', ParleyChat);
