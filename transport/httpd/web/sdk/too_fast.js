// What to do when the server says that requests come too fast.
import { ParleyError } from './errors.js';

const RETRY = 1_000;

/**
 * Waits as long as the server asked for. Other errors are thrown on.
 * @param {unknown} error
 */
export async function waitIfTooFast(error) {
  if (!(error instanceof ParleyError) || error.code !== 'rate_limited') throw error;
  await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs || RETRY));
}

/**
 * One thing about oneself that the server is told, such as a name. Of several
 * wishes that come too fast the last one is told; those before it just end.
 */
export class LastWish {
  #tell;
  #wish = 0;

  /** @param {(fields: object) => Promise<unknown>} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {object} fields */
  async say(fields) {
    const mine = ++this.#wish;
    while (mine === this.#wish) {
      try {
        await this.#tell(fields);
        return;
      } catch (error) {
        await waitIfTooFast(error);
      }
    }
  }
}
