import { jsonPage, type Page } from './page-server.js';
import {
  MOST_TASKS,
  type PublicHandler,
  type PublicStatus,
  type PublicTask,
} from '../../base/worker-status.js';
import type { HandlerStatus, TaskStatus, WorkerStatus } from '../observe/status.js';
import { plainReason } from '../observe/plain-reason.js';
import { tokenHash } from '../../base/token-hash.js';
import { statusPage } from './status-page.js';

/** Returns what the health port shows. */
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
 * Returns the public status, with the messages in which handlers describe their progress. Only for a page of the
 * process that runs the worker.
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

function publicHandler({ polls: { trouble, ...polls }, ...handler }: HandlerStatus): PublicHandler {
  if (!trouble) return { ...handler, polls };
  const { kind, error, since } = trouble;
  return { ...handler, polls: { ...polls, trouble: { kind, reason: plainReason(error), since } } };
}

type Teller = (source: HealthSource) => Page | Promise<Page>;

const PAGES: Readonly<Record<string, Teller>> = {
  '/live': (source) => {
    const { state } = source.status();
    return jsonPage(state === 'failed' ? 503 : 200, { state });
  },
  '/ready': (source) => {
    const { state, ready, reasons } = source.status();
    return jsonPage(ready ? 200 : 503, { state, ready, reasons });
  },
  '/metrics': async (source) => {
    const { contentType, text } = await source.metrics();
    return { status: 200, type: contentType, body: text };
  },
  '/status': (source) => jsonPage(200, source.status()),
  '/': (source) => ({ status: 200, type: 'text/html; charset=utf-8', body: statusPage(source.status()) }),
};

/** The paths for probes and programs. They are all paths except `/`, which is a page for people. */
export const PATHS = Object.keys(PAGES).filter((path) => path !== '/');

/** Makes the page that answers a request to the health port. @param path the URL's path, without its query */
export async function answer(method: string, path: string, source: HealthSource): Promise<Page> {
  const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
  if (!page) return jsonPage(404, { error: `there are ${PATHS.join(', ')} and the page at /` });
  if (method !== 'GET' && method !== 'HEAD') return jsonPage(405, { error: 'there is only GET' });
  return page(source);
}
