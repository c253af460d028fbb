import type { HandlerStatus, TaskStatus, WorkerStatus } from '../../../base/worker-status.js';
import type { HandlerHold, WorkerHandler, WorkerList, WorkerRow, WorkerTask } from '../api.js';

/** A worker, as its process describes it: those fields of its `/status` that the console shows. */
export interface ConsoleWorker
  extends
    Pick<WorkerRow, 'name' | 'state' | 'ready' | 'reasons' | 'tasksInFlight'>,
    Partial<Pick<WorkerStatus, 'version' | 'startedAt' | 'drain' | 'ageMs'>>,
    Pick<WorkerRow, 'protection'> {
  /** The address of its health port. @default the worker is in a process that the service knows */
  readonly address?: string;
  readonly handlers: readonly ConsoleHandler[];
  /** The tasks that the worker has taken and not finished. If there are many, only the oldest of them. */
  readonly tasks: readonly ConsoleTask[];
  /** The worker's counters. The page shows those that are numbers. */
  readonly counts: object;
}

interface ConsoleHandler
  extends
    Pick<HandlerStatus, 'name' | 'activityArn' | 'concurrency' | 'used' | 'running' | 'undelivered'>,
    Pick<HandlerStatus, 'paused'> {
  readonly polls?: Pick<HandlerStatus['polls'], 'state'> & {
    readonly trouble?: { readonly kind: string; readonly since?: number } | undefined;
  };
}

interface ConsoleTask
  extends Pick<TaskStatus, 'handler' | 'ageMs'>, Partial<Pick<TaskStatus, 'lastHeartbeatAt' | 'progress'>> {
  readonly phase: string;
}

/** Returns the workers that are known now. */
export type WorkerSource = () => readonly ConsoleWorker[];

/** If there are at most this many workers, all are sent with their details. */
const FEW = 4;
/** The most tasks of a worker that are sent. */
const MOST_TASKS = 20;

/**
 * Returns the workers with only those fields that the page may see.
 * @param selected the key of the worker that has details, also if there are many workers. @default none
 */
export function workerList(source: WorkerSource, selected?: string): WorkerList {
  const workers = source();
  return {
    workers: workers.map((worker) => {
      const row = rowOf(worker);
      const isWanted = workers.length <= FEW || row.key === selected;
      return { ...row, ...(isWanted && { details: detailsOf(worker) }) };
    }),
  };
}

function rowOf(worker: ConsoleWorker): WorkerRow {
  const { name, state, ready, reasons, handlers, tasksInFlight, tasks, protection, ageMs, address } = worker;
  const { version, startedAt, drain } = worker;
  const [oldest] = tasks.toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    key: address ?? name,
    name,
    state,
    ready,
    reasons,
    tasksInFlight,
    ...(address !== undefined && { address }),
    ...(version !== undefined && { version }),
    ...(startedAt !== undefined && { startedAt }),
    ...(drain && { drain: { since: drain.since, graceUntil: drain.graceUntil } }),
    ...(ageMs !== undefined && { blockedSeconds: Math.floor(ageMs / 1000) }),
    ...(protection && { protection: protectionOf(protection) }),
    handlers: handlers.map(handlerOf),
    oldestTask: oldest ? workerTask(oldest) : null,
  };
}

/** Returns the protection without the reason for which a call failed, since that is the platform's own text. */
const protectionOf = ({ platform, state, since }: NonNullable<WorkerRow['protection']>) => ({
  platform,
  state,
  ...(since !== undefined && { since }),
});

function handlerOf(handler: ConsoleHandler): WorkerHandler {
  const { name, activityArn, concurrency, used, running, undelivered } = handler;
  const held = holdOf(handler);
  return { name, activityArn, concurrency, used, running, undelivered, ...(held && { held }) };
}

/** Returns why a handler takes no tasks; undefined if it takes them. */
function holdOf({ paused, polls }: ConsoleHandler): HandlerHold | undefined {
  if (paused) {
    const { by, since, until } = paused;
    return { by, since, ...(until !== undefined && { until }) };
  }
  if (!polls || polls.state === 'open') return undefined;
  const { kind = 'unanswered', since } = polls.trouble ?? {};
  return { by: 'waiting', failure: kind, ...(since !== undefined && { since }) };
}

const detailsOf = ({ tasks, counts }: ConsoleWorker): WorkerRow['details'] => ({
  tasks: tasks.slice(0, MOST_TASKS).map(workerTask),
  counts: numbersOf(counts),
});

function workerTask({ handler, ageMs, phase, lastHeartbeatAt, progress }: ConsoleTask): WorkerTask {
  return {
    handler,
    seconds: Math.floor(ageMs / 1000),
    phase,
    lastHeartbeatAt: lastHeartbeatAt ?? null,
    progress: progress ?? null,
  };
}

const numbersOf = (counts: object): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts).filter((each): each is [string, number] => typeof each[1] === 'number'),
  );
