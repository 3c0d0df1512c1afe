// When the network or this device can not keep up. For the network, pausing the
// cameras of others is offered: it may be the sender's fault. A processor at its
// limit spoils the sound too, so there it is done and can be undone at once.
import { msg } from '../lib/i18n.js';
import { toast } from './toasts.js';

/** @typedef {import('./call.js').Call} Call */

/** How long the network must be poor or the processor overloaded, milliseconds. */
const POOR_FOR = 10_000;
/** How long an offer is not repeated, milliseconds. */
const REST = 180_000;

export class CallHealth {
  #call;
  #timer = 0;
  #pressureTimer = 0;
  #restUntil = 0;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    const signal = call.alive;
    call.room.on('connectionQualityChanged', ({ participant, quality }) => participant.isLocal && this.#quality(quality), { signal });
    this.#watchPressure(signal);
    signal.addEventListener('abort', () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#pressureTimer);
    }, { once: true });
  }

  /** @param {string} quality */
  #quality(quality) {
    clearTimeout(this.#timer);
    if (quality === 'poor') this.#timer = window.setTimeout(() => this.#offer(msg('room.slowNetwork')), POOR_FOR);
  }

  /** Where the browser tells how hard the processor works. @param {AbortSignal} signal */
  #watchPressure(signal) {
    const Observer = Reflect.get(globalThis, 'PressureObserver');
    if (!Observer) return;
    const observer = new Observer((/** @type {{state: string}[]} */ records) => {
      clearTimeout(this.#pressureTimer);
      if (records.at(-1)?.state === 'critical') this.#pressureTimer = window.setTimeout(() => this.#relieve(), POOR_FOR);
    });
    observer.observe('cpu', { sampleInterval: 5000 }).catch(() => {});
    signal.addEventListener('abort', () => observer.disconnect(), { once: true });
  }

  /** Whether pausing cameras would help and was not the subject just now. */
  #due() {
    const { dataSaver, people } = this.#call.state;
    const now = performance.now();
    if (dataSaver || now < this.#restUntil || !people.some((p) => !p.self && p.cam)) return false;
    this.#restUntil = now + REST;
    return true;
  }

  /** @param {import('../lib/i18n.js').Msg} text */
  #offer(text) {
    if (!this.#due()) return;
    toast({ key: 'health', icon: 'data', text, settled: () => this.#call.state.dataSaver, actions: [{ label: msg('bar.dataSaver'), run: () => this.#call.setDataSaver(true) }] });
  }

  /** For this meeting only; the next may find the machine idle. */
  #relieve() {
    if (!this.#due()) return;
    this.#call.setDataSaver(true, { keep: false });
    toast({ key: 'health', icon: 'data', text: msg('room.busyComputer'), settled: () => !this.#call.state.dataSaver, actions: [{ label: msg('room.dataSaverOff'), run: () => this.#call.setDataSaver(false, { keep: false }) }] });
  }
}
