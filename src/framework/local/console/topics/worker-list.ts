/** A worker, as whoever runs it describes it: what its health port shows, without tokens. */
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
  /** All that are in flight; `tasks` may hold the oldest only. */
  readonly tasksInFlight: number;
  readonly tasks: readonly {
    readonly handler: string;
    readonly ageMs: number;
    readonly phase: string;
    readonly lastHeartbeatAt?: number | undefined;
    /** From 0 to 1; undefined where it says nothing of it. */
    readonly progress?: number | undefined;
    /** A few words of its handler on how far it is. */
    readonly message?: string | undefined;
  }[];
  readonly counts: object;
}

/** Gives the workers that are known of, at this moment. */
export type WorkerSource = () => readonly ConsoleWorker[];

/**
 * The workers, field by field: nothing reaches a page that is not named here. Ages are in whole seconds, so that a task
 * that merely grows older is told of once a second and not ten times.
 */
export function workerList(source: WorkerSource): object {
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
      tasks: tasks.map(({ handler, ageMs, phase, lastHeartbeatAt, progress, message }) => ({
        handler,
        seconds: Math.floor(ageMs / 1000),
        phase,
        lastHeartbeatAt: lastHeartbeatAt ?? null,
        progress: progress ?? null,
        message: message ?? null,
      })),
      counts: Object.fromEntries(Object.entries(counts).filter(([, n]) => typeof n === 'number')),
    })),
  };
}
