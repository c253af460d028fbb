import type { Server } from 'node:http';
import type { Clock } from '../../clock.js';
import { showDuration } from '../../duration.js';
import type { MainLoop } from './main-loop.js';
import type { FromThread, Page } from './messages.js';

const { createServer } = process.getBuiltinModule('node:http');

/** How long a probe waits for the main thread, unless that is known to be blocked. */
const PATIENCE_MS = 1_000;
/** A main loop that has not turned for so long does not answer. */
const BLOCKED_MS = 1_000;

/**
 * The health port, in a thread that answers whatever the main thread does. That is asked for each page; while it is
 * blocked this says what is known: alive as long as it is believed, and not ready.
 */
export class Probes {
  readonly #mainLoop: MainLoop;
  readonly #clock: Clock;
  readonly #send: (message: FromThread) => void;
  readonly #waiting = new Map<number, (page: Page) => void>();
  #server: Server | undefined;
  #requests = 0;

  constructor(mainLoop: MainLoop, clock: Clock, send: (message: FromThread) => void) {
    this.#mainLoop = mainLoop;
    this.#clock = clock;
    this.#send = send;
  }

  listen(host: string, port: number): void {
    const server = createServer(({ method = 'GET', url = '/' }, response) => {
      void this.#answer(method, url.replace(/\?.*$/, '')).then(({ status, type, body }) => {
        response.writeHead(status, {
          'content-type': type,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        });
        response.end(body);
      });
    });
    server.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      // Once it listens, what goes wrong with one connection is not told.
      if (!server.listening) this.#send({ kind: 'deaf', code, message });
    });
    server.listen(port, host, () => {
      const address = server.address();
      this.#send({ kind: 'listening', port: typeof address === 'object' && address ? address.port : port });
    });
    this.#server = server;
  }

  /** The main thread's answer. */
  page(request: number, page: Page): void {
    this.#waiting.get(request)?.(page);
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  async #answer(method: string, path: string): Promise<Page> {
    if (this.#mainLoop.blockedMs >= BLOCKED_MS) return this.#blocked(path);
    const request = this.#requests++;
    const over = new AbortController();
    const answered = new Promise<Page>((resolve) => this.#waiting.set(request, resolve));
    this.#send({ kind: 'request', request, method, path });
    const silence = this.#clock.sleep(PATIENCE_MS, over.signal).then(() => this.#blocked(path));
    const page = await Promise.race([answered, silence]);
    this.#waiting.delete(request);
    over.abort();
    return page;
  }

  #blocked(path: string): Page {
    const { blockedMs, gaveUp } = this.#mainLoop;
    const reason = `the event loop has been blocked for ${showDuration(blockedMs)}`;
    const body =
      path === '/live'
        ? { state: gaveUp ? 'stuck' : 'blocked', reason }
        : { ready: false, reasons: [reason] };
    return {
      status: path === '/live' && !gaveUp ? 200 : 503,
      type: 'application/json',
      body: `${JSON.stringify(body)}\n`,
    };
  }
}
