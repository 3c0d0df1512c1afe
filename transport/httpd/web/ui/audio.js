// The page's one AudioContext: level meters, the sounds of the meeting, and
// voices made louder than recorded.
import { TONES, audible, lengthOf } from '../lib/tones.js';
import { prefs } from '../lib/prefs.js';

/** Longer than any sound of the meeting, milliseconds. */
const REST = 2_000;

/** Owns the context; made at the first use, because making it needs sound hardware. */
class Audio {
  /** @type {AudioContext | null} */
  #context = null;
  #woken = false;

  /** @returns {AudioContext | null} null where the browser has none */
  get context() {
    if (!this.#context && 'AudioContext' in globalThis) {
      this.#context = new AudioContext();
      if (!this.#woken) this.#listen();
    }
    return this.#context;
  }

  /** Any key or click lets a context speak that was not allowed to. */
  #listen() {
    this.#woken = true;
    const wake = () => {
      if (this.#context?.state === 'suspended') void this.#context.resume().catch(() => {});
    };
    for (const type of ['pointerdown', 'keydown']) addEventListener(type, wake, { capture: true, passive: true });
  }

  /**
   * After a meeting: gives the hardware back, once the last sound is over. A
   * running context also keeps every microphone it has ever listened to.
   */
  rest() {
    const context = this.#context;
    this.#context = null;
    if (context) setTimeout(() => void context.close().catch(() => {}), REST);
  }

  get running() {
    return this.#context?.state === 'running';
  }

  /**
   * Plays notes through a node.
   * @param {readonly import('../lib/tones.js').Note[]} notes
   * @param {number} volume 0 … 1
   * @param {AudioNode} [out]
   */
  play(notes, volume, out) {
    const context = this.context;
    if (!context || volume <= 0) return;
    void context.resume().catch(() => {});
    const start = context.currentTime + 0.02;
    for (const [hz, at, ms] of notes) {
      const oscillator = new OscillatorNode(context, { type: 'sine', frequency: hz });
      const gain = new GainNode(context, { gain: 0 });
      const from = start + at / 1000;
      const to = from + ms / 1000;
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(volume * 0.22, from + 0.015);
      gain.gain.exponentialRampToValueAtTime(0.0005, to);
      oscillator.connect(gain).connect(out ?? context.destination);
      oscillator.start(from);
      oscillator.stop(to + 0.02);
    }
  }
}

export const audio = new Audio();

/**
 * A sound of the meeting, if the person wants it.
 * @param {import('../lib/tones.js').Kind} kind
 * @param {number} [people] how many are in the meeting
 */
export function sound(kind, people = 0) {
  if (audible(kind, { sounds: prefs.now.sounds, people })) audio.play(TONES[kind], prefs.now.soundVolume);
}

/**
 * Plays the test melody through the chosen speaker.
 * @param {string} deviceId '' for the system's choice
 * @returns {Promise<boolean>} whether it could be played
 */
export async function testSpeaker(deviceId) {
  const context = audio.context;
  if (!context) return false;
  const out = new MediaStreamAudioDestinationNode(context);
  const element = new globalThis.Audio();
  element.srcObject = out.stream;
  try {
    await context.resume();
    if (deviceId && 'setSinkId' in element) await element.setSinkId(deviceId);
    await element.play();
  } catch {
    return false;
  }
  audio.play(TONES.test, 1, out);
  await new Promise((done) => setTimeout(done, lengthOf(TONES.test) + 150));
  element.pause();
  element.srcObject = null;
  return true;
}
