import type { WorkerStatus } from '../../base/worker-status.js';
import { jsonPage, type Page } from './page-server.js';
import { pausedIn } from './paused.js';
import { statusPage } from './status-page.js';

/** The functions from which the health port gets what it shows: a worker's status and its metrics. */
export interface HealthSource {
  status(): WorkerStatus;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

type Teller = (source: HealthSource) => Page | Promise<Page>;

const PAGES: Readonly<Record<string, Teller>> = {
  '/live': (source) => {
    const { state } = source.status();
    return jsonPage(state === 'failed' ? 503 : 200, { state });
  },
  '/ready': (source) => {
    const { state, ready, reasons, handlers, outbox } = source.status();
    const paused = pausedIn(handlers);
    return jsonPage(ready ? 200 : 503, {
      ...{ state, ready, reasons },
      ...(paused.length > 0 && { paused }),
      ...(outbox && { outbox }),
    });
  },
  '/metrics': async (source) => {
    const { contentType, text } = await source.metrics();
    return { status: 200, type: contentType, body: text };
  },
  '/status': (source) => jsonPage(200, source.status()),
  '/': (source) => ({ status: 200, type: 'text/html; charset=utf-8', body: statusPage(source.status()) }),
};

/**
 * The health port's paths for probes and programs, such as `/live` and `/metrics`. The path `/` isn't included, since
 * it is a page for people.
 */
export const PATHS = Object.keys(PAGES).filter((path) => path !== '/');

/** Makes the HTTP response to a request to the health port. @param path the URL's path, without its query */
export async function answer(method: string, path: string, source: HealthSource): Promise<Page> {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return jsonPage(404, { error: `there are ${PATHS.join(', ')} and the page at /` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  return page(source);
}
