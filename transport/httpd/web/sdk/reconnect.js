// Trying again after the connection was lost.
import { backoff } from '../lib/backoff.js';
import { ParleyError, asParleyError } from './errors.js';
import { listen } from './events.js';
import { Timer } from './timers.js';

/** @typedef {import('./index.js').ReconnectPolicy} ReconnectPolicy */

/** @type {ReconnectPolicy} */
export const defaultPolicy = {
  nextDelayMs: ({ attempt, elapsedMs }) => backoff(attempt, elapsedMs, Math.random),
};

/**
 * Many may be told the same time to come again: they do not come in step.
 * @param {number} ms
 */
const spread = (ms) => Math.ceil(ms * (1 + Math.random() / 4));

/**
 * A server that says that it stops tells all of its people at once, and is not back
 * at once: they come again over some seconds.
 */
const RESTART = 3_000;

/** Runs attempts until one succeeds, one fails for good, or the policy ends it. */
export class Reconnector {
  #policy;
  /** Ends the wait before the next attempt. */
  #go = () => {};

  /** @param {ReconnectPolicy} policy */
  constructor(policy) {
    this.#policy = policy;
  }

  /** Tries now instead of waiting. No effect while an attempt runs. */
  tryNow() {
    this.#go();
  }

  /**
   * @template T
   * @param {object} run
   * @param {() => Promise<T>} run.attempt
   * @param {(wait: {attempt: number, nextInMs: number, error: ParleyError}) => void} run.onWait
   * @param {ParleyError} run.cause  why the connection was lost
   * @param {AbortSignal} run.signal
   * @returns {Promise<T>} rejects with the error that is final, with
   *   reconnect_failed, or with aborted
   */
  async run({ attempt, onWait, cause, signal }) {
    const begin = Date.now();
    let error = cause;
    for (let n = 0; ; n++) {
      const nextInMs = this.#policy.nextDelayMs({ attempt: n, elapsedMs: Date.now() - begin, error });
      if (nextInMs === null) throw new ParleyError('reconnect_failed', { cause: error });
      const restart = n === 0 && error.code === 'shutdown' ? RESTART * (0.25 + Math.random()) : 0;
      const wait = Math.max(nextInMs, restart, n > 0 ? spread(error.retryAfterMs) : 0);
      onWait({ attempt: n + 1, nextInMs: wait, error });
      await this.#wait(wait, signal);
      try {
        return await attempt();
      } catch (thrown) {
        error = asParleyError(thrown, 'webrtc_failed'); // what else throws is the peer connection
        if (signal.aborted || !error.retryable) throw error;
      }
    }
  }

  /**
   * @param {number} ms
   * @param {AbortSignal} signal
   */
  async #wait(ms, signal) {
    if (signal.aborted) throw new ParleyError('aborted', { cause: signal.reason });
    const timer = new Timer();
    /** @type {() => void} */
    let stop = () => {};
    try {
      await new Promise((resolve, reject) => {
        this.#go = () => resolve(undefined);
        timer.set(ms, this.#go);
        stop = listen(signal, 'abort', () => reject(new ParleyError('aborted', { cause: signal.reason })));
      });
    } finally {
      this.#go = () => {};
      timer.clear();
      stop();
    }
  }
}
