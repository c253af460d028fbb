/**
 * A worker's status as others see it: `/status` of the health port, the console, and a set of processes. It holds no
 * token and no input, and of an error nothing that the service worded. Plain data, which can be sent to another thread
 * or process and read by a page. Instants are epoch milliseconds.
 */
export interface PublicStatus {
  readonly name: string;
  readonly state: WorkerState;
  /** True while every handler can take tasks; `reasons` say why one can not. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly handlers: readonly PublicHandler[];
  /** The oldest tasks first, {@link MOST_TASKS} at most. */
  readonly tasks: readonly PublicTask[];
  /** The number of all tasks in flight. */
  readonly tasksInFlight: number;
  readonly counts: Readonly<WorkerCounts>;
  /** The processes of a set. All other fields are then sums over them. @default one process */
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
  /** Slots in use: handlers that have not settled, and open polls. */
  readonly used: number;
  /** Handlers that have not settled. */
  readonly running: number;
  /** Outcomes of settled handlers that the service has not accepted yet. They hold no slot. */
  readonly undelivered: number;
  readonly polls: PublicPolls;
}

export interface PublicPolls {
  /** Polls that are open. */
  readonly open: number;
  /** The most polls that may be open now. */
  readonly target: number;
  /** `open`; or `waiting` and `probing`, by turns, while no poll gets through. */
  readonly state: 'open' | 'waiting' | 'probing';
  /** The service's last answer to a poll. */
  readonly lastAnswerAt: number | undefined;
  /** Since then the service has held a poll that it could have refused, on an established and trusted connection. */
  readonly heldSince: number | undefined;
  /** A poll was held for 2 s or longer and then failed, and none has been answered since. */
  readonly heldInVain: boolean;
  /** From the first failure until none has failed for a while, or until what was blocked is answered again. */
  readonly trouble?: { readonly kind: string; readonly reason: string; readonly since: number };
}

export interface PublicTask {
  /** The hash of its token, as in the log. */
  readonly task: string;
  readonly handler: string;
  readonly ageMs: number;
  readonly phase: TaskPhase;
  /** The last accepted heartbeat; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
  /** From 0 to 1; undefined while its handler has said nothing of it. */
  readonly progress: number | undefined;
  /** The handler's own words on its progress. Shown only by the process that runs the worker. */
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
  /** From 1. A process that replaces another keeps its number. */
  readonly number: number;
  readonly pid: number | undefined;
  /** The name of its worker; undefined before it runs. */
  readonly worker: string | undefined;
  readonly state: WorkerState;
  readonly ready: boolean;
  readonly tasksInFlight: number;
  /** The number of processes that had to replace one that exited. Reloads do not count. */
  readonly restarts: number;
}

/** Counts since the worker was made. */
export interface WorkerCounts {
  received: number;
  succeeded: number;
  failed: number;
  gone: number;
  /** Of those gone, the ones whose result was most likely accepted. */
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
