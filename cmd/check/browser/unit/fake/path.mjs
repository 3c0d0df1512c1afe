// Clients of a server, their ways to it and their sockets, as far as the watch
// over the way sees them. Time moves in steps; chance has a seed.
import { PathWatch } from '../../../../../transport/httpd/web/lib/path-watch.js';

/** Milliseconds of one step. */
const STEP = 10;
/** What an ICE restart takes beside three round trips: addresses are gathered. */
const GATHERING = 120;
/** How long a socket in doubt may take until another is opened, as in path_guard.js. */
const ASK_TIME = 250;
const ASK_JITTER = 100;
/** And how long that one waits until it takes the place of the first. */
const SPARE_TIME = 150;

/** @param {number} seed */
export function chance(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @typedef {object} Setting
 * @property {number} [voices]  people that deliver
 * @property {boolean} [echo]   something is sent
 * @property {number} [rtt]
 * @property {boolean} [checks] the browser tells of its checks
 * @property {boolean} [aged]   and when the last packet came
 * @property {number} [throttle] timers fire at multiples of so many milliseconds
 */

export class Client {
  /** When ICE was restarted. @type {number[]} */
  restarts = [];
  asks = 0;
  gaveUp = 0;
  /** When a packet or an answer came last. */
  heardAt = 0;
  /** The way is broken since then; 0 for never. */
  brokenAt = 0;
  socketAlive = true;
  /** People deliver no more, without the server saying so. */
  hushed = false;
  /** No restart helps. */
  stuck = false;
  /** The server answers checks from the new address, and still sends to the old one. */
  answered = false;
  #watch;
  #random;
  #lookAt = 0;
  #pair = 1;
  #packets = 0;
  #packetAt = 0;
  #asked = 0;
  /** When the server sent something of people last. */
  #sentAt = -Infinity;
  #answers = 0;
  #checkAt;
  /** @type {{at: number, run: (now: number) => void}[]} */
  #due = [];

  /** @param {Server} server @param {() => number} random @param {Setting} setting */
  constructor(server, random, { voices = 2, echo = false, rtt = 20 + 80 * random(), checks = true, aged = true, throttle = 0 } = {}) {
    this.server = server;
    this.voices = voices;
    this.echo = echo;
    this.rtt = rtt;
    this.checks = checks;
    this.aged = aged;
    this.throttle = throttle;
    this.#random = random;
    this.#watch = new PathWatch(random);
    this.#watch.reset(0);
    this.#checkAt = 2_500 * random();
    this.#lookAt = 1_000 * random();
  }

  /** @param {number} now */
  step(now) {
    this.#receive(now);
    this.#check(now);
    for (const event of this.#due.filter((e) => e.at <= now)) {
      this.#due.splice(this.#due.indexOf(event), 1);
      event.run(now);
    }
    if (now >= this.#lookAt) this.look(now);
  }

  /** The network of this client changes. @param {number} now @param {{socket?: boolean}} [how] socket: whether it lives on */
  move(now, { socket = true } = {}) {
    this.brokenAt = now;
    this.socketAlive = socket;
  }

  /** The browser says so. @param {number} now */
  hint(now) {
    this.#act(now, this.#watch.hint(now));
  }

  /** @param {number} now */
  look(now) {
    this.#act(now, this.#watch.saw(now, {
      pair: `pair ${this.#pair}`,
      packets: Math.floor(this.#packets),
      age: this.aged ? now - this.#packetAt : undefined,
      asked: this.checks ? this.#asked : undefined,
      answers: this.checks ? this.#answers : 0,
      voices: this.voices,
      echo: this.echo,
      broken: '',
    }));
  }

  /** What people send, and the server's feedback. @param {number} now */
  #receive(now) {
    const rate = (this.hushed ? 0 : 50 * this.voices) + (this.echo ? 12 : 0);
    if (!rate || !this.server.forwards(now, this)) return;
    if (this.voices && !this.hushed) this.#sentAt = now;
    if (this.brokenAt) return;
    const before = Math.floor(this.#packets);
    this.#packets += (rate * STEP) / 1_000;
    if (Math.floor(this.#packets) > before) this.#packetAt = this.heardAt = now;
  }

  /** As browsers check: every 2.5 s, more often when nothing comes. @param {number} now */
  #check(now) {
    if (now < this.#checkAt) return;
    this.#asked++;
    this.#checkAt = now + (now - this.heardAt > 2_000 ? 900 : 2_500);
    if (this.brokenAt && !this.answered) return;
    this.#after(this.server.when(now, this) + this.rtt, (at) => {
      if (this.brokenAt && !this.answered) return;
      this.#answers++;
      if (!this.brokenAt) this.heardAt = at;
    });
  }

  /** @param {number} now @param {import('../../../../../transport/httpd/web/lib/path-watch.js').Action} action */
  #act(now, action) {
    if (action === 'ask') this.#ask(now);
    if (action === 'restart') this.#restart(now);
    if (action === 'give_up') this.gaveUp++;
    this.#lookAt = now + this.#watch.wait(now);
    if (this.throttle) this.#lookAt = Math.ceil(this.#lookAt / this.throttle) * this.throttle;
  }

  /** @param {number} now */
  #ask(now) {
    this.asks++;
    if (this.socketAlive) {
      this.#after(this.server.when(now, this) + this.rtt / 2, (at) => {
        const ago = at - this.#sentAt;
        this.#after(at + this.rtt / 2, (then) => this.#act(then, this.#watch.told(then, now, ago)));
      });
      return;
    }
    this.#after(this.server.when(now, this) + ASK_TIME + this.#random() * ASK_JITTER + 3 * this.rtt, (at) => {
      this.socketAlive = true;
      this.#act(at, this.#watch.answered(at));
      this.#after(at + SPARE_TIME + this.rtt, (then) => this.#act(then, this.#watch.attached(then)));
    });
  }

  /** @param {number} now */
  #restart(now) {
    this.restarts.push(now);
    if (this.stuck) return;
    this.#after(this.server.when(now, this) + 3 * this.rtt + GATHERING, (at) => {
      this.brokenAt = 0;
      this.heardAt = at; // checks have chosen the pair
      this.#pair++;
      this.#packets = this.#asked = this.#answers = 0;
    });
  }

  /** @param {number} at @param {(now: number) => void} run */
  #after(at, run) {
    this.#due.push({ at, run });
  }
}

/** A server that may stand still for a while, and then has much to catch up with. */
export class Server {
  stopsAt = Infinity;
  goesOnAt = Infinity;
  /** How long it is busy afterwards, milliseconds. */
  busy = 300;
  #random;
  /** @type {WeakMap<Client, number>} */
  #late = new WeakMap();

  /** @param {() => number} random */
  constructor(random) {
    this.#random = random;
  }

  /** When it does what it is asked now. @param {number} now @param {Client} client */
  when(now, client) {
    if (now < this.stopsAt || now >= this.goesOnAt + this.busy) return now;
    return Math.max(now, this.goesOnAt + this.#random() * this.busy);
  }

  /** Whether it forwards media now. @param {number} now @param {Client} client */
  forwards(now, client) {
    if (now < this.stopsAt) return true;
    if (!this.#late.has(client)) this.#late.set(client, this.#random() * this.busy);
    return now >= this.goesOnAt + /** @type {number} */ (this.#late.get(client));
  }
}

/**
 * Lets time pass.
 * @param {readonly Client[]} clients
 * @param {number} from
 * @param {number} to
 * @param {(now: number) => void} [each]
 */
export function run(clients, from, to, each = () => {}) {
  for (let now = from; now < to; now += STEP) {
    each(now);
    for (const client of clients) client.step(now);
  }
}
