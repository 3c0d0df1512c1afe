// The line to type on: several lines, to everyone or to one person, and
// commands that begin with a stroke.
import { icon } from '../icons/icons.js';
import { attr, fill, h, text } from '../lib/html.js';
import { msg, t } from '../lib/i18n.js';
import { meetingURL } from '../lib/meeting-url.js';
import { site } from '../lib/route.js';
import { COMMANDS, parseLine, suggest } from '../lib/slash.js';
import { say } from './announcer.js';
import { copyText } from './copy.js';
import { newId } from './dialog.js';
import { ParleyElement, define } from './element.js';
import { REACTIONS } from './more-menu.js';

/** @typedef {import('../lib/slash.js').CommandName} CommandName */

export class ParleyComposer extends ParleyElement {
  /** @type {import('./chat.js').ParleyChat} */
  chat = /** @type {any} */ (null);
  #field = h('textarea', { class: 'input', rows: 1, 'aria-label': msg('chat.field'), enterkeyhint: 'send' });
  #send = h('button', { class: 'btn primary square', type: 'submit', 'aria-label': msg('chat.send'), title: msg('chat.send') }, icon('send'));
  #to = h('div', { class: 'chat-to', hidden: true });
  #problem = h('p', { class: 'error-text', hidden: true });
  #suggestions = h('ul', { class: 'suggestions', hidden: true, role: 'list' });

  /** @param {AbortSignal} alive */
  mounted(alive) {
    const hint = h('p', { class: 'hint chat-hint', id: newId('hint') }, msg('chat.hint'));
    attr(this.#field, 'aria-describedby', hint.id);
    const form = h('form', { class: 'chat-form' }, this.#suggestions, this.#to, this.#problem, h('div', { class: 'row bottom' }, this.#field, this.#send), hint);
    fill(this, form);
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      this.#submit();
    }, { signal: alive });
    this.#field.addEventListener('keydown', (e) => this.#key(e), { signal: alive });
    this.#field.addEventListener('input', () => this.#typed(), { signal: alive });
    this.drawTo();
    this.#typed();
  }

  get #call() {
    return this.chat.call;
  }

  focusField() {
    this.#field.focus();
  }

  /** Shows whom the next text goes to. */
  drawTo() {
    const { chatTo } = this.#call.state;
    const name = chatTo ? this.#call.nameOf(chatTo) : '';
    this.#to.hidden = !chatTo;
    attr(this.#field, 'placeholder', chatTo ? msg('chat.placeholderTo', { name }) : msg('chat.placeholder'));
    if (!chatTo) return;
    fill(
      this.#to,
      h('span', { class: 'chip' }, icon('lock', 'small'), msg('chat.toChip', { name })),
      h('button', { class: 'btn quiet square small', type: 'button', 'aria-label': msg('chat.toClear'), title: msg('chat.toClear'), onclick: () => (this.#call.store.set({ chatTo: '' }), this.focusField()) }, icon('close', 'small')),
    );
    this.focusField();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter chooses a word. Safari says so
    // only by the key code.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === 'Tab' && !event.shiftKey && !this.#suggestions.hidden) {
      event.preventDefault();
      this.#complete(suggest(this.#field.value)[0]?.name);
    } else if (event.key === 'Escape' && this.#call.state.chatTo) {
      event.preventDefault();
      this.#call.store.set({ chatTo: '' });
    }
  }

  #typed() {
    const { style } = this.#field;
    style.height = 'auto';
    style.height = `${Math.min(this.#field.scrollHeight + 2, 160)}px`;
    const limit = this.#call.room.meeting?.limits.chatRunes ?? 4000;
    const over = this.#field.value.length > limit ? [...this.#field.value].length - limit : 0;
    this.#say(over > 0 ? msg('chat.tooLong', { n: over }) : null);
    attr(this.#send, 'aria-disabled', over > 0 || !this.#field.value.trim() ? 'true' : null);
    this.#suggest();
  }

  #suggest() {
    const found = suggest(this.#field.value);
    this.#suggestions.hidden = !found.length;
    fill(
      this.#suggestions,
      ...found.map((c) =>
        h('li', null, h('button', { class: 'menu-item', type: 'button', onclick: () => this.#complete(c.name) }, h('code', null, usage(c)), h('span', { class: 'hint' }, msg(c.help)))),
      ),
    );
  }

  /** @param {string | undefined} name */
  #complete(name) {
    if (!name) return;
    this.#field.value = `/${name} `;
    this.#typed();
    this.focusField();
  }

  /** @param {import('../lib/i18n.js').Msg | null} problem */
  #say(problem) {
    this.#problem.hidden = !problem;
    if (problem) text(this.#problem, problem);
  }

  #submit() {
    const line = this.#field.value;
    if (!line.trim() || this.#send.getAttribute('aria-disabled') === 'true') return;
    const parsed = parseLine(line.trim(), this.chat.others);
    if (parsed.kind === 'problem') {
      const params = { ...parsed.params, ...(parsed.params.arg ? { arg: t(/** @type {import('../lib/i18n.js').Key} */ (`slash.arg.${parsed.params.arg}`)) } : {}) };
      this.#say(msg(parsed.key, params));
      say(msg(parsed.key, params), { now: true });
      return;
    }
    if (parsed.kind === 'text') this.chat.send(parsed.text, this.#call.state.chatTo);
    else if (parsed.name === 'msg') this.chat.send(parsed.text, parsed.person);
    else this.#command(parsed.name, parsed.text);
    this.#field.value = '';
    this.#typed();
  }

  /** @param {CommandName} name @param {string} argument */
  #command(name, argument) {
    const call = this.#call;
    const { actions } = this.chat;
    switch (name) {
      case 'help':
        return this.chat.note(h('strong', null, msg('slash.title')), h('ul', { role: 'list' }, ...COMMANDS.map((c) => h('li', null, h('code', null, usage(c)), ' ', msg(c.help)))));
      case 'mute':
        return void call.devices?.mic(false);
      case 'unmute':
        return void call.devices?.mic(true);
      case 'video':
        return actions.run('cam');
      case 'react':
        return void call.react(REACTIONS.find((e) => argument.startsWith(e.replace('\ufe0f', ''))) ?? argument);
      case 'name':
        return void call.rename(argument);
      case 'caption':
        return void call.attempt(call.me.caption(argument, true));
      case 'invite':
        return void copyText(meetingURL(site.url, call.room.name)).then((done) => this.chat.note(msg(done ? 'app.copied' : 'app.copyFailed')));
      case 'who':
        return this.chat.note(msg('slash.whoHere', { names: call.state.people.map((p) => call.nameOf(p.id)).join(', ') }));
      case 'share':
      case 'hand':
      case 'stats':
      case 'leave':
        return actions.run(name);
    }
  }
}

/** @param {import('../lib/slash.js').Command} command */
function usage({ name, args }) {
  return [`/${name}`, ...args.map((a) => `‹${t(`slash.arg.${a}`)}›`)].join(' ');
}

define('parley-composer', ParleyComposer);
