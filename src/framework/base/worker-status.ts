/**
 * A worker's status for readers outside its process: `/status` of the health port, the console, a set of processes. It
 * contains no token and no input, and no error text of the service. It is plain data, so it can be sent to another
 * thread or process and be read by a page. Times are epoch milliseconds.
 */
export interface PublicStatus {
  readonly name: string;
  readonly state: WorkerState;
  /** True while every handler can take tasks; otherwise `reasons` says why some can't. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly handlers: readonly PublicHandler[];
  /** The tasks that have been in flight longest, at most {@link MOST_TASKS}. */
  readonly tasks: readonly PublicTask[];
  /** The number of all tasks in flight, including those that `tasks` leaves out. */
  readonly tasksInFlight: number;
  readonly counts: Readonly<WorkerCounts>;
  /** The protection from the platform's scale-in. @default none is asked for: `protect` is off, or no platform is seen */
  readonly protection?: ProtectionStatus;
  /**
   * Present while the event loop is blocked: the age, in milliseconds, of all fields except `ready` and `reasons`.
   * @default all fields are current
   */
  readonly ageMs?: number;
  /** The processes of a set. If present, the other fields add up all of these processes. @default one process */
  readonly processes?: readonly ProcessStatus[];
}

/**
 * - `created`: made and checked; nothing runs.
 * - `running`: polls and works.
 * - `draining`: starts no new poll; waits for running tasks and open polls to end.
 * - `stopped`: has ended; the last report was sent.
 * - `failed`: stopped by an error of its own; `run()` rejects with it.
 */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped' | 'failed';

/** The most tasks that a status lists. */
export const MOST_TASKS = 100;

export interface PublicHandler {
  /** The handler's name, `Class.method`. */
  readonly name: string;
  readonly activityArn: string;
  readonly concurrency: number;
  /** The number of slots in use, by open polls and by tasks whose handlers have not settled. */
  readonly used: number;
  /** The number of tasks whose handler has not settled. */
  readonly running: number;
  /**
   * The number of tasks whose handlers have settled but whose outcomes the service has not accepted yet. They use no
   * slot.
   */
  readonly undelivered: number;
  readonly polls: PublicPolls;
  /** Why the handler takes no task, or one at most. @default it takes tasks */
  readonly paused?: PublicPause;
  readonly queue: PublicQueue;
}

/**
 * What the polls of a handler show about its activity's queue of waiting tasks. It is used to scale the number of
 * workers.
 */
export interface PublicQueue {
  /**
   * The latest time at which the activity's queue is known to have been empty. A poll that the service held open,
   * before it answered, shows that: if a task had been waiting, the service would have answered at once. Undefined
   * before the first such poll was answered.
   */
  readonly emptyAt: number | undefined;
  /**
   * The latest full minute at whose beginning the queue is known to have been empty. Counts of tasks per minute can be
   * compared from that minute on. Undefined if there is none.
   */
  readonly emptyMinuteAt: number | undefined;
  /** The beginning of the minute that `begun[0]` is about. */
  readonly minuteAt: number;
  /**
   * The number of tasks received in each minute. The current minute is first; there are at most {@link QUEUE_MINUTES}.
   */
  readonly begun: readonly number[];
}

/** The number of minutes for which a status says how many tasks were received. */
export const QUEUE_MINUTES = 30;

/** A pause of one handler. Its running tasks go on. */
export interface PublicPause {
  /** `control`: by `pause()` or the control socket; `task`: by `task.pauseHandler()`; `breaker`: by its own breaker. */
  readonly by: 'control' | 'task' | 'breaker';
  readonly since: number;
  /** The time at which it ends by itself; absent where it does not. */
  readonly until?: number;
  /** Absent where a task gave it: those are the handler's own words. */
  readonly reason?: string;
}

export interface PublicPolls {
  /** The number of polls that are open. */
  readonly open: number;
  /** The number of polls that may be open at present. */
  readonly target: number;
  /**
   * `open` while polls are answered. While none is, it alternates between `waiting` for the next attempt and `probing`
   * with one poll.
   */
  readonly state: 'open' | 'waiting' | 'probing';
  /** The time at which the service last answered a poll; undefined before the first answer. */
  readonly lastAnswerAt: number | undefined;
  /**
   * The time since which the service has held a poll open instead of refusing it, on an established and trusted
   * connection. Undefined if there is no such poll.
   */
  readonly heldSince: number | undefined;
  /** True if a poll failed after it had been held for 2 s or longer, and no poll has been answered since. */
  readonly heldInVain: boolean;
  /**
   * The reason for which polls fail. Present from the first failed poll on. It is removed when no poll has failed for a
   * while or, if no poll got through, as soon as polls are answered again.
   */
  readonly trouble?: { readonly kind: string; readonly reason: string; readonly since: number };
}

export interface PublicTask {
  /** The hash of the task's token, which log lines show too. */
  readonly task: string;
  readonly handler: string;
  readonly ageMs: number;
  readonly phase: TaskPhase;
  /** The time of the last accepted heartbeat; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
  /** A fraction from 0 to 1; undefined while the handler has reported no progress. */
  readonly progress: number | undefined;
  /** The handler's own message about its progress. It is shown only by the process that runs the worker. */
  readonly message?: string | undefined;
}

/**
 * - `handling`: the handler runs and no outcome is decided.
 * - `reporting`: an outcome is decided and is being reported. The handler may still be running.
 * - `settling`: nothing is left to report, but the handler still runs and uses its slot.
 * - `done`: nothing is left to do.
 */
export type TaskPhase = 'handling' | 'reporting' | 'settling' | 'done';

/** The platforms that can be asked to leave a worker alone while they scale in. */
export type PlatformName = 'ecs' | 'kubernetes';

/**
 * - `free`: no task has run for `protectAfter`, and nothing is held.
 * - `wanted`: one has, and the platform has not granted protection.
 * - `held`: the platform leaves the worker alone.
 */
export type ProtectionState = 'free' | 'wanted' | 'held';

export interface ProtectionStatus {
  readonly platform: PlatformName;
  readonly state: ProtectionState;
  /** The time since which it has been held; absent where it is not. */
  readonly since?: number;
  /** Why the last call failed; absent where it succeeded. */
  readonly reason?: string;
}

/** One process of a set that runs the same worker. */
export interface ProcessStatus {
  /** Processes are numbered from 1. A process that replaces another gets the same number. */
  readonly number: number;
  readonly pid: number | undefined;
  /** The name of the process's worker; undefined before the worker runs. */
  readonly worker: string | undefined;
  readonly state: WorkerState;
  readonly ready: boolean;
  readonly tasksInFlight: number;
  /**
   * The number of times that the process with this number was replaced because it had exited. Reloads aren't included.
   */
  readonly restarts: number;
}

/** Numbers of events since the worker was made. */
export interface WorkerCounts {
  received: number;
  succeeded: number;
  failed: number;
  gone: number;
  /** The number of tasks among `gone` whose result the service most likely accepted. */
  probablyDelivered: number;
  ignoredAborts: number;
  reportsRetried: number;
  reportsLost: number;
  tokensPossiblyLost: number;
}

export const NO_COUNTS: Readonly<WorkerCounts> = {
  received: 0,
  succeeded: 0,
  failed: 0,
  gone: 0,
  probablyDelivered: 0,
  ignoredAborts: 0,
  reportsRetried: 0,
  reportsLost: 0,
  tokensPossiblyLost: 0,
};
