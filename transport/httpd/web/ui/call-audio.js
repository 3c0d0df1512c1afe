// What is heard in a meeting: one player per voice and per shared screen, its
// volume, and the chosen speaker. Volumes above 100 % go through a GainNode.
import { prefs } from '../lib/prefs.js';
import { audio } from './audio.js';

/** @typedef {import('./call.js').Call} Call */
/** @typedef {import('../sdk/index.js').Source} Source */

/** The key of a volume: voices by participant, screens apart. @param {string} id @param {Source} source */
const volumeKey = (id, source) => (source === 'screen_audio' ? `${id}/screen` : id);

/** One sound being played. */
class Voice {
  /** @type {HTMLAudioElement} */
  element = new Audio();
  /** @type {{source: MediaStreamAudioSourceNode, gain: GainNode, pull: HTMLAudioElement} | null} */
  #boost = null;

  /** @param {MediaStreamTrack} track @param {string} key */
  constructor(track, key) {
    this.track = track;
    this.key = key;
    this.stream = new MediaStream([track]);
    this.element.srcObject = this.stream;
  }

  /** @param {number} volume 0 … 2 */
  set volume(volume) {
    this.element.volume = Math.min(1, volume);
    if (volume > 1) this.#louder(volume);
    else this.#plain();
  }

  /** @param {number} volume */
  #louder(volume) {
    const { context } = audio;
    if (!context) return;
    if (!this.#boost) {
      const source = context.createMediaStreamSource(this.stream);
      const gain = new GainNode(context);
      const out = new MediaStreamAudioDestinationNode(context);
      source.connect(gain).connect(out);
      // Chromium delivers a received track only while an element plays it.
      const pull = new Audio();
      pull.muted = true;
      pull.srcObject = this.stream;
      void pull.play().catch(() => {});
      this.#boost = { source, gain, pull };
      this.element.srcObject = out.stream;
      void this.element.play().catch(() => {});
    }
    this.#boost.gain.gain.value = volume;
  }

  #plain() {
    if (!this.#boost) return;
    this.#boost.source.disconnect();
    this.#boost.pull.srcObject = null;
    this.#boost = null;
    this.element.srcObject = this.stream;
    void this.element.play().catch(() => {});
  }

  stop() {
    this.#plain();
    this.element.pause();
    this.element.srcObject = null;
  }
}

export class CallAudio {
  #call;
  /** @type {Map<string, Voice>} */
  #voices = new Map();
  /** The speaker in use, '' for the system's choice. */
  #speaker = prefs.now.speakerId;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    const signal = call.alive;
    call.room.on('trackSubscribed', ({ participant, source, track }) => this.#add(participant.id, source, track), { signal });
    call.room.on('trackUnsubscribed', ({ participant, source, track }) => this.#remove(participant.id, source, track), { signal });
    call.store.watch((now, before) => {
      if (now.volumes !== before.volumes || now.silenced !== before.silenced) this.#volumes();
    }, signal);
    let chosen = this.#speaker;
    prefs.addEventListener('change', () => {
      if (prefs.now.speakerId !== chosen) this.playOn((chosen = prefs.now.speakerId));
    }, { signal });
    signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /** @param {string} id @param {Source} source @param {MediaStreamTrack} track */
  #add(id, source, track) {
    if (track.kind !== 'audio') return;
    const slot = `${id} ${source}`;
    if (this.#voices.get(slot)?.track === track) return;
    this.#voices.get(slot)?.stop();
    const voice = new Voice(track, volumeKey(id, source));
    this.#voices.set(slot, voice);
    this.#volume(voice);
    void this.#sink(voice);
    void this.#call.room.play(voice.element);
  }

  /** @param {string} id @param {Source} source @param {MediaStreamTrack} track */
  #remove(id, source, track) {
    const slot = `${id} ${source}`;
    const voice = this.#voices.get(slot);
    if (voice?.track !== track) return;
    voice.stop();
    this.#voices.delete(slot);
  }

  #volumes() {
    for (const voice of this.#voices.values()) this.#volume(voice);
  }

  /** @param {Voice} voice */
  #volume(voice) {
    const { volumes, silenced } = this.#call.state;
    voice.volume = silenced[voice.key] ? 0 : (volumes[voice.key] ?? 1);
  }

  /** Plays everything on another speaker. @param {string} id '' for the system's choice */
  playOn(id) {
    this.#speaker = id;
    for (const voice of this.#voices.values()) void this.#sink(voice);
  }

  /** @param {Voice} voice */
  async #sink({ element }) {
    if (!('setSinkId' in element) || element.sinkId === this.#speaker) return;
    // A remembered speaker that is gone: the system's choice.
    await element.setSinkId(this.#speaker).catch(() => element.setSinkId('').catch(() => {}));
  }

  #stop() {
    for (const voice of this.#voices.values()) voice.stop();
    this.#voices.clear();
  }
}
