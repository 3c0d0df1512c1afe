// The page of one room: from the preview through the meeting to its end.
import { fill } from '../lib/html.js';
import { msg } from '../lib/i18n.js';
import { prefs } from '../lib/prefs.js';
import { roomPath, route, site } from '../lib/route.js';
import { keepStay, takeStay } from '../lib/stay.js';
import { ParleyError, devices } from '../sdk/index.js';
import { audio } from './audio.js';
import { Call } from './call.js';
import { go } from './chrome.js';
import { ParleyElement, define } from './element.js';
import { later } from './later.js';
import { LocalMedia, camOptions, micOptions } from './local-media.js';
import { ParleyPrejoin } from './prejoin.js';
import { Presence } from './presence.js';
import { toast, untoastAll } from './toasts.js';

/** @typedef {import('../lib/stay.js').Stay} Stay */
/** @typedef {{reason: import('../lib/failures.js').Reason, retryable: boolean, summary: import('../sdk/index.js').Summary | null}} End */

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
  /** The page is going away: the meeting ends for that, not for good. */
  #hiding = false;

  /** @param {AbortSignal} alive */
  mounted(alive) {
    alive.addEventListener('abort', () => this.#end(), { once: true });
    // Earlier than the SDK's listener, which ends the meeting.
    addEventListener('pagehide', () => this.#hide(), { signal: alive });
    const { missing, secure } = devices.support();
    if (missing.length) void this.#deadEnd('old', missing);
    else if (!secure) void this.#deadEnd('insecure', []);
    else void this.prejoin({ before: cameBack() && !this.embedded ? takeStay(tabStorage, this.room, Date.now()) : null });
  }

  /**
   * Whether somebody who went back stays all the same: they are asked first,
   * unless nobody else is there. Its own address is no other page.
   */
  held() {
    const { call } = this;
    if (!call) return false;
    const to = route(site.below(location.pathname));
    if (to.page === 'room' && to.room === this.room) return true;
    if (!missed(call.state)) return false;
    history.pushState(null, '', site.at(roomPath(this.room)));
    void later(import('./ask-leave.js')).then((m) => m?.askLeave(() => call.leave(), call.alive));
    return true;
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

  /**
   * Shows the preview; joins at once with the same choices if again, and with
   * those of a stay that was interrupted, unless it goes on in another tab.
   * @param {{again?: boolean, before?: Stay | null}} [options]
   */
  async prejoin({ again = false, before = null } = {}) {
    const signal = this.#next();
    let elsewhere = await this.#presence.elsewhere(this.room);
    if (signal.aborted) return;
    const media = new LocalMedia(signal, { listenOnly: !devices.support().secure, before });
    const page = new ParleyPrejoin();
    const look = async () => {
      elsewhere = await this.#presence.elsewhere(this.room);
      page.elsewhere = elsewhere !== '';
    };
    page.room = this.room;
    page.media = media;
    page.embedded = this.embedded;
    page.elsewhere = elsewhere !== '';
    page.addEventListener('enter', async (e) => {
      const { name, choice } = /** @type {CustomEvent<{name: string, choice: import('./prejoin.js').Choice}>} */ (e).detail;
      page.joining = true; // who presses twice joins once
      // The other tab may have come or gone since it was looked for.
      await look();
      if (signal.aborted) return;
      if (choice === '' && elsewhere) page.joining = false;
      else void this.#enter(page, media, { name, identity: choice === 'move' && elsewhere ? elsewhere : this.#own(choice), before });
    });
    page.addEventListener('cancel', () => this.#joining?.abort());
    page.addEventListener('there', () => this.#goThere());
    this.#presence.addEventListener('change', () => void look(), { signal });
    addEventListener('focus', () => void look(), { signal });
    fill(this, page);
    this.dispatchEvent(new CustomEvent('state', { detail: 'prejoin' }));
    const name = again ? prefs.now.name : before && !elsewhere ? before.name : '';
    if (!name) return;
    await media.open();
    if (!signal.aborted) void this.#enter(page, media, { name, identity: this.#presence.identity, before });
  }

  /** A duplicated tab that joins as well is somebody else. @param {import('./prejoin.js').Choice} choice */
  #own(choice) {
    return choice === 'both' ? crypto.randomUUID() : this.#presence.identity;
  }

  /** To the tab that is in the meeting, as far as a page can: it shows itself, and this one gives way. */
  #goThere() {
    this.#presence.call(this.room);
    window.close();
    go(this, '/');
    toast({ key: 'there', icon: 'info', text: msg('prejoin.wentThere'), ms: 15_000 });
  }

  /** @param {ParleyPrejoin} page @param {LocalMedia} media @param {{name: string, identity: string, before: Stay | null}} who */
  async #enter(page, media, { name, identity, before }) {
    page.joining = true;
    const joining = (this.#joining = new AbortController());
    const call = new Call();
    try {
      const [audio, video] = await this.#tracks(media);
      const [ParleyRoom] = await Promise.all([loadRoom(), call.join({ room: this.room, name, identity, audio, video, signal: joining.signal, before: before ?? undefined })]);
      const unheard = media.store.state.micError !== '';
      media.handOver();
      this.#named(call.room.name);
      this.#presence.enter(this.room, identity);
      this.#show(call, new ParleyRoom());
      // The button then explains what stands in the way.
      if (unheard) call.store.set({ hushed: 'room.unheard' });
    } catch (error) {
      call.drop();
      if (page.isConnected) await this.#notJoined(page, media, error);
    }
  }

  /** The room goes by the name that the server gives it, in the address too. @param {string} name */
  #named(name) {
    if (name === this.room) return;
    this.room = name;
    if (!this.embedded) history.replaceState(history.state, '', site.at(roomPath(name)) + location.search);
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
    page.failed(known ? error : { code: /** @type {any} */ (error).name }); // to be told of
    await media.open();
  }

  /** @param {Call} call @param {import('./room.js').ParleyRoom} element */
  #show(call, element) {
    const signal = this.#next();
    this.call = call;
    element.call = call;
    element.embedded = this.embedded;
    this.#watchGoing(call, signal);
    call.addEventListener('ended', (e) => void this.#ended(call, /** @type {CustomEvent<End>} */ (e).detail), { signal, once: true });
    fill(this, element);
    this.dispatchEvent(new CustomEvent('state', { detail: 'room' }));
  }

  /**
   * Closing and loading again are asked about where others would miss one, and
   * lead right back into the meeting.
   * @param {Call} call @param {AbortSignal} signal
   */
  #watchGoing(call, signal) {
    this.#presence.addEventListener('come', () => comeForward(signal), { signal });
    // What this page keeps alive is not the framing one's to lose.
    if (this.embedded) return;
    const ask = (/** @type {Event} */ e) => e.preventDefault();
    call.store.select(missed, (on) => (on ? addEventListener : removeEventListener)('beforeunload', ask), signal);
    signal.addEventListener('abort', () => removeEventListener('beforeunload', ask), { once: true });
  }

  /** The page goes away with the meeting in it. */
  #hide() {
    const { call, embedded } = this;
    if (!call || embedded) return;
    const { state, me, continuity } = call;
    this.#hiding = true;
    keepStay(tabStorage, { room: this.room, name: me.name, mic: state.mic, cam: state.cam, mine: continuity?.mine ?? [], began: continuity?.began ?? Infinity }, Date.now());
    this.#presence.leave();
    // Kept by the browser and shown again, the page would be one that has left.
    addEventListener('pageshow', () => location.reload(), { once: true });
  }

  /** @param {Call} call @param {End} end */
  async #ended(call, end) {
    if (this.#hiding) return;
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

/** Whether others would miss one, who so is asked before going. @param {import('./call.js').CallState} state */
const missed = ({ people, sharing }) => people.length > 1 || sharing;

const tabStorage = () => sessionStorage;

/** Whether this page was loaded again, or gone back to. */
function cameBack() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
  return entry?.type === 'reload' || entry?.type === 'back_forward';
}

/** Shows which tab it is, until it is looked at. @param {AbortSignal} signal */
function comeForward(signal) {
  window.focus();
  if (!document.hidden) return;
  const was = document.title;
  const seen = new AbortController();
  document.title = `▶ ${was}`;
  document.addEventListener('visibilitychange', () => {
    seen.abort();
    document.title = was;
  }, { signal: AbortSignal.any([signal, seen.signal]) });
}

define('parley-meeting', ParleyMeeting);
