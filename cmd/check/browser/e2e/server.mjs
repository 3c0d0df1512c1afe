// Starts the real binary for a test and stops it again.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = process.env.PARLEY_BIN;

/**
 * @typedef {object} Server
 * @property {string} url        base URL, no slash at the end
 * @property {number} port       TCP and UDP
 * @property {string} data       data folder
 * @property {() => string} log  what it printed so far
 * @property {() => Promise<number>} stop  Ctrl-C; resolves to the exit code
 * @property {() => Promise<number>} drain SIGTERM; resolves to the exit code
 * @property {() => Promise<void>} kill    SIGKILL
 * @property {() => void} freeze           SIGSTOP: it holds its sockets open and does nothing
 * @property {() => void} thaw             SIGCONT
 * @property {() => Promise<void>} clean   stop and remove the data folder
 */

/**
 * @param {{args?: string[], data?: string, port?: number}} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(options = {}) {
  if (!BIN) throw new Error('PARLEY_BIN names no binary; run the tests through `go run ./cmd/check --only npm,browser`');
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'parley-e2e-')));
  const child = spawn(BIN, ['serve', '--listen', `127.0.0.1:${options.port ?? 0}`, '--advertise', '127.0.0.1', '--data', data, '--debug', ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  let exitCode = /** @type {number|null} */ (null);
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve((exitCode = code ?? -1))));
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`server did not start:\n${log}`)), 30_000);
    const read = (/** @type {Buffer} */ chunk) => {
      log += chunk;
      const match = /(https?:\/\/[^\s│]+)/.exec(log);
      if (match) {
        clearTimeout(timer);
        resolve(match[1].replace('localhost', '127.0.0.1').replace(/\/$/, ''));
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`server exited:\n${log}`)));
  });
  const end = async (/** @type {NodeJS.Signals} */ signal) => {
    if (exitCode === null) child.kill(signal);
    return exited;
  };
  return {
    url,
    port: Number(new URL(url).port),
    data,
    log: () => log,
    stop: () => end('SIGINT'),
    drain: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    clean: async () => {
      await end('SIGINT');
      await rm(data, { recursive: true, force: true });
    },
  };
}

/**
 * A TCP proxy in front of the server that can cut what runs through it and
 * refuse new connections for a while. Media (UDP) does not pass here.
 * @param {number} to
 */
export async function startCutter(to) {
  const pairs = new Set();
  let refusing = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const proxy = createServer((client) => {
    if (refusing) return void client.destroy();
    const upstream = connect(to, '127.0.0.1');
    const pair = [client, upstream];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (proxy.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** Cuts everything now and refuses newcomers for ms, or until mended. */
    cut(ms = Infinity) {
      refusing = true;
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      clearTimeout(timer);
      if (ms < Infinity) timer = setTimeout(() => (refusing = false), ms).unref();
    },
    /** What runs through it now carries nothing any more, and nobody says so. Newcomers get through. */
    deaden() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      }
    },
    /** Lets newcomers through again, at once. */
    mend() {
      clearTimeout(timer);
      refusing = false;
    },
    close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      return new Promise((resolve) => proxy.close(() => resolve(undefined)));
    },
  };
}
