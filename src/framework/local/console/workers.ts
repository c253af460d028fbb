/** A worker, as whoever runs it describes it. */
export interface ConsoleWorker {
  readonly name: string;
  readonly state: string;
  readonly ready: boolean;
  /** Why it is not. */
  readonly reasons: readonly string[];
  readonly handlers: readonly {
    readonly name: string;
    readonly activityArn: string;
    readonly concurrency: number;
    readonly used: number;
    readonly running: number;
    readonly undelivered: number;
  }[];
  readonly tasks: readonly {
    readonly handler: string;
    readonly ageMs: number;
    readonly phase: string;
    readonly lastHeartbeatAt: number | undefined;
  }[];
  readonly counts: object;
}

/** Gives the workers that are known of, at this moment. */
export type WorkerSource = () => readonly ConsoleWorker[];

const TASKS_LISTED = 100;

/** The workers without what a page must not have (tokens) and what never stands still (ages to the millisecond). */
export function workerList(source: WorkerSource): object {
  return {
    workers: source().map(({ name, state, ready, reasons, handlers, tasks, counts }) => ({
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
      inFlight: tasks.length,
      tasks: tasks.slice(0, TASKS_LISTED).map(({ handler, ageMs, phase, lastHeartbeatAt }) => ({
        handler,
        seconds: Math.floor(ageMs / 1000),
        phase,
        lastHeartbeatAt: lastHeartbeatAt ?? null,
      })),
      counts,
    })),
  };
}
