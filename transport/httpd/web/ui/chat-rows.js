// How a line of the chat is drawn. All that people wrote is text; addresses
// in it become links that open elsewhere and tell nothing about this page.
import { icon } from '../icons/icons.js';
import { messageKey } from '../lib/failures.js';
import { fill, h } from '../lib/html.js';
import { i18n, msg } from '../lib/i18n.js';
import { linkify } from '../lib/linkify.js';
import { inline } from '../lib/names.js';
import { avatar } from './avatar.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').ChatMessage} ChatMessage */

/** Messages of one person within this time stand under one name, milliseconds. */
const BLOCK = 3 * 60_000;

/** @param {ChatMessage} a @param {ChatMessage} b */
export function sameBlock(a, b) {
  return a.participant === b.participant && a.to === b.to && b.at - a.at < BLOCK;
}

/** @param {string} text */
function body(text) {
  const pieces = linkify(text).map((p) => (p.href ? h('a', { href: p.href, target: '_blank', rel: 'noopener noreferrer nofollow', referrerpolicy: 'no-referrer' }, p.text) : p.text));
  return h('p', { class: 'chat-text', dir: 'auto' }, ...pieces);
}

/** @param {Call} call @param {ChatMessage} m */
function audience(call, m) {
  if (!m.to) return null;
  const label = call.isMine(m.participant) ? msg('chat.privateTo', { name: call.nameOf(m.to) }) : msg('chat.privateFrom');
  return h('span', { class: 'chip' }, icon('lock', 'small'), label);
}

/**
 * @param {Call} call
 * @param {ChatMessage} m
 * @param {{joined: boolean}} options joined: belongs to the message above
 */
export function messageRow(call, m, { joined }) {
  const own = call.isMine(m.participant);
  const reply = m.to && !own && call.room.remoteParticipants.has(m.participant)
    ? h('button', { class: 'textlink', type: 'button', onclick: () => call.openChat(m.participant) }, msg('chat.replyPrivate'))
    : null;
  return h(
    'div',
    { class: `chat-row${joined ? ' joined' : ''}${own ? ' own' : ''}${m.to ? ' private' : ''}` },
    joined ? null : avatar(m.name, 'chat-face'),
    h(
      'div',
      { class: 'chat-bubble' },
      joined
        ? null
        : h('div', { class: 'chat-who' }, h('bdi', { class: 'chat-name' }, own ? msg('chat.you') : inline(m.name, 64)), h('time', { class: 'hint', datetime: new Date(m.at).toISOString() }, i18n.time(m.at)), audience(call, m)),
      body(m.text),
      reply,
    ),
  );
}

/**
 * A text of one's own that is not said yet.
 * @param {HTMLElement} row
 * @param {import('../sdk/index.js').OwnText} own
 * @param {{offline: boolean, toName: string, retry: () => void, discard: () => void}} options
 *   offline: it waits for the connection, not for the disk
 */
export function ownRow(row, own, { offline, toName, retry, discard }) {
  row.className = `chat-row own pending ${own.state}`;
  fill(
    row,
    h(
      'div',
      { class: 'chat-bubble' },
      own.to ? h('span', { class: 'chip' }, icon('lock', 'small'), msg('chat.privateTo', { name: toName })) : null,
      body(own.text),
      own.state === 'failed' ? failure(own.error?.code ?? '', retry, discard) : h('span', { class: 'hint' }, msg(wayKey(own.state, offline))),
    ),
  );
}

/** @param {string} state @param {boolean} offline @returns {import('../lib/i18n.js').Key} */
function wayKey(state, offline) {
  if (state === 'unknown') return 'chat.unknown';
  if (state === 'sending') return 'chat.sending';
  return offline ? 'chat.offline' : 'chat.waiting';
}

/** @param {string} code @param {() => void} retry @param {() => void} discard */
function failure(code, retry, discard) {
  return h(
    'div',
    { class: 'row wrap' },
    h('span', { class: 'error-text' }, msg('chat.failed'), ' ', code ? msg(messageKey(code), { code }) : null),
    h('button', { class: 'btn small', type: 'button', onclick: retry }, msg('chat.retry')),
    h('button', { class: 'btn quiet small', type: 'button', onclick: discard }, msg('chat.discard')),
  );
}

/** @param {...import('../lib/html.js').Child} children */
export function noteRow(...children) {
  return h('div', { class: 'chat-note' }, ...children);
}
