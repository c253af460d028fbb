import type { WorkerStatus } from '../../base/worker-status.js';
import { jsonPage, type Page } from './page-server.js';
import { pausedIn, statusPage } from './status-page.js';

/** What the pages of the health port show. It is plain data, so that it can be sent to another thread. */
export interface HealthFacts {
  readonly status: WorkerStatus;
  readonly metrics: MetricsText;
}

/** A worker's metrics in Prometheus' text format. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

const PAGES: Readonly<Record<string, (facts: HealthFacts) => Page>> = {
  '/live': ({ status: { state } }) => jsonPage(state === 'failed' ? 503 : 200, { state }),
  '/ready': ({ status: { state, ready, reasons, handlers, outbox } }) => {
    const paused = pausedIn(handlers);
    return jsonPage(ready ? 200 : 503, {
      ...{ state, ready, reasons },
      ...(paused.length > 0 && { paused }),
      ...(outbox && { outbox }),
    });
  },
  '/metrics': ({ metrics: { contentType: type, text: body } }) => ({ status: 200, type, body }),
  '/status': ({ status }) => jsonPage(200, status),
  '/': ({ status }) => ({ status: 200, type: 'text/html; charset=utf-8', body: statusPage(status) }),
};

/**
 * The health port's paths for probes and programs, such as `/live` and `/metrics`. The path `/` isn't included, since
 * it is a page for people.
 */
export const PATHS = Object.keys(PAGES).filter((path) => path !== '/');

/** Makes the HTTP response to a request to the health port. @param path the URL's path, without its query */
export function answer(method: string, path: string, facts: HealthFacts): Page {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return jsonPage(404, { error: `there are ${PATHS.join(', ')} and the page at /` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  return page(facts);
}
