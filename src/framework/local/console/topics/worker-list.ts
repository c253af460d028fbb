import type { PublicHandler, PublicStatus, PublicTask } from '../../../base/worker-status.js';

/** A worker as the process that runs it describes it: the part of its `/status` that a console shows. */
export interface ConsoleWorker extends Pick<PublicStatus, 'name' | 'ready' | 'reasons' | 'tasksInFlight'> {
  /** A `WorkerState`, or any other word where no worker can be asked. */
  readonly state: string;
  readonly handlers: readonly Omit<PublicHandler, 'polls'>[];
  /** May hold the oldest tasks only. */
  readonly tasks: readonly ConsoleTask[];
  /** Only its numbers are shown. */
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

/** The topic of the workers, as the page receives it. */
export interface WorkerList {
  readonly workers: readonly WorkerRow[];
}

export interface WorkerRow extends Omit<ConsoleWorker, 'tasks' | 'counts'> {
  readonly tasks: readonly WorkerTaskRow[];
  readonly counts: Readonly<Record<string, number>>;
}

interface WorkerTaskRow extends Pick<PublicTask, 'handler'> {
  readonly phase: string;
  /** Its age in whole seconds, so that a task that merely grows older is sent once a second and not ten times. */
  readonly seconds: number;
  /** Epoch milliseconds. */
  readonly lastHeartbeatAt: number | null;
  readonly progress: number | null;
  readonly message: string | null;
}

/** Lists the workers field by field: no field reaches a page that is not named here. */
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
      tasks: tasks.map(taskRow),
      counts: Object.fromEntries(Object.entries(counts).filter(([, n]) => typeof n === 'number')),
    })),
  };
}

const taskRow = ({
  handler,
  ageMs,
  phase,
  lastHeartbeatAt,
  progress,
  message,
}: ConsoleTask): WorkerTaskRow => ({
  handler,
  seconds: Math.floor(ageMs / 1000),
  phase,
  lastHeartbeatAt: lastHeartbeatAt ?? null,
  progress: progress ?? null,
  message: message ?? null,
});
