// One signalling socket: requests with exactly one reply each, events, and a
// heartbeat so that a dead network is noticed although nothing says so.
import { ParleyError, serverError } from './errors.js';
import { listen } from './events.js';
import { Timer } from './timers.js';

/** @typedef {import('./wire.js').Event} Event */
/** @typedef {import('./wire.js').Reply} Reply */

const SUBPROTOCOL = 'parley.v1';
const OPEN_TIMEOUT = 10_000;
const REPLY_TIMEOUT = 15_000;
const PING_EVERY = 15_000;
const PING_TIMEOUT = 5_000;

/**
 * @typedef {object} SignalHandlers
 * @property {() => void} [onHeard]  called when anything came, an answer or an event
 * @property {(event: Event) => void} onEvent
 * @property {(lost: {code: number, reason: string}) => void} onClose  called
 *   once, unless close() was called before
 */

/**
 * @typedef {object} Waiting
 * @property {(reply: Reply) => void} resolve
 * @property {(error: ParleyError) => void} reject
 */

export class Signal {
  #socket;
  #handlers;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #nextID = 1;
  #heartbeat = new Timer();
  #closed = false;

  /**
   * Opens a socket. Rejects with connect_failed, timeout or aborted.
   * @param {typeof WebSocket} Socket
   * @param {string} url
   * @param {SignalHandlers} handlers
   * @param {AbortSignal} [signal]
   * @returns {Promise<Signal>}
   */
  static open(Socket, url, handlers, signal) {
    if (signal?.aborted) return Promise.reject(new ParleyError('aborted', { cause: signal.reason }));
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new Socket(url, SUBPROTOCOL);
    } catch (cause) {
      // Forbidden by the page's policy, or ws: from an https: page.
      return Promise.reject(new ParleyError('connect_failed', { cause }));
    }
    return new Promise((resolve, reject) => {
      const timer = new Timer();
      const settle = (/** @type {() => void} */ then) => {
        timer.clear();
        for (const stop of stops) stop();
        then();
      };
      const fail = (/** @type {ParleyError} */ error) =>
        settle(() => {
          socket.close();
          reject(error);
        });
      const stops = [
        listen(socket, 'open', () => settle(() => resolve(new Signal(socket, handlers)))),
        listen(socket, 'close', () => fail(new ParleyError('connect_failed', { message: url }))),
      ];
      if (signal) stops.push(listen(signal, 'abort', () => fail(new ParleyError('aborted', { cause: signal.reason }))));
      timer.set(OPEN_TIMEOUT, () => fail(new ParleyError('timeout', { message: 'opening the socket' })));
    });
  }

  /**
   * @param {WebSocket} socket  open
   * @param {SignalHandlers} handlers
   */
  constructor(socket, handlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    this.#beat();
  }

  /**
   * Sends a request and waits for its reply. Rejects with the server's error,
   * with timeout, or with connection_lost.
   * @param {string} type
   * @param {object} [fields]
   * @param {{timeoutMs?: number, signal?: AbortSignal}} [options]
   * @returns {Promise<Reply>}
   */
  request(type, fields = {}, { timeoutMs = REPLY_TIMEOUT, signal } = {}) {
    if (this.#closed) return Promise.reject(new ParleyError('connection_lost'));
    const id = this.#nextID++;
    const timer = new Timer();
    let stop = () => {};
    /** @type {Promise<Reply>} */
    const reply = new Promise((resolve, reject) => {
      timer.set(timeoutMs, () => reject(new ParleyError('timeout', { message: type })));
      if (signal) stop = listen(signal, 'abort', () => reject(new ParleyError('aborted', { cause: signal.reason })));
      this.#waiting.set(id, { resolve, reject });
    });
    this.#send({ type, id, ...fields });
    return reply.finally(() => {
      stop();
      timer.clear();
      this.#waiting.delete(id);
    });
  }

  /**
   * Sends a request nobody waits for: there may be no time left.
   * @param {string} type
   */
  post(type) {
    if (!this.#closed) this.#send({ type, id: this.#nextID++ });
  }

  get isClosed() {
    return this.#closed;
  }

  /**
   * Asks now whether the other side is there; if not the socket is given up.
   * @returns {Promise<{sent_ms?: number} | null>} what it says; null if it is not
   */
  async probe() {
    this.#heartbeat.clear();
    let told = {};
    try {
      told = await this.request('ping', {}, { timeoutMs: PING_TIMEOUT });
    } catch (error) {
      const { code } = /** @type {ParleyError} */ (error);
      if (code === 'timeout') this.#lost(1006, 'no answer to a ping');
      if (code === 'timeout' || code === 'connection_lost') return null;
    }
    this.#beat(); // a refusal is an answer, too
    return told;
  }

  /** Closes the socket; onClose is not called. */
  close() {
    if (this.#closed) return;
    this.#end();
    this.#socket.close(1000);
  }

  #beat() {
    if (!this.#closed) this.#heartbeat.set(PING_EVERY, () => this.probe());
  }

  /** @param {object} message */
  #send(message) {
    // In CLOSING and CLOSED send() discards silently; the close event follows.
    this.#socket.send(JSON.stringify(message));
  }

  /** @param {unknown} data */
  #receive(data) {
    const message = parse(data);
    if (!message) return this.#lost(1002, 'not the protocol');
    this.#handlers.onHeard?.();
    if (!('id' in message)) return this.#handlers.onEvent(/** @type {Event} */ (message));
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return undefined; // answered too late, or not asked for
    if (message.type === 'error') return waiting.reject(serverError(/** @type {any} */ (message)));
    return waiting.resolve(message);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #lost(code, reason) {
    if (this.#closed) return;
    this.#end();
    // A dead network would keep the socket in CLOSING for long: not waited for.
    this.#socket.close();
    this.#handlers.onClose({ code, reason });
  }

  #end() {
    this.#closed = true;
    this.#heartbeat.clear();
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    for (const { reject } of this.#waiting.values()) reject(new ParleyError('connection_lost'));
  }
}

/**
 * @param {unknown} data
 * @returns {Event | Reply | null} null if it is not a message
 */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
