import type { Cancel, Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { NamedAddress } from './host-check.js';
import { KEPT_PATHS, LastPages } from './last-pages.js';
import { jsonPage, type Page, type PageServer, servePages } from './page-server.js';

/** Messages from the main thread to the thread that serves the health port. */
export type ToHealthServer =
  /** Opens the port at this address. */
  | { readonly kind: 'listen'; readonly address: NamedAddress }
  | { readonly kind: 'page'; readonly request: number; readonly page: Page }
  | { readonly kind: 'close' };

/** Messages from the thread that serves the health port to the main thread. */
export type FromHealthServer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'listen-failed'; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'request'; readonly request: number; readonly method: string; readonly path: string };

/** The state of the main thread's event loop, as the second thread sees it. */
export interface WatchedLoop {
  /** Milliseconds since the loop's last turn. */
  readonly blockedMs: number;
  /** True while the main thread is taken for stuck, so that it is not alive. */
  readonly stuck: boolean;
}

/** The longest that a probe waits for the main thread. */
const ANSWER_LIMIT_MS = 1_000;
/** A main thread whose loop has not turned for this long is not asked for a page. */
const BLOCKED_MS = 1_000;
/** The interval at which the main thread is asked for the pages that are shown while it is blocked. */
const KEEP_MS = 5_000;

/**
 * Serves the health port from the worker's second thread, which answers whatever the main thread does. The main thread
 * is asked for each page. While it is blocked, the answers are: alive until it is taken for stuck, not ready, and the
 * last known metrics and status with their age.
 */
export class ThreadHealthServer {
  readonly #mainLoop: WatchedLoop;
  readonly #clock: Clock;
  readonly #send: (message: FromHealthServer) => void;
  readonly #waiting = new Map<number, (page: Page) => void>();
  readonly #last: LastPages;
  #server: Promise<PageServer | undefined> | undefined;
  #stopKeeping: Cancel = () => {};
  #requests = 0;

  constructor(mainLoop: WatchedLoop, clock: Clock, send: (message: FromHealthServer) => void) {
    this.#mainLoop = mainLoop;
    this.#clock = clock;
    this.#send = send;
    this.#last = new LastPages(clock);
  }

  take(message: ToHealthServer): void {
    if (message.kind === 'page') this.#waiting.get(message.request)?.(message.page);
    else if (message.kind === 'listen') this.#server = this.#listen(message.address);
    else this.#close();
  }

  #close(): void {
    this.#stopKeeping();
    void this.#server?.then((server) => server?.close());
  }

  async #listen(address: NamedAddress): Promise<PageServer | undefined> {
    try {
      const server = await servePages(address, (method, path) => this.#answer(method, path));
      // Asked before the port is known there, since the main thread may be blocked from then on.
      this.#keep();
      this.#stopKeeping = this.#clock.every(KEEP_MS, () => this.#keep());
      this.#send({ kind: 'listening', port: server.port });
      return server;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#send({ kind: 'listen-failed', code, message });
      return undefined;
    }
  }

  #keep(): void {
    for (const path of KEPT_PATHS) void this.#answer('GET', path);
  }

  async #answer(method: string, path: string): Promise<Page> {
    if (this.#mainLoop.blockedMs >= BLOCKED_MS) return this.#blocked(path);
    const request = this.#requests++;
    const over = new AbortController();
    const answered = new Promise<Page>((resolve) => this.#waiting.set(request, resolve));
    this.#send({ kind: 'request', request, method, path });
    const silence = this.#clock.sleep(ANSWER_LIMIT_MS, over.signal).then(() => this.#blocked(path));
    const page = await Promise.race([answered, silence]);
    this.#waiting.delete(request);
    this.#last.keep(path, page);
    over.abort();
    return page;
  }

  #blocked(path: string): Page {
    const { blockedMs, stuck } = this.#mainLoop;
    const reason = `the event loop has been blocked for ${showDuration(blockedMs)}`;
    const last = this.#last.page(path, reason);
    if (last) return last;
    if (path !== '/live') return jsonPage(503, { ready: false, reasons: [reason] });
    return jsonPage(stuck ? 503 : 200, { state: stuck ? 'stuck' : 'blocked', reason });
  }
}
