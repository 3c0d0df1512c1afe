// What is said, shown and sounded while a meeting goes on: who came and went,
// hands, chat, shared screens. Speaking is never announced.
import { Batch } from '../lib/batch.js';
import { i18n, msg } from '../lib/i18n.js';
import { inline } from '../lib/names.js';
import { prefs } from '../lib/prefs.js';
import { say } from './announcer.js';
import { sound } from './audio.js';
import { toast } from './toasts.js';

/** @typedef {import('./call.js').Call} Call */

/** People within this time are told together, milliseconds. */
const TOGETHER = 700;
/** More names than this are not listed. */
const MAX_NAMES = 5;
/** How long one must speak for the hand to go down, milliseconds. */
const SPEAK_TO_LOWER = 1500;

export class CallNotes {
  #call;
  #handTimer = 0;
  /** Sources that were told to be too much for the server. @type {Set<string>} */
  #limited = new Set();
  #speaking = false;
  #silent = false;
  /** @type {Batch<{id: string, name: string}>} */
  #joined = new Batch(TOGETHER, (people) => this.#people('join', people));
  /** @type {Batch<{id: string, name: string}>} */
  #left = new Batch(TOGETHER, (people) => this.#people('leave', people));

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    const { room, alive: signal } = call;
    room.on('participantConnected', ({ participant: p }) => {
      if (!call.continuity?.isQuiet(p.id) && !this.#left.take(({ id }) => id === p.id)) this.#joined.add({ id: p.id, name: inline(p.name) });
    }, { signal });
    room.on('participantDisconnected', ({ participant: p, reason }) => {
      if (call.continuity?.isQuiet(p.id)) return;
      if (reason === 'lost') this.#tell(msg('room.lostPerson', { name: inline(p.name) }));
      else if (!this.#joined.take(({ id }) => id === p.id)) this.#left.add({ id: p.id, name: inline(p.name) });
    }, { signal });
    room.on('handChanged', ({ participant, raised }) => this.#hand(participant, raised), { signal });
    room.on('chatMessage', ({ message }) => this.#chat(message), { signal });
    room.on('reaction', ({ participant, emoji }) => {
      if (prefs.now.announceReactions) say(msg('react.say', { name: inline(participant.name), emoji }));
    }, { signal });
    room.on('trackUnmuted', ({ participant, source }) => {
      if (source === 'screen' && !participant.isLocal) this.#tell(msg('room.shareStarted', { name: inline(participant.name) }));
    }, { signal });
    room.on('trackMuted', ({ participant, source }) => {
      if (source === 'screen' && !participant.isLocal) this.#tell(msg('room.shareStopped', { name: inline(participant.name) }));
    }, { signal });
    room.on('reconnecting', ({ attempt, error: { code } }) => {
      const told = code !== 'shutdown' && room.serverState === 'silent';
      if (attempt === 1 && !told) say(msg(code === 'shutdown' ? 'room.serverStopped' : 'room.reconnecting'), { now: true });
    }, { signal });
    room.on('serverStateChanged', ({ state }) => this.#server(state), { signal });
    room.on('reconnected', () => toast({ key: 'connection', icon: 'check', text: msg('room.reconnected') }), { signal });
    room.on('localTrackLimited', ({ source, reason, bitrate }) => reason === 'rate' && this.#tooMuch(source, bitrate), { signal });
    room.on('localTrackUnpublished', ({ source }) => {
      if (source === 'screen') this.#tell(msg('room.shareEnded'));
    }, { signal });
    room.on('activeSpeakersChanged', ({ speakers }) => this.#lowerHand(speakers.some((p) => p.isLocal)), { signal });
    signal.addEventListener('abort', () => {
      this.#joined.stop();
      this.#left.stop();
      clearTimeout(this.#handTimer);
    }, { once: true });
  }

  /** Oneself has come in. */
  entered() {
    const n = this.#call.room.remoteParticipants.size;
    const room = this.#call.room.name;
    this.#joined.stop();
    say(n ? msg('room.youJoined', { room, n }) : msg('room.youJoinedAlone', { room }));
    sound('join');
  }

  /** They were expected back, and did not come. @param {readonly {id: string, name: string}[]} people */
  gone(people) {
    for (const { id, name } of people) this.#left.add({ id, name: inline(name) });
  }

  /** @param {'join' | 'leave'} what @param {{name: string}[]} people */
  #people(what, people) {
    const key = people.length > 1 ? /** @type {const} */ ({ join: 'room.joinedMany', leave: 'room.leftMany' }) : /** @type {const} */ ({ join: 'room.joined', leave: 'room.left' });
    const names = people.slice(0, MAX_NAMES).map((p) => p.name);
    if (people.length > MAX_NAMES) names.push(`+${people.length - MAX_NAMES}`);
    this.#tell(msg(key[what], { name: names[0], names: i18n.list(names) }));
    sound(what, this.#call.state.people.length);
  }

  /** A silence that was told ends with a word, unless the connection had to be got back, which has its own. @param {import('../sdk/index.js').ServerState} state */
  #server(state) {
    const was = this.#silent;
    this.#silent = state === 'silent';
    if (this.#silent) say(msg('room.serverSilent'), { now: true });
    else if (was && this.#call.room.state === 'connected') toast({ key: 'connection', icon: 'check', text: msg('room.serverBack') });
  }

  /** @param {import('../lib/i18n.js').Msg} text */
  #tell(text) {
    toast({ key: text.key, text, ms: 4000 });
  }

  /** Told once for each source: it goes on, and seldom can anything be done. @param {import('../sdk/index.js').Source} source @param {number} bitrate */
  #tooMuch(source, bitrate) {
    if (this.#limited.has(source)) return;
    this.#limited.add(source);
    toast({ key: 'limited', icon: 'info', text: msg(source === 'camera' || source === 'screen' ? 'room.limited.picture' : 'room.limited.sound', { n: Math.round(bitrate / 100_000) / 10 }), ms: 20_000 });
  }

  /** @param {import('../sdk/index.js').Participant} participant @param {boolean} raised */
  #hand(participant, raised) {
    if (participant.isLocal) {
      say(msg(raised ? 'bar.hand' : 'bar.handDown'));
      return;
    }
    if (!raised) return;
    toast({ key: 'hand', icon: 'hand', text: msg('room.handUp', { name: inline(participant.name) }) });
    sound('hand');
  }

  /** @param {import('../sdk/index.js').ChatMessage} message */
  #chat({ participant, name, text, to }) {
    const { state } = this.#call;
    if (this.#call.isMine(participant)) return;
    const open = state.panel === 'chat' && !document.hidden;
    const params = { name: inline(name), text: inline(text, 120) };
    const line = msg(to ? 'chat.toastPrivate' : 'chat.toast', params);
    if (prefs.now.announceChat) say(line);
    sound('chat');
    if (open) return;
    this.#call.store.set({ unread: state.unread + 1 });
    toast({
      key: 'chat',
      icon: 'chat',
      text: line,
      silent: true,
      ms: 7000,
      settled: () => !this.#call.state.unread,
      actions: [{ label: msg('chat.toastOpen'), run: () => this.#call.openChat(to ? participant : '') }],
    });
  }

  /** Who speaks needs no hand up any more. @param {boolean} speaking */
  #lowerHand(speaking) {
    const raised = this.#call.room.hands.includes(this.#call.me.id);
    const began = speaking && !this.#speaking;
    this.#speaking = speaking;
    if (!speaking || !raised || !prefs.now.lowerHandWhenSpeaking) {
      clearTimeout(this.#handTimer);
      this.#handTimer = 0;
      return;
    }
    // A hand raised while speaking stays up: there is more to say later.
    if (!began) return;
    this.#handTimer = window.setTimeout(() => {
      this.#handTimer = 0;
      void this.#call.hand(false);
      toast({ key: 'hand-lowered', icon: 'hand', text: msg('room.handLowered'), settled: () => this.#call.room.hands.includes(this.#call.me.id), actions: [{ label: msg('room.keepHand'), run: () => void this.#call.hand(true) }] });
    }, SPEAK_TO_LOWER);
  }
}
