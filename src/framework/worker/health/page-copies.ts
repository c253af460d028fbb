import type { WorkerStatus } from '../../base/worker-status.js';
import type { Clock } from '../../base/time/clock.js';
import { jsonPage, type Page } from './page-server.js';
import { statusPage } from './status-page.js';

/** The paths of the pages that are kept, so that they can be shown while the main thread is blocked. */
export const KEPT_PATHS = ['/metrics', '/status'] as const;

interface Kept {
  readonly page: Page;
  readonly at: number;
}

/**
 * Keeps copies of the metrics and status pages that the main thread has made last. They are shown while the main thread
 * is blocked.
 */
export class PageCopies {
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly clock: Clock) {}

  /**
   * Keeps a copy of a page, if its path is one of {@link KEPT_PATHS} and the main thread has made it (it isn't an old
   * copy itself).
   */
  keep(path: string, page: Page): void {
    const isKept = KEPT_PATHS.some((each) => each === path);
    if (isKept && page.status === 200 && page.ageSeconds === undefined)
      this.#kept.set(path, { page, at: this.clock.now() });
  }

  /**
   * Returns the last copy of a page. Adds its age, and changes it so that it shows the worker as not ready.
   * @param reason why the worker isn't ready, in words
   * @returns undefined for paths other than {@link KEPT_PATHS}, and if there is no copy yet
   */
  page(path: string, reason: string): Page | undefined {
    if (path === '/metrics') return this.#with(path, (page, ageMs) => agedMetrics(page, ageMs));
    if (path === '/status')
      return this.#with(path, (page, ageMs) => jsonPage(200, aged(page, ageMs, reason)));
    if (path !== '/') return undefined;
    const html = (page: Page, ageMs: number): string => statusPage(aged(page, ageMs, reason));
    return this.#with('/status', (page, ageMs) => ({
      ...{ status: 200, type: 'text/html; charset=utf-8', body: html(page, ageMs) },
    }));
  }

  #with(path: string, make: (page: Page, ageMs: number) => Page): Page | undefined {
    const kept = this.#kept.get(path);
    if (!kept) return undefined;
    const ageMs = Math.round(this.clock.now() - kept.at);
    return { ...make(kept.page, ageMs), ageSeconds: Math.floor(ageMs / 1000) };
  }
}

const aged = ({ body }: Page, ageMs: number, reason: string): WorkerStatus => ({
  ...(JSON.parse(body) as WorkerStatus),
  ...{ ready: false, reasons: [reason], ageMs },
});

const READY = 'stepwright_worker_ready';
const AGE = 'stepwright_metrics_age_seconds';

function agedMetrics(page: Page, ageMs: number): Page {
  const unready = page.body.replace(new RegExp(`^${READY} .*$`, 'm'), `${READY} 0`);
  const age = `# HELP ${AGE} Age of these metrics: the event loop is blocked.\n# TYPE ${AGE} gauge\n${AGE} ${ageMs / 1000}\n`;
  return { ...page, body: `${unready}${age}` };
}
