// A signalling server in memory: answers parley.v1 as far as the SDK needs.
// Messages travel as tasks of their own (setImmediate), as in a browser.

/** @typedef {{type: string, id: number, [field: string]: any}} Request */

export class FakeServer {
  /** All sockets ever opened. @type {FakeSocket[]} */
  sockets = [];
  /** All requests ever received. @type {Request[]} */
  requests = [];
  /** 'accept', 'refuse' or 'hang' newcomers. */
  door = 'accept';
  /** Answers of the test's own: type → reply, null for none, undefined for the usual one. @type {Record<string, (request: Request) => object | null | undefined>} */
  answers = {};
  /** The others in the room, as `joined` tells. @type {any[]} */
  others = [];
  limits = { chat_runes: 4000, name_runes: 64, caption_runes: 300, seats: 40, message_bytes: 65536, mute_from: 12 };
  seq = 0;
  chats = 0;
  joins = 0;
  /** How the room is shown, if not by its key. */
  title = '';

  constructor() {
    const server = this;
    /** Give this to the SDK in place of WebSocket. */
    this.WebSocket = class extends FakeSocket {
      /** @param {string} url @param {string} protocol */
      constructor(url, protocol) {
        super(url, protocol, server);
      }
    };
  }

  /** The socket in use. */
  get socket() {
    return this.sockets[this.sockets.length - 1];
  }

  /** @param {string} type */
  received(type) {
    return this.requests.filter((r) => r.type === type);
  }

  /** Sends an event; those of the room get the next number. @param {string} type @param {object} fields */
  send(type, fields, sequenced = !OWN_VIEW.has(type)) {
    this.socket.deliver({ type, ...(sequenced ? { seq: ++this.seq } : {}), ...fields });
  }

  /** @param {Request} request */
  reply(request) {
    const own = this.answers[request.type]?.(request);
    if (own === null) return null;
    return { id: request.id, ...(own ?? this.usual(request)) };
  }

  /** @param {Request} request @returns {object} */
  usual(request) {
    switch (request.type) {
      case 'join':
        return this.joined(request);
      case 'resume':
        return { type: 'resumed', seq: this.seq, server_time: Date.now() };
      case 'offer':
        return { type: 'answer', answer: `answer to ${request.offer}` };
      case 'chat':
        return { type: 'ok', message: { id: `c${++this.chats}`, key: request.key, participant: 'me-1', name: 'Me', at: Date.now(), text: request.text, to: request.to } };
      case 'leave':
        return { type: 'ok', summary: { meeting: 'm1', joined_at: 1, left_at: 2, duration_ms: 1, peak: 2, messages: 0 } };
      default:
        return { type: 'ok' };
    }
  }

  /** @param {Request} request */
  joined(request) {
    const me = `me-${++this.joins}`;
    const self = { id: me, name: request.name, kind: 'person', joined_at: 1_000, sources: {} };
    return {
      type: 'joined',
      participant: me,
      room: request.room,
      ...(this.title && { title: this.title }),
      meeting: 'm1',
      started_at: 500,
      seq: this.seq,
      resume: `token-${me}`,
      resume_ms: 30_000,
      answer: `answer to ${request.offer}`,
      participants: [...this.others, self],
      chat: [],
      hands: [],
      server_time: Date.now() + 250,
      version: 'test',
      limits: this.limits,
    };
  }
}

/** Events without a number. */
const OWN_VIEW = new Set(['seated', 'vacated', 'layer_changed', 'speakers', 'quality', 'limited', 'captioned', 'recorded', 'draining', 'bye']);

class FakeSocket extends EventTarget {
  readyState = 0;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  /** What the client closed it with. @type {number | undefined} */
  closedWith;
  /** Nothing passes any more and nobody says so. */
  dead = false;

  /** @param {string} url @param {string} protocol @param {FakeServer} server */
  constructor(url, protocol, server) {
    super();
    this.url = url;
    this.protocol = protocol;
    this.server = server;
    server.sockets.push(this);
    setImmediate(() => {
      if (server.door === 'refuse') this.drop(1006);
      if (server.door !== 'accept' || this.readyState !== 0) return;
      this.readyState = 1;
      this.dispatchEvent(new Event('open'));
    });
  }

  /** @param {string} text */
  send(text) {
    if (this.readyState !== 1 || this.dead) return;
    const request = JSON.parse(text);
    setImmediate(() => {
      this.server.requests.push(request);
      const reply = this.server.reply(request);
      if (reply) this.deliver(reply);
    });
  }

  /** @param {number} [code] */
  close(code) {
    if (this.readyState >= 2) return;
    this.closedWith = code ?? 1005;
    this.readyState = 2;
    setImmediate(() => this.drop(this.closedWith));
  }

  /** From the server to the client. @param {object | string} message */
  deliver(message) {
    const data = typeof message === 'string' ? message : JSON.stringify(message);
    setImmediate(() => this.readyState === 1 && !this.dead && this.onmessage?.({ data }));
  }

  /** The connection ends. @param {number} [code] @param {string} [reason] */
  drop(code = 1006, reason = '') {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason });
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }
}
