import type { HandlerStatus, WorkerStatus } from '../../base/worker-status.js';
import type { MetricsText } from '../observe/metrics/prometheus.js';
import { jsonPage, type Page } from './page-server.js';

/** What the pages of the health port show. It is plain data, so that it can be sent to another thread. */
export interface HealthFacts {
  readonly status: WorkerStatus;
  readonly metrics: MetricsText;
}

const PAGES: Readonly<Record<string, (facts: HealthFacts) => Page>> = {
  '/live': ({ status: { state } }) => jsonPage(state === 'failed' ? 503 : 200, { state }),
  '/ready': ({ status: { state, ready, reasons, handlers, heartbeats, outbox } }) => {
    const paused = pausedIn(handlers);
    return jsonPage(ready ? 200 : 503, {
      state,
      ready,
      reasons,
      ...(paused.length > 0 && { paused }),
      ...(heartbeats && { heartbeats }),
      ...(outbox && { outbox }),
    });
  },
  '/metrics': ({ metrics: { contentType: type, text: body } }) => ({ status: 200, type, body }),
  '/status': ({ status }) => jsonPage(200, status),
};

/** The paths of the health port. */
export const PATHS = Object.keys(PAGES);

/** Makes the HTTP response to a request to the health port. @param path the URL's path, without its query */
export function answer(method: string, path: string, facts: HealthFacts): Page {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return jsonPage(404, { error: `there are ${PATHS.join(', ')}` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  return page(facts);
}

/** Returns a sentence for each handler that is paused, for people. */
const pausedIn = (handlers: readonly HandlerStatus[]): string[] =>
  handlers.flatMap(({ name, paused }) => {
    if (!paused) return [];
    const { by, reason, until } = paused;
    const lasts = until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
    return `${name}: paused by ${PAUSED_BY[by]}${reason === undefined ? '' : ` (${reason})`}${lasts}`;
  });

const PAUSED_BY = { control: 'a person', task: 'one of its tasks' } as const;
