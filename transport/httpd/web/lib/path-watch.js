// Whether the way to the server still carries what it should, and when to look
// for another (an ICE restart). Pure: time, chance and what was seen come in
// as arguments.
//
//   trusting ──silence, a hint──▶ asking ──the server answers──▶ waiting ──still nothing──▶ restart
//      ▲                            │                              │
//      └───── anything came ────────┴──────────────────────────────┘
//
// A server that does not answer either is stopped or cut off: another way would
// not help, so nothing is done until it answers, and then what it sends gets a
// moment to arrive. Thousands who lost the same server do not restart at once.
//
// What counts as silence depends on what should come. A server that is sent to
// gives feedback many times a second. People who deliver may have lost their own
// way, so the server says when it last sent of theirs: what it sent and did not
// come was lost on ours. Then a second is enough, and answers to connectivity
// checks are no excuse, for a server may answer a new address and still send to
// the old one. Where nobody delivers, only the checks tell, which browsers make
// every 2.5 s.

/** Silence until the server is asked, milliseconds: while somebody delivers, and otherwise. */
const SILENCE = 1_000;
const QUIET = 3_500;
/** How long what the server sends may take once it answers again, and how much is added at random. */
const MOMENT = 250;
const MOMENT_JITTER = 100;
/** A server that took so long to answer was stopped: it has much to catch up with, and gets three times that. */
const STOPPED = 1_500;
/** How long it counts that the server answered. */
const ANSWER_HOLDS = 5_000;
/** The server sent for so long what did not come: more than what a loss or two explain. */
const MISSED = 500;
/** The least between two questions of one doubt. */
const ASK_AGAIN = 1_000;
/** An answer to a check that has not come by then is not on its way. */
const CHECK_TIME = 300;
/** The least between two restarts; doubles, up to so much, until there was none for so long. */
const REST = 5_000;
const MOST_REST = 60_000;
const CALM = 30_000;
/** How many restarts in a row are tried. */
const MAX_TRIES = 2;
/** Packets a second from which on a second without any says something. */
const LIVELY = 8;
/** Milliseconds between two looks: the least, in doubt, in silent rooms, and the most. */
const LOOK_LEAST = 100;
const LOOK_DOUBT = 200;
const LOOK_QUIET = 500;
const LOOK_MOST = 1_000;

/**
 * What a look saw. Totals begin anew with each pair.
 * @typedef {object} Seen
 * @property {string} pair     the pair of addresses in use, '' for none
 * @property {number} packets  received over it, checks aside
 * @property {number | undefined} age  milliseconds since the last of them; undefined if not told
 * @property {number | undefined} asked  checks sent; undefined if not told
 * @property {number} answers  answers to them, and checks of the other side
 * @property {number} voices   people whose sound or picture should be coming
 * @property {boolean} echo    something is sent, for which the server gives feedback
 * @property {'' | 'disconnected' | 'failed'} broken  what the browser itself says
 */

/** @typedef {'' | 'ask' | 'restart' | 'give_up'} Action */

/** @type {Seen} */
const NOTHING = { pair: '', packets: 0, age: undefined, asked: undefined, answers: 0, voices: 0, echo: false, broken: '' };

export class PathWatch {
  #random;
  /** @type {'trusting' | 'asking' | 'waiting'} */
  #state = 'trusting';
  /** The last look. @type {Seen} */
  #seen = NOTHING;
  #lookedAt = 0;
  /** When anything came last, and when a packet did. */
  #sign = 0;
  #packetAt = 0;
  /** Since when this pair is in use. */
  #pairAt = 0;
  /** Packets a second up to the last that came, in this look and the one before. */
  #rates = [0, 0];
  /** Checks that had no answer when anything came last. */
  #lost = 0;
  /** Since when one more has none, as far as looks tell; 0 for never. */
  #unansweredAt = 0;
  /** Since when it is doubted. */
  #doubtAt = 0;
  /** Something else than silence made us doubt. */
  #hinted = false;
  /** Until when the server's packets are waited for. */
  #momentEnds = 0;
  /** When the server was asked last, when it was asked what it told last, and when it had last sent by then. */
  #askedAt = -Infinity;
  #toldOf = -Infinity;
  #sentAt = -Infinity;
  #socketDied = false;
  #tries = 0;
  #rest = REST;
  #restartedAt = -Infinity;
  #notBefore = 0;

  /** @param {() => number} random  0 ≤ x < 1 */
  constructor(random) {
    this.#random = random;
  }

  /** When anything came last. */
  get heardAt() {
    return this.#sign;
  }

  /** A new connection: nothing is known of it. @param {number} now */
  reset(now) {
    this.#settle();
    this.#seen = NOTHING;
    this.#lookedAt = this.#sign = this.#packetAt = this.#pairAt = now;
    this.#rates = [0, 0];
    this.#tries = this.#lost = this.#unansweredAt = 0;
    this.#askedAt = this.#toldOf = this.#sentAt = -Infinity;
  }

  /**
   * Takes a look.
   * @param {number} now
   * @param {Seen} seen
   * @returns {Action}
   */
  saw(now, seen) {
    this.#note(now, seen);
    const came = this.#delivered ? this.#packetAt : this.#sign;
    if (came > this.#doubtAt && seen.broken !== 'failed') this.#trust();
    return this.#decide(now, true);
  }

  /**
   * Something happened to the network or the page, or somebody wants it tried
   * again, however often it failed.
   * @param {number} now
   * @returns {Action}
   */
  hint(now) {
    this.#hinted = true;
    this.#tries = 0;
    if (this.#state === 'trusting') this.#doubtAt = now;
    return this.#decide(now);
  }

  /**
   * The server told when it last sent what people say or show.
   * @param {number} now
   * @param {number} asked  when it was asked
   * @param {number} ago    milliseconds before it answered
   * @returns {Action}
   */
  told(now, asked, ago) {
    this.#toldOf = asked;
    this.#sentAt = asked - ago;
    if (!this.#seen.echo && now - ago - this.#packetAt < MISSED) this.#hush(asked);
    return this.answered(now);
  }

  /**
   * Another socket took the place of the one before. If that one died in the
   * silence it was on the same way.
   * @param {number} now
   * @returns {Action}
   */
  attached(now) {
    this.#socketDied = this.#state !== 'trusting';
    return this.answered(now);
  }

  /**
   * The server is there, whatever it says.
   * @param {number} now
   * @returns {Action}
   */
  answered(now) {
    if (this.#state !== 'waiting') {
      if (this.#state === 'trusting') this.#doubtAt = now;
      this.#state = 'waiting';
      const moment = MOMENT + this.#random() * MOMENT_JITTER;
      this.#momentEnds = now + (now - this.#doubtAt > STOPPED ? 3 * moment : moment);
    }
    return this.#decide(now);
  }

  /** In how many milliseconds to look again. @param {number} now */
  wait(now) {
    const calm = this.#delivered && now < this.#last + SILENCE;
    const pace = this.#state !== 'trusting' ? LOOK_DOUBT : calm ? LOOK_MOST : LOOK_QUIET;
    const ends = [this.#state === 'waiting' ? this.#momentEnds : 0, this.#last + (this.#delivered ? SILENCE : QUIET)];
    return Math.max(LOOK_LEAST, Math.min(...ends.filter((at) => at > now), now + pace) - now);
  }

  /** @param {number} now @param {Seen} seen */
  #note(now, seen) {
    const before = this.#seen;
    this.#seen = seen;
    if (seen.pair !== before.pair) {
      this.#lost = 0;
      this.#pairAt = now;
      if (seen.pair) this.#came(now, now); // checks have chosen it
      // Those who say nothing on a way that is fine are silent themselves.
      if (!seen.echo) this.#hush(now);
    } else if (seen.packets > before.packets) {
      const at = now - (seen.age ?? 0);
      const seconds = Math.max(at - this.#lookedAt, 100) / 1_000;
      this.#rates = [(seen.packets - before.packets) / seconds, this.#rates[0]];
      this.#packetAt = at;
      this.#came(Math.max(at, this.#sign), now);
    } else if (seen.answers > before.answers) {
      if (!this.#delivered) this.#hush(now);
      this.#came(now, now);
    }
    if (!this.#unanswered) this.#unansweredAt = 0;
    else this.#unansweredAt ||= now;
    this.#lookedAt = now;
  }

  /** The way is fine: if nothing came for long, nothing was sent. @param {number} now */
  #hush(now) {
    if (now - this.#packetAt >= SILENCE) this.#rates = [0, 0];
  }

  /** @param {number} at @param {number} now */
  #came(at, now) {
    const open = (this.#seen.asked ?? 0) - this.#seen.answers;
    // A check that was sent since then is still owed its answer.
    this.#lost = now - at > CHECK_TIME ? Math.min(open, this.#lost) : open;
    this.#sign = at;
    this.#unansweredAt = 0;
  }

  get #unanswered() {
    return this.#seen.asked === undefined ? 0 : this.#seen.asked - this.#seen.answers - this.#lost;
  }

  /** Whether something should come all the time, and did. */
  get #delivered() {
    const { voices, echo } = this.#seen;
    return (voices > 0 || echo) && Math.max(...this.#rates) >= LIVELY;
  }

  /** Whether it can only be the way if what was delivered comes no more. */
  get #certain() {
    return this.#seen.echo || this.#socketDied || this.#sentAt - this.#packetAt >= MISSED;
  }

  /** Whether the server said nothing yet of this silence that would tell. */
  get #untold() {
    return !this.#certain && this.#toldOf - this.#packetAt < SILENCE;
  }

  /** Since when it is silent. */
  get #last() {
    return this.#delivered ? Math.max(this.#packetAt, this.#pairAt) : this.#sign;
  }

  #trust() {
    this.#settle();
    this.#tries = 0;
  }

  /** Doubts no more, or has done what there is to do. */
  #settle() {
    this.#state = 'trusting';
    this.#hinted = this.#socketDied = false;
  }

  /** @param {number} now @param {boolean} [looked] just now @returns {Action} */
  #decide(now, looked = false) {
    if (this.#state === 'waiting' && now > this.#momentEnds + ANSWER_HOLDS) this.#settle();
    if (this.#tries > MAX_TRIES || now < this.#notBefore) return '';
    if (this.#state === 'trusting' && (this.#hinted || this.#suspect(now))) {
      this.#state = 'asking';
      this.#doubtAt = this.#hinted ? this.#doubtAt : now;
      return this.#ask(now);
    }
    if (this.#state !== 'waiting') return '';
    if (this.#untold && now - this.#askedAt >= ASK_AGAIN && this.#suspect(now)) return this.#ask(now);
    return this.#seen.broken === 'failed' || (looked && this.#dead(now)) ? this.#restart(now) : '';
  }

  /** @param {number} now @returns {Action} */
  #ask(now) {
    this.#askedAt = now;
    return 'ask';
  }

  /** @param {number} now */
  #suspect(now) {
    const { broken, pair } = this.#seen;
    if (broken || !pair) return broken !== '';
    return now - this.#last >= SILENCE && (this.#delivered || this.#silent(now));
  }

  /** Whether nothing comes although the server answers. @param {number} now */
  #dead(now) {
    const { broken, pair } = this.#seen;
    if (now < this.#momentEnds) return false;
    if (broken || !pair) return broken !== '';
    if (!this.#delivered) return this.#silent(now);
    return this.#certain && now - this.#last >= (this.#hinted ? MOMENT : SILENCE);
  }

  /** Whether those checks that browsers make go unanswered. @param {number} now */
  #silent(now) {
    if (this.#seen.asked === undefined) return false;
    const enough = this.#hinted ? 1 : 2;
    return (this.#unanswered >= enough && now - this.#unansweredAt >= CHECK_TIME) || now - this.#sign >= QUIET;
  }

  /** @param {number} now @returns {Action} */
  #restart(now) {
    this.#settle();
    this.#tries++;
    if (this.#tries > MAX_TRIES) return 'give_up';
    this.#rest = now - this.#restartedAt > CALM + this.#rest ? REST : Math.min(MOST_REST, this.#rest * 2);
    this.#restartedAt = now;
    this.#notBefore = now + this.#rest * (1 + this.#random() / 5);
    return 'restart';
  }
}
