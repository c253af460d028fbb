import type { PublicTask } from '../../../base/worker-status.js';
import type { WorkerList, WorkerRow, WorkerTask } from '../api.js';

/** A worker, as its process describes it: those fields of its `/status` that the console shows. */
export interface ConsoleWorker extends Omit<WorkerRow, 'tasks' | 'counts'> {
  /** The tasks that the worker has taken and not finished. If there are many, only the oldest of them. */
  readonly tasks: readonly ConsoleTask[];
  /** The worker's counters. The page shows those that are numbers. */
  readonly counts: object;
}

interface ConsoleTask
  extends
    Pick<PublicTask, 'handler' | 'ageMs' | 'message'>,
    Partial<Pick<PublicTask, 'lastHeartbeatAt' | 'progress'>> {
  readonly phase: string;
}

/** Returns the workers that are known now. */
export type WorkerSource = () => readonly ConsoleWorker[];

/** Returns the workers with only those fields that the page may see. */
export function workerList(source: WorkerSource): WorkerList {
  return {
    workers: source().map(({ name, state, ready, reasons, handlers, tasksInFlight, tasks, counts }) => ({
      name,
      state,
      ready,
      reasons,
      handlers: handlers.map(({ name, activityArn, concurrency, used, running, undelivered }) => ({
        name,
        activityArn,
        concurrency,
        used,
        running,
        undelivered,
      })),
      tasksInFlight,
      tasks: tasks.map(workerTask),
      counts: numbersOf(counts),
    })),
  };
}

function workerTask({ handler, ageMs, phase, lastHeartbeatAt, progress, message }: ConsoleTask): WorkerTask {
  return {
    handler,
    seconds: Math.floor(ageMs / 1000),
    phase,
    lastHeartbeatAt: lastHeartbeatAt ?? null,
    progress: progress ?? null,
    message: message ?? null,
  };
}

const numbersOf = (counts: object): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts).filter((each): each is [string, number] => typeof each[1] === 'number'),
  );
