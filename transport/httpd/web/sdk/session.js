// One stay in a meeting: the socket, the peer connection, and getting both
// back when they are lost.
//
//   start ──▶ joined ──socket lost──▶ reconnecting ──resume──▶ joined
//                │                        │  └──resume_gone──▶ join anew ──▶ joined
//                ├──leave, bye────────────┴──given up──▶ ended
//
// Media does not need the socket: while it is lost the peer connection is left
// alone. Only a join makes a new one.
import { ParleyError, asParleyError, throwIfAborted } from './errors.js';
import { listen } from './events.js';
import { IceWatch } from './ice_watch.js';
import { Link } from './link.js';
import { summaryFrom } from './messages.js';
import { Peer } from './peer.js';
import { Reconnector } from './reconnect.js';
import { Signal } from './signal.js';
import { Timer } from './timers.js';

/** @typedef {import('./index.js').Summary} Summary */
/** @typedef {import('./wire.js').Event} Event */
/** @typedef {import('./wire.js').Joined} Joined */

/** How long leaving waits for the server's goodbye. */
const GOODBYE = 2_000;

/** How long after a join what looks after the media path is loaded: first comes what is waited for. */
const GUARD_AFTER = 2_000;

/**
 * Close statuses that are final, should the `bye` before them be lost.
 * @type {Record<number, string>}
 */
const FINAL_STATUS = { 4001: 'duplicate_identity', 4002: 'removed', 4003: 'ended', 4009: 'replaced', 4010: 'room_yielded' };

/** Close statuses that tell of the server's end, with or without its `bye`. */
const STOPPED_STATUS = new Set([1001, 4004]);

export class Session {
  link = new Link();
  #entry;
  #parts;
  #name;
  /** @type {Peer | null} */
  #peer = null;
  #ice;
  /** Comes with its module. @type {import('./path_guard.js').PathGuard | null} */
  #guard = null;
  /** Comes with its module. @type {import('./pulse.js').Pulse | null} */
  #pulse = null;
  #guardTimer = new Timer();
  /** When the server was last heard over any socket. */
  #heardAt = 0;
  #reconnector;
  #over = new AbortController();
  /** Secret for resume, rating and record. */
  #token = '';
  /** Events that came before their time, null while they are taken at once. @type {Event[] | null} */
  #held = [];
  #reconnecting = false;
  /** Comes with its module. @type {import('./reach.js').Reach | null} */
  #reach = null;

  /**
   * @param {import('./parts.js').Entry} entry
   * @param {string} name
   * @param {import('./parts.js').SessionParts} parts
   */
  constructor(entry, name, parts) {
    this.#entry = entry;
    this.#name = name;
    this.#parts = parts;
    this.#reconnector = new Reconnector(parts.policy);
    this.#ice = new IceWatch((state) => parts.emit('mediaStateChanged', { state }));
  }

  get peer() {
    return this.#peer;
  }

  get mediaState() {
    return this.#ice.state;
  }

  /** @returns {import('./index.js').ServerState} */
  get serverState() {
    return this.#pulse?.state ?? 'answering';
  }

  /** Fires when the stay is over. */
  get over() {
    return this.#over.signal;
  }

  get token() {
    return this.#token;
  }

  /**
   * Joins for the first time.
   * @param {AbortSignal} [signal]
   */
  async start(signal) {
    throwIfAborted(signal);
    const stop = signal ? listen(signal, 'abort', () => this.#over.abort(signal.reason)) : () => {};
    try {
      await this.#reattach({ fresh: true });
    } catch (error) {
      const aborted = this.#over.signal.aborted;
      this.#close();
      throw aborted ? new ParleyError('aborted', { cause: signal?.reason ?? error }) : asParleyError(error, 'webrtc_failed');
    } finally {
      stop();
    }
    this.#watchBrowser();
    // What was held is released a task later, so that whoever awaits the join
    // can listen before the first track is announced.
    setTimeout(() => this.#release(), 0);
  }

  /**
   * Leaves properly.
   * @returns {Promise<Summary | null>}
   */
  async leave() {
    let summary = null;
    const { signal } = this.link;
    try {
      if (signal) summary = summaryFrom((await signal.request('leave', {}, { timeoutMs: GOODBYE })).summary);
    } catch {
      // Gone without a goodbye: the server notices by itself.
    }
    this.#end('left', { summary });
    return summary;
  }

  tryNow() {
    this.#reconnector.tryNow();
    if (this.#guard) this.#guard.hint();
    else if (this.link.signal) void this.#guardPath();
  }

  /** More seats if the view needs them: doubled, so that it happens seldom. @param {number} wanted */
  async growSeats(wanted) {
    const peer = this.#peer;
    const limit = this.#parts.state.meeting?.limits.seats ?? 0;
    let seats = peer?.seatCount ?? 0;
    if (!peer || seats === 0 || wanted <= seats) return;
    while (seats < wanted) seats *= 2;
    seats = Math.min(seats, limit);
    if (seats > peer.seatCount) await this.#negotiate({ seats });
  }

  /** @returns {Promise<Signal>} */
  async #open() {
    const { platform } = this.#parts;
    /** @type {Signal | undefined} */
    let opened;
    const handlers = {
      onHeard: () => this.#noteHeard(),
      onEvent: (/** @type {Event} */ event) => this.#receive(opened, event),
      onClose: (/** @type {{code: number, reason: string}} */ lost) => this.#closed(opened, lost),
    };
    try {
      return (opened = await Signal.open(platform.WebSocket, this.#entry.socket, handlers, this.#over.signal));
    } catch (error) {
      throw (await this.#whyRefused(/** @type {ParleyError} */ (error))) ?? error;
    }
  }

  /** @param {ParleyError} error with which a socket did not open */
  async #whyRefused({ code }) {
    if (code !== 'connect_failed') return null;
    const module = await import('./reach.js').catch(() => null); // the server may be gone altogether
    if (module) this.#reach ??= new module.Reach(this.#parts.platform, this.#entry.server);
    const why = await this.#reach?.why();
    throwIfAborted(this.#over.signal);
    return why;
  }

  /**
   * Loads what looks after the media path, unless it is there; tried again until
   * it is. With it comes what asks why sockets are refused: by then the server
   * may give nothing any more.
   */
  async #guardPath() {
    const [module, { Pulse } = {}] = await Promise.all([import('./path_guard.js'), import('./pulse.js'), import('./reach.js')]).catch(() => []);
    if (this.#over.signal.aborted || this.#guard) return undefined;
    if (!module || !Pulse) return this.#guardTimer.set(GUARD_AFTER, () => void this.#guardPath());
    const { platform, state, media } = this.#parts;
    this.#takePulse(Pulse);
    this.#guard = new module.PathGuard({
      now: platform.now,
      peer: () => this.#peer,
      expected: () => ({ voices: state.seats.voices, echo: media.tracks.size > 0 }),
      signal: () => this.link.signal,
      asked: () => this.#pulse?.asked(),
      open: () => this.#open(),
      replace: (opening) => void this.#lose(new ParleyError('connection_lost', { message: 'no answer to a ping' }), { fresh: false, opening }),
      restart: () => void this.#negotiate({ iceRestart: true }).catch(() => {}), // tried again by the guard
      giveUp: () => void (this.#ice.everConnected && this.#lose(new ParleyError('media_failed'), { fresh: true })),
    });
    return this.#guard.look();
  }

  /** @param {typeof import('./pulse.js').Pulse} Pulse */
  #takePulse(Pulse) {
    const { platform, emit } = this.#parts;
    this.#pulse = new Pulse({
      now: platform.now,
      heardAt: () => Math.max(this.#heardAt, this.#guard?.heardAt ?? 0),
      listen: async () => this.#guard?.look(),
      signal: () => this.link.signal,
      hidden: () => platform.document.visibilityState === 'hidden',
      tell: (state) => emit('serverStateChanged', { state }),
    });
    if (this.link.signal) this.#pulse.attached();
  }

  #noteHeard() {
    this.#heardAt = this.#parts.platform.now();
    this.#pulse?.heard();
  }

  /**
   * Joins with a new peer connection. The offer is made while the socket opens.
   * @param {Promise<Signal>} opening
   */
  async #join(opening) {
    const { platform, state, media, mutes, view } = this.#parts;
    opening.catch(() => {}); // reported by the exchange below
    this.#replacePeer(new Peer(platform, this.#entry.seats, (s) => this.#heard(s)));
    const peer = /** @type {Peer} */ (this.#peer);
    await media.resend();
    const { socket, server, ...entry } = this.#entry;
    /** @type {Joined | undefined} */
    let joined;
    let muted = new Map();
    /** @type {Signal | undefined} */
    let signal;
    await peer.negotiate(async ({ seats, ...offer }) => {
      signal = await opening;
      muted = new Map(peer.sources.map((source) => [source, !media.isOn(source)]));
      const unmuted = [...muted].filter(([, off]) => !off).map(([source]) => source);
      const ask = { ...entry, name: this.#token ? state.local.name : this.#name, ...offer, seats, unmuted };
      this.#held = [];
      joined = /** @type {Joined} */ (/** @type {unknown} */ (await signal.request('join', ask, { signal: this.#over.signal })));
      return joined;
    });
    if (!signal || !joined) throw new ParleyError('internal');
    throwIfAborted(this.#over.signal);
    this.#token = joined.resume;
    state.join(joined);
    mutes.joined(muted);
    this.#attach(signal);
    view.repeat();
  }

  /**
   * Opens a socket and takes the session up again; joins where it is gone.
   * @param {{fresh: boolean, opening?: Promise<Signal>}} how
   *   fresh: there is none to take up; opening: a socket that is under way
   * @returns {Promise<boolean>} whether it was resumed
   */
  async #reattach({ fresh, opening = this.#open() }) {
    try {
      const resumed = !fresh && (await this.#resume(await opening));
      if (!resumed) await this.#join(opening);
      return resumed;
    } catch (error) {
      opening.then((signal) => signal.close()).catch(() => {});
      throw error;
    }
  }

  /** @param {Signal} signal */
  async #resume(signal) {
    const { state, view } = this.#parts;
    this.#held = [];
    try {
      const reply = await signal.request('resume', { token: this.#token, seq: state.seq }, { signal: this.#over.signal });
      if (reply.server_time) state.setClock(reply.server_time);
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'resume_gone') return false;
      throw error;
    }
    state.expectSeats(this.#peer?.seatCount ?? 0);
    this.#attach(signal);
    view.repeat();
    if (this.#peer?.unanswered) this.#negotiate({}).catch(() => {}); // the watch sees whether it matters
    return true;
  }

  /** @param {Signal} signal */
  #attach(signal) {
    if (signal.isClosed) throw new ParleyError('connection_lost');
    this.link.attach(signal);
    this.#pulse?.attached();
    if (this.#guard) this.#guard.attached();
    else if (!this.#guardTimer.pending) this.#guardTimer.set(GUARD_AFTER, () => void this.#guardPath());
    this.#parts.onState('connected');
  }

  /**
   * Has an offer answered over the socket that is there now.
   * @param {{iceRestart?: boolean, seats?: number}} how
   */
  async #negotiate(how) {
    await this.#peer?.negotiate(async (offer) => {
      const { answer, problems } = await this.link.request('offer', offer);
      if (!answer) throw new ParleyError('bad_message', { message: 'answer without SDP' });
      return { answer, problems };
    }, how);
    this.#endRefused();
  }

  /** @param {RTCPeerConnectionState} state of the peer connection */
  #heard(state) {
    this.#ice.update(state);
    if (this.#guard) void this.#guard.look();
    else if (this.#peer?.broken && this.link.signal) void this.#guardPath();
  }

  /** @param {Peer | null} peer */
  #replacePeer(peer) {
    this.#parts.state.seats.reset();
    this.#ice.reset();
    this.#peer?.close();
    this.#peer = peer;
  }

  /**
   * @param {Signal | undefined} signal
   * @param {Event} event
   */
  #receive(signal, event) {
    // During an attempt the closing that follows a bye says enough.
    if (event.type === 'bye') return signal === this.link.signal ? this.#bye(event) : undefined;
    if (this.#held) return void this.#held.push(event);
    return this.#parts.state.apply(event);
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) this.#parts.state.apply(event);
    this.#endRefused();
  }

  /** What was on before the server said that it does not take it. */
  #endRefused() {
    if (this.#peer?.problems.length) void this.#parts.media.resend();
  }

  /** @param {import('./wire.js').EventOf<'bye'>} bye */
  #bye({ code, message, retryable, summary }) {
    const error = new ParleyError(code, { message, retryable });
    if (!retryable) return this.#end(code, { summary: summaryFrom(summary) });
    // Its participant is gone, so there is nothing to resume.
    return this.#lose(error, { fresh: true });
  }

  /**
   * @param {Signal | undefined} signal
   * @param {{code: number, reason: string}} lost
   */
  #closed(signal, { code, reason }) {
    if (!signal || signal !== this.link.signal) return; // an attempt, which fails by itself
    const final = FINAL_STATUS[code];
    if (final) return this.#end(final, {});
    const cause = STOPPED_STATUS.has(code) ? 'shutdown' : 'connection_lost';
    return this.#lose(new ParleyError(cause, { message: `${code} ${reason}` }), { fresh: false });
  }

  /**
   * The connection is not usable: gets it back.
   * @param {ParleyError} cause
   * @param {{fresh: boolean, opening?: Promise<Signal>}} how  opening: a socket for the first attempt
   */
  async #lose(cause, { fresh, opening }) {
    const { emit, onState } = this.#parts;
    this.link.signal?.close();
    this.link.detach();
    if (this.#reconnecting || this.#over.signal.aborted) return;
    this.#reconnecting = true;
    onState('reconnecting');
    let first = opening;
    try {
      const resumed = await this.#reconnector.run({
        attempt: () => {
          const attempt = this.#reattach({ fresh, opening: first });
          first = undefined;
          return attempt;
        },
        onWait: (wait) => emit('reconnecting', wait),
        cause,
        signal: this.#over.signal,
      });
      this.#reconnecting = false;
      emit('reconnected', { resumed });
      this.#release();
      if (!this.link.signal) void this.#lose(new ParleyError('connection_lost'), { fresh: false });
    } catch (error) {
      const { code, retryable } = asParleyError(error, 'internal');
      this.#end(code, { retryable });
    }
  }

  /** What the browser knows about the network and the page. */
  #watchBrowser() {
    const { window, document, connection } = this.#parts.platform;
    const { signal } = this.#over;
    const look = () => {
      void this.link.signal?.probe();
      this.tryNow();
    };
    listen(window, 'online', look, { signal });
    listen(window, 'offline', () => void this.link.signal?.probe(), { signal });
    listen(document, 'visibilitychange', () => document.visibilityState === 'visible' && look(), { signal });
    if (connection) listen(connection, 'change', look, { signal });
    listen(window, 'pagehide', () => this.#vanish(), { signal });
  }

  /** The page is going away: there is time for one message and none to wait. */
  #vanish() {
    this.link.signal?.post('leave');
    this.#end('left', {});
  }

  /**
   * @param {string} reason
   * @param {{summary?: Summary | null, retryable?: boolean}} how
   */
  #end(reason, { summary = null, retryable = false }) {
    if (this.#over.signal.aborted) return;
    this.#close();
    this.#parts.onEnd({ reason, retryable, summary });
  }

  #close() {
    this.#over.abort();
    this.link.signal?.close();
    this.link.end();
    this.#parts.view.stop();
    this.#guardTimer.clear();
    this.#guard?.stop();
    this.#pulse?.stop();
    this.#replacePeer(null);
  }
}
