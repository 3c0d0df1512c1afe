// When the network or this device can not keep up: offers to pause cameras.
// Nothing is switched without being asked.
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
      if (records.at(-1)?.state === 'critical') this.#pressureTimer = window.setTimeout(() => this.#offer(msg('room.busyComputer')), POOR_FOR);
    });
    observer.observe('cpu', { sampleInterval: 5000 }).catch(() => {});
    signal.addEventListener('abort', () => observer.disconnect(), { once: true });
  }

  /** @param {import('../lib/i18n.js').Msg} text */
  #offer(text) {
    const { dataSaver, people } = this.#call.state;
    const now = performance.now();
    if (dataSaver || now < this.#restUntil || !people.some((p) => !p.self && p.cam)) return;
    this.#restUntil = now + REST;
    toast({ key: 'health', icon: 'data', text, actions: [{ label: msg('bar.dataSaver'), run: () => this.#call.setDataSaver(true) }] });
  }
}
