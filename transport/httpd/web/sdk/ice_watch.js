// Watches the media path: tells its state, and has ICE restarted where the
// server answers over the socket and still nothing comes (lib/path-watch.js).
// When that does not help, the stay is begun anew.
//
// A path that never worked (UDP blocked) ends in "failed" instead: joining
// anew would not help, and chat goes on.
import { PathWatch } from '../lib/path-watch.js';
import { Timer } from './timers.js';

/** @typedef {import('./index.js').MediaState} MediaState */
/** @typedef {import('../lib/path-watch.js').Seen} Seen */

export class IceWatch {
  #actions;
  #path = new PathWatch(Math.random);
  #timer = new Timer();
  /** Counts peer connections: a look at one that is gone says nothing. */
  #epoch = 0;
  #everConnected = false;
  /** Nothing is known of this peer connection yet. */
  #fresh = true;
  #online = false;
  /** @type {RTCPeerConnectionState} */
  #peer = 'new';
  /** @type {MediaState} */
  #state = 'new';

  /**
   * @param {object} actions
   * @param {() => number} actions.now  monotonic, milliseconds
   * @param {(state: MediaState) => void} actions.onState
   * @param {() => Promise<Omit<Seen, 'broken'> | null>} actions.look
   * @param {() => void} actions.onAsk  find out whether the server answers: then call answered()
   * @param {() => void} actions.onRestart  make an offer with an ICE restart
   * @param {() => void} actions.onGiveUp
   */
  constructor(actions) {
    this.#actions = actions;
  }

  get state() {
    return this.#state;
  }

  /** Whether the socket is fine, without which nothing can be done. @param {boolean} online */
  setOnline(online) {
    this.#online = online;
    if (online) this.answered();
    else this.#timer.clear();
  }

  /** The server was heard over its socket. */
  answered() {
    const now = this.#actions.now();
    this.#act(now, this.#path.answered(now));
  }

  /** The network may have changed, or somebody wants it tried again. */
  hint() {
    const now = this.#actions.now();
    this.#act(now, this.#path.hint(now));
  }

  /** @param {RTCPeerConnectionState} state */
  update(state) {
    this.#peer = state;
    this.#judge();
    void this.#look();
  }

  /** There is a new peer connection. */
  reset() {
    this.stop();
    this.#peer = 'new';
    this.#fresh = true;
    this.#everConnected = false;
    this.#path.reset(this.#actions.now());
  }

  stop() {
    this.#timer.clear();
    this.#epoch++;
    this.#online = false;
  }

  async #look() {
    const epoch = this.#epoch;
    this.#timer.clear();
    const seen = await this.#actions.look().catch(() => null);
    if (epoch !== this.#epoch || !this.#online) return;
    const now = this.#actions.now();
    this.#act(now, seen ? this.#path.saw(now, { ...seen, broken: this.#broken }) : '');
  }

  get #broken() {
    return this.#peer === 'disconnected' || this.#peer === 'failed' ? this.#peer : '';
  }

  /** @param {number} now @param {import('../lib/path-watch.js').Action} action */
  #act(now, action) {
    if (!this.#online) return;
    this.#timer.set(this.#path.wait(now), () => void this.#look());
    if (action === 'ask') this.#actions.onAsk();
    else if (action === 'restart') this.#actions.onRestart();
    else if (action === 'give_up' && this.#everConnected) this.#actions.onGiveUp();
  }

  #judge() {
    switch (this.#peer) {
      case 'connected':
        this.#everConnected = true;
        return this.#become('connected');
      case 'disconnected':
        return this.#become('interrupted');
      case 'failed':
        return this.#become(this.#everConnected ? 'interrupted' : 'failed');
      case 'connecting':
        if (this.#fresh) this.#become('connecting');
        this.#fresh = false;
        return undefined;
      default:
        return undefined;
    }
  }

  /** @param {MediaState} state */
  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#actions.onState(state);
  }
}
