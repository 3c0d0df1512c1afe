// The page of one room: from the preview through the meeting to its end.
import { fill } from '../lib/html.js';
import { prefs } from '../lib/prefs.js';
import { ParleyError, devices } from '../sdk/index.js';
import { audio } from './audio.js';
import { Call } from './call.js';
import { ParleyElement, define } from './element.js';
import { LocalMedia, camOptions, micOptions } from './local-media.js';
import { ParleyPrejoin } from './prejoin.js';
import { Presence } from './presence.js';
import { untoastAll } from './toasts.js';

/** @typedef {{reason: string, retryable: boolean, summary: import('../sdk/index.js').Summary | null}} End */

/** How long joining waits for devices that are being opened, milliseconds. */
const DEVICE_WAIT = 1200;

/**
 * The page of a running meeting. The one that follows comes with it: when it
 * is wanted, the server may no longer be there to give it.
 */
async function loadRoom() {
  try {
    const [{ ParleyRoom }] = await Promise.all([import('./room.js'), import('./end.js')]);
    return ParleyRoom;
  } catch (cause) {
    throw new ParleyError('connect_failed', { cause });
  }
}

export default class ParleyMeeting extends ParleyElement {
  room = '';
  /** Shown in another site's page. */
  embedded = false;
  /** @type {Call | null} */
  call = null;
  #presence = new Presence();
  /** Ends with each state of the page. */
  #stage = new AbortController();
  /** @type {AbortController | null} */
  #joining = null;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    alive.addEventListener('abort', () => this.#end(), { once: true });
    const { missing, secure } = devices.support();
    if (missing.length) void this.#deadEnd('old', missing);
    else if (!secure) void this.#deadEnd('insecure', []);
    else void this.prejoin();
  }

  /** Listeners of the state before are over. */
  #next() {
    this.#stage.abort();
    this.#stage = new AbortController();
    return this.#stage.signal;
  }

  #end() {
    this.#stage.abort();
    this.#joining?.abort();
    this.call?.drop();
    this.#presence.close();
  }

  /** @param {'old' | 'insecure'} kind @param {string[]} missing */
  async #deadEnd(kind, missing) {
    const { default: ParleyDeadEnd } = await import('./dead-end.js');
    const page = new ParleyDeadEnd();
    page.kind = kind;
    page.missing = missing;
    page.addEventListener('listen', () => void this.prejoin());
    fill(this, page);
  }

  /** Shows the preview; joins at once with the same choices if again. @param {{again?: boolean}} [options] */
  async prejoin({ again = false } = {}) {
    const signal = this.#next();
    const elsewhere = await this.#presence.elsewhere(this.room);
    if (signal.aborted) return;
    const media = new LocalMedia(signal, { listenOnly: !devices.support().secure });
    const page = new ParleyPrejoin();
    page.room = this.room;
    page.media = media;
    page.embedded = this.embedded;
    page.elsewhere = elsewhere !== '';
    page.addEventListener('enter', (e) => {
      const { name, move } = /** @type {CustomEvent<{name: string, move: boolean}>} */ (e).detail;
      void this.#enter(page, media, { name, identity: move ? elsewhere : this.#presence.identity });
    });
    page.addEventListener('cancel', () => this.#joining?.abort());
    fill(this, page);
    this.dispatchEvent(new CustomEvent('state', { detail: 'prejoin' }));
    if (again && prefs.now.name) {
      await media.open();
      if (!signal.aborted) void this.#enter(page, media, { name: prefs.now.name, identity: this.#presence.identity });
    }
  }

  /** @param {ParleyPrejoin} page @param {LocalMedia} media @param {{name: string, identity: string}} who */
  async #enter(page, media, { name, identity }) {
    page.joining = true;
    const joining = (this.#joining = new AbortController());
    const call = new Call();
    try {
      const [audio, video] = await this.#tracks(media);
      const [ParleyRoom] = await Promise.all([loadRoom(), call.join({ room: this.room, name, identity, audio, video, signal: joining.signal })]);
      const unheard = media.store.state.micError !== '';
      media.handOver();
      this.#presence.enter(this.room, identity);
      this.#show(call, new ParleyRoom());
      // The button then explains what stands in the way.
      if (unheard) call.store.set({ hushed: 'room.unheard' });
    } catch (error) {
      call.drop();
      if (page.isConnected) await this.#notJoined(page, media, error);
    }
  }

  /**
   * What to join with: the preview's tracks. Who is quicker than the devices
   * does not wait for them; the room then opens them itself.
   * @param {LocalMedia} media
   */
  async #tracks(media) {
    await Promise.race([media.settled, new Promise((resolve) => setTimeout(resolve, DEVICE_WAIT))]);
    const { mic, cam, busy, micWanted, camWanted } = media.store.state;
    return /** @type {const} */ ([mic ?? (busy && micWanted && micOptions()), cam ?? (busy && camWanted && camOptions())]);
  }

  /** @param {ParleyPrejoin} page @param {LocalMedia} media @param {unknown} error */
  async #notJoined(page, media, error) {
    const known = error instanceof ParleyError;
    if (!known) reportError(error);
    // The tracks given to the room were stopped with it.
    media.forgetEnded();
    page.failed(known ? error : { code: /** @type {Error} */ (error).name });
    await media.open();
  }

  /** @param {Call} call @param {import('./room.js').ParleyRoom} element */
  #show(call, element) {
    const signal = this.#next();
    this.call = call;
    element.call = call;
    element.embedded = this.embedded;
    call.addEventListener('ended', (e) => void this.#ended(call, /** @type {CustomEvent<End>} */ (e).detail), { signal, once: true });
    fill(this, element);
    this.dispatchEvent(new CustomEvent('state', { detail: 'room' }));
  }

  /** @param {Call} call @param {End} end */
  async #ended(call, end) {
    this.#next();
    this.call = null;
    this.#presence.leave();
    audio.rest();
    untoastAll();
    const { ParleyEnd } = await import('./end.js');
    const page = new ParleyEnd();
    page.room = this.room;
    page.call = call;
    page.end = end;
    page.embedded = this.embedded;
    page.addEventListener('rejoin', () => void this.prejoin({ again: true }));
    fill(this, page);
    page.heading.focus();
    this.dispatchEvent(new CustomEvent('state', { detail: 'ended' }));
  }
}

define('parley-meeting', ParleyMeeting);
