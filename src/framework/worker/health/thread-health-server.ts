import type { Cancel, Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { NamedAddress } from './host-check.js';
import { KEPT_PATHS, LastPages } from './last-pages.js';
import { jsonPage, type Page, type PageServer, servePages } from './page-server.js';

/** Messages that the main thread sends to the thread that serves the health port. */
export type ToHealthServer =
  /** Opens the port at this address. */
  | { readonly kind: 'listen'; readonly address: NamedAddress }
  | { readonly kind: 'page'; readonly request: number; readonly page: Page }
  | { readonly kind: 'close' };

/** Messages that the thread that serves the health port sends to the main thread. */
export type FromHealthServer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'listen-failed'; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'request'; readonly request: number; readonly method: string; readonly path: string };

/** The state of the main thread's event loop, as the second thread measures it. */
export interface WatchedLoop {
  /** The milliseconds since the loop last ran. */
  readonly blockedMs: number;
  /**
   * True if the main thread has been blocked for so long that it counts as stuck. The worker is then reported as not
   * alive.
   */
  readonly stuck: boolean;
}

/** The longest time for which a probe waits for the main thread. */
const ANSWER_LIMIT_MS = 1_000;
/** If the main thread's event loop hasn't run for this long, the main thread isn't asked for a page. */
const BLOCKED_MS = 1_000;
/** The interval at which the main thread is asked for new copies of the pages that are shown while it is blocked. */
const KEEP_MS = 5_000;

/**
 * Serves the health port from the worker's second thread, which can always answer. It asks the main thread for each
 * page. While the main thread is blocked, it answers by itself: the worker is alive (until the main thread counts as
 * stuck) but not ready, and metrics and status are the last known ones, with their age.
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
      // The pages are requested before the main thread is told the port, since it may be blocked from then on.
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
