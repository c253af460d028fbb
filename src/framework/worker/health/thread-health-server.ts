import type { Cancel, Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { NamedAddress } from './host-check.js';
import { KEPT_PATHS, PageCopies } from './page-copies.js';
import { jsonPage, type Page, type PageServer, servePages } from './page-server.js';

/** Messages from the main thread to the heartbeat thread, which serves the health port. */
export type ToHealthServer =
  /** Opens the port at this address. */
  | { readonly kind: 'listen'; readonly address: NamedAddress }
  | { readonly kind: 'page'; readonly request: number; readonly page: Page }
  | { readonly kind: 'close' };

/** Messages from the heartbeat thread, which serves the health port, to the main thread. */
export type FromHealthServer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'listen-failed'; readonly code: string | undefined; readonly message: string }
  | { readonly kind: 'request'; readonly request: number; readonly method: string; readonly path: string };

/** The state of the main thread's event loop, as the heartbeat thread measures it. */
export interface WatchedLoop {
  /** The milliseconds for which the main thread's event loop has been blocked; 0 while it is running. */
  readonly blockedMs: number;
  /**
   * True if the main thread has been blocked for so long that it counts as stuck. The worker is then reported as not
   * alive.
   */
  readonly stuck: boolean;
}

/** If the main thread doesn't make a page within this time, the heartbeat thread responds without it. */
const ANSWER_LIMIT_MS = 1_000;
/**
 * If the main thread's event loop has been blocked for this long, the heartbeat thread responds at once without asking
 * the main thread.
 */
const BLOCKED_MS = 1_000;
/**
 * The interval at which new copies of the metrics and status pages are requested from the main thread. The copies are
 * shown while the main thread is blocked.
 */
const KEEP_MS = 5_000;

/**
 * Serves the health port from the heartbeat thread, so that probes get a response even while the main thread is
 * blocked. Each page is requested from the main thread.
 *
 * While the main thread is blocked, this class responds itself: the worker is not ready, but alive until it has been
 * blocked for so long that it counts as stuck. For metrics and status, it shows the last copies, with their age.
 */
export class ThreadHealthServer {
  readonly #mainLoop: WatchedLoop;
  readonly #clock: Clock;
  readonly #send: (message: FromHealthServer) => void;
  readonly #servePages: typeof servePages;
  readonly #waiting = new Map<number, (page: Page) => void>();
  readonly #last: PageCopies;
  #server: Promise<PageServer | undefined> | undefined;
  #stopKeeping: Cancel = () => {};
  #requests = 0;

  /** @param serve opens a port. @default over HTTP */
  constructor(
    mainLoop: WatchedLoop,
    clock: Clock,
    send: (message: FromHealthServer) => void,
    serve = servePages,
  ) {
    this.#mainLoop = mainLoop;
    this.#servePages = serve;
    this.#clock = clock;
    this.#send = send;
    this.#last = new PageCopies(clock);
  }

  take(message: ToHealthServer): void {
    if (message.kind === 'page') this.#waiting.get(message.request)?.(message.page);
    else if (message.kind === 'listen') this.#server = this.#listen(message.address);
    else this.close();
  }

  close(): void {
    this.#stopKeeping();
    void this.#server?.then((server) => server?.close());
  }

  async #listen(address: NamedAddress): Promise<PageServer | undefined> {
    try {
      const server = await this.#servePages(address, (method, path) => this.#answer(method, path));
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
