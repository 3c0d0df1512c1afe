// Browsers keep pages silent until somebody clicked. Whoever plays sound has
// it started through here, so that one click can start all of it.

/** @typedef {HTMLMediaElement | AudioContext} Player */

export class Playback {
  #emit;
  /** What could not be started yet. @type {Set<Player>} */
  #blocked = new Set();

  /** @param {import('./events.js').Emit} emit */
  constructor(emit) {
    this.#emit = emit;
  }

  /** Nothing handed over is being kept silent. */
  get allowed() {
    return this.#blocked.size === 0;
  }

  /**
   * @param {Player} player
   * @returns {Promise<boolean>} whether it plays
   */
  async play(player) {
    const before = this.allowed;
    try {
      await start(player);
      this.#blocked.delete(player);
    } catch (error) {
      // Anything else than NotAllowedError means that the element has got a
      // new source meanwhile, and whoever gave it calls play() again.
      if (/** @type {{name?: string}} */ (error)?.name === 'NotAllowedError') this.#blocked.add(player);
    }
    if (before !== this.allowed) this.#emit('audioPlaybackChanged', { playing: this.allowed });
    return !this.#blocked.has(player);
  }

  /** Tries all that is blocked again; to be called from a click. */
  async startAll() {
    await Promise.all([...this.#blocked].map((player) => this.play(player)));
    return this.allowed;
  }

  clear() {
    this.#blocked.clear();
  }
}

/** @param {Player} player */
async function start(player) {
  if ('play' in player) return player.play();
  // resume() waits for ever where it is not allowed, so ask instead.
  void player.resume();
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (player.state !== 'running') throw Object.assign(new Error('not running'), { name: 'NotAllowedError' });
  return undefined;
}
