// What was said, and saying something.
import { ParleyError } from './errors.js';

/** @typedef {import('./index.js').ChatMessage} ChatMessage */

/** How many texts are kept; older ones are forgotten. */
const KEPT = 1_000;

export class Chat {
  #deliver;
  #emit;
  /** @type {ChatMessage[]} */
  #messages = [];
  /** Ids of the kept texts. @type {Set<string>} */
  #known = new Set();

  /**
   * @param {(fields: object) => Promise<import('./wire.js').Reply>} deliver
   * @param {import('./events.js').Emit} emit
   */
  constructor(deliver, emit) {
    this.#deliver = deliver;
    this.#emit = emit;
  }

  /** @returns {readonly ChatMessage[]} */
  get messages() {
    return this.#messages;
  }

  /**
   * @param {string} text
   * @param {{to?: string, key?: string}} [options]
   * @returns {Promise<ChatMessage>}
   */
  async send(text, { to, key = crypto.randomUUID() } = {}) {
    const { message } = await this.#deliver({ key, text, ...(to ? { to } : {}) });
    if (!message) throw new ParleyError('bad_message', { message: 'ok without the text' });
    return this.add(/** @type {ChatMessage} */ (message));
  }

  /**
   * Takes a text from the server, which may bring it twice: as an event and
   * as the reply to its sender.
   * @param {ChatMessage} message
   * @returns {ChatMessage}
   */
  add(message) {
    const known = this.#known.has(message.id) && this.#messages.find(({ id }) => id === message.id);
    if (known) return known;
    this.#insert(message);
    this.#emit('chatMessage', { message });
    return message;
  }

  /**
   * Takes the history that comes with a join.
   * @param {ChatMessage[]} history
   * @param {boolean} announce  what is new in it was said while away
   */
  addHistory(history, announce) {
    for (const message of history) {
      if (this.#known.has(message.id)) continue;
      if (announce) this.add(message);
      else this.#insert(message);
    }
  }

  clear() {
    this.#messages = [];
    this.#known.clear();
  }

  /** @param {ChatMessage} message */
  #insert(message) {
    let at = this.#messages.length;
    while (at > 0 && this.#messages[at - 1].at > message.at) at--;
    this.#messages.splice(at, 0, message);
    this.#known.add(message.id);
    if (this.#messages.length > KEPT) this.#known.delete(/** @type {ChatMessage} */ (this.#messages.shift()).id);
  }
}
