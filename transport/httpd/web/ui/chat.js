// The chat: what was said, what is on its way, and the line to type on.
import { icon } from '../icons/icons.js';
import { fill, h, text } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { say } from './announcer.js';
import { ParleyComposer } from './chat-composer.js';
import { messageRow, noteRow, ownRow, sameBlock } from './chat-rows.js';
import { ParleyElement, define } from './element.js';
import { panelHead } from './panel-head.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').ChatMessage} ChatMessage */
/** @typedef {import('../sdk/index.js').OwnText} OwnText */

/** What screen readers are told of a text on its way. @type {Partial<Record<OwnText['state'], import('../lib/i18n.js').Key>>} */
const TOLD = { waiting: 'chat.waiting', unknown: 'chat.unknown', failed: 'chat.failed' };

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
  /** Rows of what is on its way, by key. @type {Map<string, HTMLElement>} */
  #rows = new Map();
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
    this.call.store.select((s) => s.phase, () => this.#drawOutgoing(), alive);
    if (this.#listening) return;
    // The panel may be away while messages come: they are drawn when it opens.
    this.#listening = true;
    this.call.room.on('chatMessage', ({ message }) => this.isConnected && this.#add(message), { signal: this.call.alive });
    this.call.room.on('chatTextChanged', ({ text: own }) => this.#changed(own), { signal: this.call.alive });
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
    const { messages, outgoing } = this.call.room.chat;
    const unread = this.call.state.unread;
    this.#drawn.clear();
    this.#last = null;
    fill(this.#log);
    if (!messages.length && !outgoing.length) this.#log.append(this.#empty);
    const firstNew = unread ? messages.filter((m) => !this.call.isMine(m.participant)).at(-unread)?.id : undefined;
    for (const message of messages) {
      if (message.id === firstNew) {
        this.#log.append(this.#divider);
        this.#last = null;
      }
      this.#put(message);
    }
    this.#rows.clear();
    this.#drawOutgoing();
  }

  /** @param {ChatMessage} message */
  #put(message) {
    if (this.#drawn.has(message.id)) return;
    this.#drawn.add(message.id);
    this.#empty.remove();
    const row = messageRow(this.call, message, { joined: this.#last !== null && sameBlock(this.#last, message) });
    this.#last = message;
    const [waiting] = this.#rows.values();
    if (waiting?.isConnected) this.#log.insertBefore(row, waiting);
    else this.#log.append(row);
  }

  /** @param {ChatMessage} message */
  #add(message) {
    const along = this.#nearEnd();
    const own = this.call.isMine(message.participant);
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
    this.#divider.remove();
    this.#deliver({ key, text: body, to });
  }

  /** What becomes of it is told by chatTextChanged. @param {{key: string, text: string, to: string}} own */
  #deliver({ key, text: body, to }) {
    void this.call.room.chat.send(body, { key, ...(to ? { to } : {}) }).catch(() => {});
  }

  /** A text of one's own is on its way, or not any more. @param {OwnText} own */
  #changed(own) {
    const told = TOLD[own.state];
    if (told) say(msg(told), { now: own.state === 'failed' });
    if (!this.isConnected) return;
    if (own.state === 'said' || own.state === 'discarded') {
      this.#rows.get(own.key)?.remove();
      this.#rows.delete(own.key);
      return;
    }
    this.#drawOwn(own);
    if (own.state === 'sending' || own.state === 'failed') this.#toEnd();
  }

  #drawOutgoing() {
    for (const own of this.call.room.chat.outgoing) this.#drawOwn(own);
  }

  /** @param {OwnText} own */
  #drawOwn(own) {
    const row = this.#rows.get(own.key) ?? h('div');
    this.#rows.set(own.key, row);
    this.#empty.remove();
    if (!row.isConnected) this.#log.append(row);
    ownRow(row, own, {
      offline: this.call.state.phase !== 'live',
      retry: () => this.#deliver(own),
      discard: () => this.call.room.chat.discard(own.key),
      toName: own.to ? this.call.nameOf(own.to) : '',
    });
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
