import type { Cancel, Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { within } from '../../base/time/wait.js';
import { answer, type HealthFacts } from './health-pages.js';
import { jsonPage, type NamedAddress, type Page, type PageServer, servePages } from './page-server.js';

/** Messages from the main thread to the sidecar, which serves the health port. */
export type ToHealthServer =
  /** Opens the port at this address. */
  | { readonly kind: 'listen'; readonly address: NamedAddress }
  /** The answer to `ask`. `facts` is undefined if they could not be had. */
  | { readonly kind: 'facts'; readonly request: number; readonly facts: HealthFacts | undefined }
  | { readonly kind: 'close' };

/** Messages from the sidecar, which serves the health port, to the main thread. */
export type FromHealthServer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'listen-failed'; readonly code: string | undefined; readonly message: string }
  /** `metrics`: true if the metrics are needed, which cost more than the status. */
  | { readonly kind: 'ask'; readonly request: number; readonly metrics: boolean };

/**
 * If the main thread has been blocked for this long, or hasn't sent the facts within this time, the last known ones are
 * shown.
 */
const BLOCKED_MS = 1_000;
/** The interval at which all facts are asked for, to be shown while the main thread is blocked. */
const KEEP_MS = 5_000;

/**
 * Serves the health port from the heartbeat thread, with facts that it asks the main thread for. While that is blocked,
 * the worker is not ready, the pages show the last known facts with their age, and `/live` fails once the main thread
 * counts as stuck.
 */
export class HealthServer {
  readonly #waiting = new Map<number, (facts: HealthFacts | undefined) => void>();
  #last: (HealthFacts & { readonly at: number }) | undefined;
  #server: Promise<PageServer | undefined> | undefined;
  #stopKeeping: Cancel = () => {};
  #requests = 0;

  /**
   * @param mainLoop the main thread's event loop: for how long it has been blocked, and if it counts as stuck, so that the
   * worker is not alive
   * @param serve opens a port. @default over HTTP
   */
  constructor(
    private readonly mainLoop: { readonly blockedMs: number; readonly stuck: boolean },
    private readonly clock: Clock,
    private readonly send: (message: FromHealthServer) => void,
    private readonly serve = servePages,
  ) {}

  take(message: ToHealthServer): void {
    if (message.kind === 'facts') this.#waiting.get(message.request)?.(message.facts);
    else if (message.kind === 'listen') this.#server = this.#listen(message.address);
    else this.close();
  }

  /** Closes the port, also one that is still being opened. Ends the requests that wait for facts: no timer is left. */
  close(): void {
    void this.#server?.then((server) => {
      this.#stopKeeping();
      server?.close();
      for (const tell of this.#waiting.values()) tell(undefined);
    });
  }

  async #listen(address: NamedAddress): Promise<PageServer | undefined> {
    try {
      const server = await this.serve(address, (method, path) => this.#page(method, path));
      // Asked before the main thread is told the port, since it may be blocked from then on.
      void this.#page('GET', '/metrics');
      this.#stopKeeping = this.clock.every(KEEP_MS, () => void this.#page('GET', '/metrics'));
      this.send({ kind: 'listening', port: server.port });
      return server;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.send({ kind: 'listen-failed', code, message });
      return undefined;
    }
  }

  async #page(method: string, path: string): Promise<Page> {
    if (this.mainLoop.blockedMs >= BLOCKED_MS) return this.#blocked(method, path);
    const metrics = path === '/metrics';
    const request = this.#requests++;
    const asked = new Promise<HealthFacts | undefined>((resolve) => this.#waiting.set(request, resolve));
    this.send({ kind: 'ask', request, metrics });
    const isTold = await within(this.clock, BLOCKED_MS, asked);
    this.#waiting.delete(request);
    if (!isTold) return this.#blocked(method, path);
    const facts = await asked;
    if (!facts)
      return jsonPage(500, { error: 'this page could not be made: the log of the worker says why' });
    if (metrics) this.#last = { ...facts, at: this.clock.now() };
    else if (this.#last) this.#last = { ...this.#last, status: facts.status };
    return answer(method, path, facts);
  }

  #blocked(method: string, path: string): Page {
    const { blockedMs, stuck } = this.mainLoop;
    const reason = `the event loop has been blocked for ${showDuration(blockedMs)}`;
    if (path === '/live') return jsonPage(stuck ? 503 : 200, { state: stuck ? 'stuck' : 'blocked', reason });
    if (!this.#last) return jsonPage(503, { ready: false, reasons: [reason] });
    const { status, metrics, at } = this.#last;
    const ageMs = Math.round(this.clock.now() - at);
    const text = agedMetrics(metrics.text, ageMs);
    const facts = {
      status: { ...status, ready: false, reasons: [reason], ageMs },
      metrics: { ...metrics, text },
    };
    return { ...answer(method, path, facts), ageSeconds: Math.floor(ageMs / 1000) };
  }
}

const READY = 'stepwright_worker_ready';
const AGE = 'stepwright_metrics_age_seconds';

function agedMetrics(text: string, ageMs: number): string {
  const unready = text.replace(new RegExp(`^${READY} .*$`, 'm'), `${READY} 0`);
  return `${unready}# HELP ${AGE} Age of these metrics: the event loop is blocked.\n# TYPE ${AGE} gauge\n${AGE} ${ageMs / 1000}\n`;
}
