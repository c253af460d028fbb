import { jsonPage, type Page } from './page-server.js';
import {
  MOST_TASKS,
  type PublicHandler,
  type PublicPause,
  type PublicStatus,
  type PublicTask,
} from '../../base/worker-status.js';
import type { HandlerStatus, TaskStatus, WorkerStatus } from '../observe/status.js';
import { plainReason } from '../observe/plain-reason.js';
import { tokenHash } from '../../base/token-hash.js';
import { pausedIn } from './paused.js';
import { statusPage } from './status-page.js';

/** The functions from which the health port gets what it shows: a worker's status and its metrics. */
export interface HealthSource {
  status(): PublicStatus;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function publicStatus({ tasks, handlers, ...status }: WorkerStatus): PublicStatus {
  return {
    ...status,
    handlers: handlers.map(publicHandler),
    tasks: oldestOf(tasks).map(publicTask),
    tasksInFlight: tasks.length,
  };
}

/**
 * Returns the public status, and adds the messages that handlers report with their progress. These may contain data of
 * tasks, so only pages in the worker's own process may show them.
 */
export function statusInWords(status: WorkerStatus): PublicStatus {
  const tasks = oldestOf(status.tasks).map((task) => ({
    ...publicTask(task),
    message: task.progress?.message,
  }));
  return { ...publicStatus(status), tasks };
}

const oldestOf = (tasks: readonly TaskStatus[]): TaskStatus[] =>
  tasks.toSorted((a, b) => b.ageMs - a.ageMs).slice(0, MOST_TASKS);

const publicTask = ({ token, handler, ageMs, phase, progress, lastHeartbeatAt }: TaskStatus): PublicTask => ({
  task: tokenHash(token),
  handler,
  ageMs,
  phase,
  progress: progress?.fraction,
  lastHeartbeatAt,
});

function publicHandler({ polls: { trouble, ...polls }, paused, ...rest }: HandlerStatus): PublicHandler {
  const handler = { ...rest, ...(paused && { paused: publicPause(paused) }) };
  if (!trouble) return { ...handler, polls };
  const { kind, error, since } = trouble;
  return { ...handler, polls: { ...polls, trouble: { kind, reason: plainReason(error), since } } };
}

/**
 * Returns a handler's pause for the public status. If a task has caused the pause, its reason is left out, since that
 * is the handler's own text and may contain data of tasks.
 */
function publicPause({ reason, ...pause }: NonNullable<HandlerStatus['paused']>): PublicPause {
  return pause.by === 'task' ? pause : { ...pause, reason };
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
