// A reverse proxy as hosts have it that keep a Parley below a path: other paths are
// other people's, and are written down.
import { createServer, request } from 'node:http';

/**
 * @param {{base: string, strips: boolean}} how  strips: the server is asked without the base
 */
export async function startBaseProxy({ base, strips }) {
  let target = 0;
  /** @type {string[]} */
  const outside = [];
  /** @param {import('node:http').IncomingMessage} req  @returns {string | null} the path to ask the server for */
  const passed = ({ url = '' }) => {
    if (url !== base && !url.startsWith(`${base}/`)) {
      outside.push(url);
      return null;
    }
    return strips ? url.slice(base.length) || '/' : url;
  };
  const ask = (/** @type {import('node:http').IncomingMessage} */ req, /** @type {string} */ path) =>
    request({ host: '127.0.0.1', port: target, path, method: req.method, headers: req.headers });
  const proxy = createServer((req, res) => {
    const path = passed(req);
    if (path === null) return void res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><link rel="icon" href="data:,"><title>another page</title>');
    const on = ask(req, path);
    on.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    on.on('error', () => res.destroy());
    return void req.pipe(on);
  });
  proxy.on('upgrade', (req, socket) => {
    const path = passed(req);
    if (path === null) return void socket.destroy();
    const on = ask(req, path);
    on.on('upgrade', ({ rawHeaders }, server, first) => {
      const lines = rawHeaders.flatMap((word, i) => (i % 2 ? [] : [`${word}: ${rawHeaders[i + 1]}`]));
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      socket.write(first);
      socket.on('error', () => server.destroy());
      server.on('error', () => socket.destroy());
      socket.pipe(server).pipe(socket);
    });
    on.on('response', () => socket.destroy());
    on.on('error', () => socket.destroy());
    return void on.end();
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (proxy.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    outside,
    /** @param {number} to  port of the server */
    before(to) {
      target = to;
    },
    close: () => (proxy.closeAllConnections(), new Promise((resolve) => proxy.close(resolve))),
  };
}
