// The Chromium that all files of a run share.
import { serveChromium } from '../e2e/browsers.mjs';

export class SharedChromium {
  /** @type {import('playwright-core').BrowserServer | undefined} */
  #server;
  /** @type {Promise<string> | undefined} */
  #address;
  #closing = false;
  #ended;

  /** @param {() => void} ended called when it has ended by itself; the next to ask gets a new one */
  constructor(ended) {
    this.#ended = ended;
  }

  /** Where to connect. */
  address() {
    return (this.#address ??= this.#launch());
  }

  async #launch() {
    const server = await serveChromium();
    this.#server = server;
    server.on('close', () => {
      if (this.#closing || this.#server !== server) return;
      this.#server = this.#address = undefined;
      this.#ended();
    });
    return server.wsEndpoint();
  }

  async close() {
    this.#closing = true;
    await this.#server?.close();
  }
}
