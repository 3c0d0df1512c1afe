// Watches the media path. When it stays broken although the socket is fine,
// ICE is restarted; when that does not help, the stay is begun anew.
//
//   connected ──lost──▶ interrupted ──3 s──▶ restart ──8 s──▶ restart … ×3 ──▶ onGiveUp
//       ▲                    │                  │
//       └────────────────────┴─── connected ────┘
//
// A path that never worked (UDP blocked) ends in "failed" instead: joining
// anew would not help, and chat goes on.
import { Timer } from './timers.js';

/** @typedef {import('./index.js').MediaState} MediaState */

const PATIENCE = 3_000;
const RESTART_TIME = 8_000;
const MAX_RESTARTS = 3;

export class IceWatch {
  #actions;
  #timer = new Timer();
  #restarts = 0;
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
   * @param {(state: MediaState) => void} actions.onState
   * @param {() => void} actions.onRestart  make an offer with an ICE restart
   * @param {() => void} actions.onGiveUp
   */
  constructor(actions) {
    this.#actions = actions;
  }

  get state() {
    return this.#state;
  }

  /**
   * Whether the socket is fine: restarting needs it. When it has just come
   * back the network has probably changed, and there is no time to lose.
   * @param {boolean} online
   */
  setOnline(online) {
    this.#online = online;
    this.#timer.clear();
    this.#restarts = 0;
    if (online && (this.#peer === 'disconnected' || this.#peer === 'failed')) this.#restart();
  }

  /** @param {RTCPeerConnectionState} state */
  update(state) {
    this.#peer = state;
    this.#judge();
  }

  /** There is a new peer connection. */
  reset() {
    this.stop();
    this.#peer = 'new';
    this.#fresh = true;
    this.#everConnected = false;
  }

  stop() {
    this.#timer.clear();
    this.#restarts = 0;
    this.#online = false;
  }

  #judge() {
    switch (this.#peer) {
      case 'connected':
        this.#timer.clear();
        this.#restarts = 0;
        this.#everConnected = true;
        return this.#become('connected');
      case 'disconnected':
        this.#become('interrupted');
        if (this.#online && !this.#timer.pending) this.#timer.set(PATIENCE, () => this.#restart());
        return undefined;
      case 'failed':
        this.#become(this.#everConnected ? 'interrupted' : 'failed');
        if (this.#online && this.#restarts === 0) return this.#restart();
        return undefined;
      case 'connecting':
        if (this.#fresh) this.#become('connecting');
        this.#fresh = false;
        return undefined;
      default:
        return undefined;
    }
  }

  #restart() {
    if (this.#restarts === MAX_RESTARTS) {
      if (this.#everConnected) this.#actions.onGiveUp();
      return;
    }
    this.#restarts++;
    this.#timer.set(RESTART_TIME, () => this.#restart());
    this.#actions.onRestart();
  }

  /** @param {MediaState} state */
  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#actions.onState(state);
  }
}
