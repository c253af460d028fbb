/**
 * A worker's status for readers outside of its process: `/status` of the health port, the console, a set of processes.
 * Holds no token and no input, and of an error no text of the service. Plain data, which can be sent to another thread
 * or process and read by a page. Instants are epoch milliseconds.
 */
export interface PublicStatus {
  readonly name: string;
  readonly state: WorkerState;
  /** True while every handler can take tasks; otherwise `reasons` says why some can't. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly handlers: readonly PublicHandler[];
  /** The oldest tasks in flight, {@link MOST_TASKS} at most. */
  readonly tasks: readonly PublicTask[];
  /** The number of all tasks in flight, those that `tasks` leaves out included. */
  readonly tasksInFlight: number;
  readonly counts: Readonly<WorkerCounts>;
  /**
   * The age of all fields but `ready` and `reasons`, in milliseconds, where the event loop is blocked.
   * @default they are current
   */
  readonly ageMs?: number;
  /** The processes of a set, all of which the other fields then cover. @default one process */
  readonly processes?: readonly ProcessStatus[];
}

/**
 * - `created`: made and checked; nothing runs.
 * - `running`: polls and works.
 * - `draining`: starts no new poll; running tasks and open polls come to their end.
 * - `stopped`: the last report has left.
 * - `failed`: stopped by an error of its own; `run()` rejects with it.
 */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped' | 'failed';

/** The most tasks that a status lists. */
export const MOST_TASKS = 100;

export interface PublicHandler {
  /** `Class.method`. */
  readonly name: string;
  readonly activityArn: string;
  readonly concurrency: number;
  /** The number of slots in use, by handlers that have not settled and by open polls. */
  readonly used: number;
  /** The number of tasks whose handler has not settled. */
  readonly running: number;
  /**
   * The number of outcomes that the service has not accepted yet and whose handlers have settled. They hold no slot.
   */
  readonly undelivered: number;
  readonly polls: PublicPolls;
  readonly queue: PublicQueue;
}

/** The facts about an activity's queue that the polls of a handler prove, for the scaler of a fleet. */
export interface PublicQueue {
  /**
   * The latest time at which the service held a poll that it then answered: nothing waited for a worker at that time.
   * Undefined before the first.
   */
  readonly emptyAt: number | undefined;
  /** The latest full minute at whose beginning such a poll was held. Counts of minutes can be compared from there. */
  readonly emptyMinuteAt: number | undefined;
  /** The beginning of the minute that `begun[0]` counts. */
  readonly minuteAt: number;
  /** The number of tasks received in each minute, the newest first, {@link QUEUE_MINUTES} at most. */
  readonly begun: readonly number[];
}

/** The number of minutes for which a handler tells how many tasks it received. */
export const QUEUE_MINUTES = 30;

export interface PublicPolls {
  /** The number of polls that are open. */
  readonly open: number;
  /** The number of polls that may be open now. */
  readonly target: number;
  /** `open`; or `waiting` and `probing`, by turns, while no poll gets through. */
  readonly state: 'open' | 'waiting' | 'probing';
  /** The time of the service's last answer to a poll; undefined before the first. */
  readonly lastAnswerAt: number | undefined;
  /**
   * The time since which the service has held a poll that it could have refused, on an established and trusted
   * connection.
   */
  readonly heldSince: number | undefined;
  /** True where a poll was held for 2 s or longer and then failed, and no poll has been answered since. */
  readonly heldInVain: boolean;
  /**
   * Why polls fail. Present from the first failed poll until no poll has failed for a while, or until polls that were
   * blocked are answered again.
   */
  readonly trouble?: { readonly kind: string; readonly reason: string; readonly since: number };
}

export interface PublicTask {
  /** The hash of the task's token, as in the log. */
  readonly task: string;
  readonly handler: string;
  readonly ageMs: number;
  readonly phase: TaskPhase;
  /** The time of the last accepted heartbeat; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
  /** From 0 to 1; undefined while the handler has reported no progress. */
  readonly progress: number | undefined;
  /** The handler's own words about its progress. Only the process that runs the worker shows them. */
  readonly message?: string | undefined;
}

/**
 * - `handling`: the handler runs and nothing is decided.
 * - `reporting`: an outcome is decided and is being reported; the handler may have settled.
 * - `settling`: nothing is left to send, but the handler still runs and holds its slot.
 * - `done`: nothing is left.
 */
export type TaskPhase = 'handling' | 'reporting' | 'settling' | 'done';

/** One process of a set. */
export interface ProcessStatus {
  /** Numbers begin at 1. A process that replaces another has its number. */
  readonly number: number;
  readonly pid: number | undefined;
  /** The name of the process's worker; undefined before the worker runs. */
  readonly worker: string | undefined;
  readonly state: WorkerState;
  readonly ready: boolean;
  readonly tasksInFlight: number;
  /** The number of times that a process of this number had to be replaced because it exited. Reloads do not count. */
  readonly restarts: number;
}

/** Counts since the worker was made. */
export interface WorkerCounts {
  received: number;
  succeeded: number;
  failed: number;
  gone: number;
  /** The number of tasks among `gone` whose result was most likely accepted. */
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
