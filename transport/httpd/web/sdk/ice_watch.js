// What the peer connection says of the media path, in the words of the SDK.
//
// A path that never worked (UDP blocked) ends in "failed", one that did in
// "interrupted", for as long as path_guard.js tries to get it back.

/** @typedef {import('./index.js').MediaState} MediaState */

export class IceWatch {
  #onState;
  #everConnected = false;
  /** Nothing is known of this peer connection yet. */
  #fresh = true;
  /** @type {MediaState} */
  #state = 'new';

  /** @param {(state: MediaState) => void} onState */
  constructor(onState) {
    this.#onState = onState;
  }

  get state() {
    return this.#state;
  }

  get everConnected() {
    return this.#everConnected;
  }

  /** @param {RTCPeerConnectionState} state */
  update(state) {
    if (state === 'connected') this.#everConnected = true;
    const next = this.#told(state);
    if (next === this.#state) return;
    this.#state = next;
    this.#onState(next);
  }

  /** There is a new peer connection. */
  reset() {
    this.#fresh = true;
    this.#everConnected = false;
  }

  /** @param {RTCPeerConnectionState} state @returns {MediaState} */
  #told(state) {
    switch (state) {
      case 'connected':
        return 'connected';
      case 'disconnected':
        return 'interrupted';
      case 'failed':
        return this.#everConnected ? 'interrupted' : 'failed';
      case 'connecting':
        if (!this.#fresh) return this.#state;
        this.#fresh = false;
        return 'connecting';
      default:
        return this.#state;
    }
  }
}
