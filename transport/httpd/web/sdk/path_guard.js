// Looks after the way to the server: has ICE restarted where the server answers
// over its socket and still nothing comes (lib/path-watch.js). Loaded when the
// way into the meeting is done: it is wanted later.
import { PathWatch } from '../lib/path-watch.js';
import { selectedPair } from '../lib/selected-pair.js';
import { Timer } from './timers.js';

/** @typedef {import('./signal.js').Signal} Signal */
/** @typedef {import('../lib/path-watch.js').Seen} Seen */

/** How long a socket that is in doubt may take to answer until another is opened beside it, and what is added at random. */
const ASK_TIME = 250;
const ASK_JITTER = 100;
/** How long the first may still answer when the other is open: a server that was stopped answers on both. */
const SPARE_TIME = 150;
/** Firefox counts the bytes of a pair only: so many are about a packet. */
const PACKET_BYTES = 100;

/**
 * @typedef {object} GuardHost
 * @property {() => number} now  monotonic, milliseconds
 * @property {() => import('./peer.js').Peer | null} peer
 * @property {() => Pick<Seen, 'voices' | 'echo'>} expected
 * @property {() => Signal | null} signal  the socket now
 * @property {() => void} asked  told when the server is
 * @property {() => Promise<Signal>} open  another socket
 * @property {(opening: Promise<Signal>) => void} replace  the socket by one that is open
 * @property {() => void} restart  makes an offer with an ICE restart
 * @property {() => void} giveUp
 */

export class PathGuard {
  #host;
  #path = new PathWatch(Math.random);
  #timer = new Timer();
  /** @type {import('./peer.js').Peer | null} */
  #peer = null;

  /** @param {GuardHost} host */
  constructor(host) {
    this.#host = host;
  }

  /** When anything came last over the way of sound and pictures, as far as looks tell. */
  get heardAt() {
    return this.#path.heardAt;
  }

  /** There is a socket that the server has taken up. */
  attached() {
    const now = this.#host.now();
    this.#act(now, this.#path.attached(now));
  }

  /** The network may have changed, or somebody wants it tried again. */
  hint() {
    const now = this.#host.now();
    this.#act(now, this.#path.hint(now));
  }

  async look() {
    const { peer: current, now: clock, expected } = this.#host;
    const peer = current();
    if (peer !== this.#peer) this.#path.reset(clock());
    this.#peer = peer;
    this.#timer.clear();
    const seen = peer && (await received(peer).catch(() => null));
    if (peer !== current()) return; // it says nothing of the one now
    const now = clock();
    this.#act(now, peer && seen ? this.#path.saw(now, { ...seen, ...expected(), broken: peer.broken }) : '');
  }

  stop() {
    this.#timer.clear();
  }

  /** @param {number} now @param {import('../lib/path-watch.js').Action} action */
  #act(now, action) {
    const { signal, restart, giveUp } = this.#host;
    if (!signal()) return this.#timer.clear(); // nothing can be done until it is back
    this.#timer.set(this.#path.wait(now), () => void this.look());
    if (action === 'ask') void this.#ask();
    else if (action === 'restart') restart();
    else if (action === 'give_up') giveUp();
  }

  /**
   * Whether the server answers, now that little else comes from it. A socket that
   * says nothing may have died with the old address: another is opened beside
   * it, and takes its place unless the first one answers after all.
   */
  async #ask() {
    const { now, signal, asked: tell, open, replace } = this.#host;
    const socket = signal();
    if (!socket) return;
    const asked = now();
    const answer = socket.probe();
    tell();
    void answer.then((told) => told && this.#heard(asked, told)); // late, too
    if (await Promise.race([answer, pause(ASK_TIME + Math.random() * ASK_JITTER)])) return;
    if (socket !== signal()) return;
    const opening = open();
    const spare = await opening.catch(() => null);
    if (!spare) return;
    if (socket === signal()) this.#heard(now(), {});
    await Promise.race([answer, pause(SPARE_TIME)]);
    if (socket !== signal() || (await Promise.race([answer, false]))) spare.close();
    else replace(opening);
  }

  /** @param {number} asked  when @param {{sent_ms?: number}} told */
  #heard(asked, { sent_ms: ago }) {
    const now = this.#host.now();
    this.#act(now, ago === undefined ? this.#path.answered(now) : this.#path.told(now, asked, ago));
  }
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * What came over the pair of addresses in use, looked up where it is cheap: the
 * report of one sender names that pair and little else.
 * @param {import('./peer.js').Peer} peer
 * @returns {Promise<Omit<Seen, 'voices' | 'echo' | 'broken'>>}
 */
async function received(peer) {
  const pair = selectedPair(await peer.senderStats()) ?? selectedPair(await peer.getStats());
  const age = pair?.lastPacketReceivedTimestamp === undefined ? undefined : Math.max(0, pair.timestamp - pair.lastPacketReceivedTimestamp);
  return {
    pair: pair?.id ?? '',
    packets: pair?.packetsReceived ?? (pair?.bytesReceived ?? 0) / PACKET_BYTES,
    age,
    asked: pair?.responsesReceived === undefined ? undefined : pair.requestsSent,
    answers: (pair?.responsesReceived ?? 0) + (pair?.requestsReceived ?? 0),
  };
}
