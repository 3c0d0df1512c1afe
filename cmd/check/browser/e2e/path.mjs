// A way to the server that can change under a running meeting: a UDP relay
// between the browser and the server's media port. A rebinding gives it a new
// address towards the server; whether what the server sends to the old one still
// arrives is up to the test.
import { createSocket } from 'node:dgram';

/** @typedef {import('node:dgram').Socket} Socket */

/** @param {number} to the server's UDP port on 127.0.0.1 */
export async function startPath(to) {
  const inner = createSocket('udp4');
  /** The server's side of each of the browser's addresses. @type {Map<number, {up: Socket, dead: boolean}>} */
  const ways = new Map();
  /** Addresses of before a change, which get nothing and give nothing. @type {Set<number>} */
  const gone = new Set();

  /** @param {number} port of the browser */
  const open = (port) => {
    const way = { up: createSocket('udp4'), dead: false };
    way.up.on('message', (data) => !way.dead && inner.send(data, port, '127.0.0.1'));
    way.up.on('error', () => {});
    ways.set(port, way);
    return way;
  };
  inner.on('message', (data, { port }) => {
    if (gone.has(port)) return;
    (ways.get(port) ?? open(port)).up.send(data, to, '127.0.0.1');
  });
  await new Promise((resolve) => inner.bind(0, '127.0.0.1', () => resolve(undefined)));
  const close = (/** @type {{up: Socket, dead: boolean}} */ way) => {
    way.dead = true;
    way.up.close();
  };
  return {
    port: inner.address().port,
    /** A NAT forgets: what comes from the browser has another address from now on, and the old one leads nowhere. */
    rebind() {
      for (const way of ways.values()) close(way);
      ways.clear();
    },
    /** Another network: the browser's addresses of before carry nothing any more. */
    move() {
      for (const [port, way] of ways) {
        gone.add(port);
        close(way);
      }
      ways.clear();
    },
    close() {
      for (const way of ways.values()) close(way);
      inner.close();
    },
  };
}
