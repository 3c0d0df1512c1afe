// A meeting inside another page: /embed.html?room=name&name=Ann&origin=https://…
// What is said to and taken from that page: lib/embed-protocol.js.
import { parentOrigin, parseCommand } from '../lib/embed-protocol.js';
import { fill, h } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { icon } from '../icons/icons.js';
import './announcer.js';
import { ParleyElement, define } from './element.js';
import { speak } from './language.js';
import ParleyMeeting from './meeting.js';
import { followTheme } from './theme.js';
import './toasts.js';

/** @typedef {import('./call.js').Call} Call */

const query = new URLSearchParams(location.search);

class ParleyEmbed extends ParleyElement {
  #origin = parentOrigin({
    origin: query.get('origin'),
    ancestors: 'ancestorOrigins' in location ? [...location.ancestorOrigins] : [],
    referrer: document.referrer,
  });
  #meeting = new ParleyMeeting();

  /** @param {AbortSignal} alive */
  mounted(alive) {
    void this.#boot(alive);
  }

  /** @param {AbortSignal} alive */
  async #boot(alive) {
    if (!(await speak(alive))) return;
    await followTheme(alive);
    document.documentElement.setAttribute('data-booted', '');
    const room = query.get('room')?.trim();
    if (!room) {
      fill(this, h('main', { class: 'dead-end' }, icon('warn', 'large'), h('h1', null, msg('embed.title')), h('p', { class: 'lead' }, msg('embed.bad'))));
      return;
    }
    const name = query.get('name')?.trim();
    if (name && !prefs.now.name) prefs.set({ name: name.slice(0, 64) });
    this.#meeting.room = room;
    this.#meeting.embedded = true;
    this.#meeting.addEventListener('state', (e) => this.#state(/** @type {CustomEvent<string>} */ (e).detail));
    addEventListener('message', (e) => this.#command(e), { signal: alive });
    fill(this, this.#meeting);
    this.#tell('ready', { room });
  }

  /** @param {string} type @param {Record<string, unknown>} [more] */
  #tell(type, more = {}) {
    if (this.#origin && parent !== window) parent.postMessage({ source: 'parley', type, ...more }, this.#origin);
  }

  /** @param {string} state */
  #state(state) {
    this.#tell('state', { state });
    const { call } = this.#meeting;
    if (state === 'room' && call) this.#follow(call);
  }

  /** @param {Call} call */
  #follow(call) {
    const { room, alive: signal } = call;
    this.#tell('joined', { room: room.name, participant: call.me.id, name: call.me.name });
    room.on('participantConnected', ({ participant: p }) => this.#tell('participantJoined', { participant: p.id, name: p.name }), { signal });
    room.on('participantDisconnected', ({ participant: p }) => this.#tell('participantLeft', { participant: p.id }), { signal });
    room.on('chatMessage', ({ message: m }) => m.to === undefined && this.#tell('chat', { participant: m.participant, name: m.name, text: m.text }), { signal });
    call.addEventListener('ended', (e) => this.#tell('left', { reason: /** @type {CustomEvent<{reason: string}>} */ (e).detail.reason }), { once: true });
    for (const [device, pick] of /** @type {const} */ ([['microphone', 'mic'], ['camera', 'cam'], ['screen', 'sharing']])) {
      call.store.select((s) => s[pick], (on) => this.#tell('muteChanged', { device, muted: !on }), signal);
    }
  }

  /** @param {MessageEvent} event */
  #command(event) {
    if (event.source !== parent || event.origin !== this.#origin) return;
    const command = parseCommand(event.data);
    const { call } = this.#meeting;
    if (!command || !call) return;
    switch (command.command) {
      case 'mute':
        return void call.devices?.mic(!command.muted);
      case 'camera':
        return void call.devices?.cam(command.on);
      case 'hand':
        return void call.hand(command.raised);
      case 'chat':
        return void call.attempt(call.room.chat.send(command.text));
      case 'leave':
        return call.leave();
    }
  }
}

define('parley-embed', ParleyEmbed);
