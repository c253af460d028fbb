/**
 * A worker's status: `worker.status()`, which `/status` of the health port shows word for word, and which the console
 * (the web page of the local service), the scaler and the command `dev` read. It contains no task token, no input and no
 * error text of the service. It is plain data, so that it can be sent to another thread or process. Times are epoch
 * milliseconds.
 */
export interface WorkerStatus {
  readonly name: string;
  /** The version of Stepwright. */
  readonly version: string;
  /** The time at which the worker was made. */
  readonly startedAt: number;
  readonly state: WorkerState;
  /** Present from the beginning of the drain on. */
  readonly drain?: DrainStatus | undefined;
  /** True while every handler can take tasks; otherwise `reasons` says why some can't. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly handlers: readonly HandlerStatus[];
  /** The tasks that have been in flight longest, at most {@link MOST_TASKS}. */
  readonly tasks: readonly TaskStatus[];
  /** The number of all tasks in flight, including those that `tasks` leaves out. */
  readonly tasksInFlight: number;
  readonly counts: Readonly<WorkerCounts>;
  /**
   * The state of the worker's protection: the platform (ECS or Kubernetes) can be asked not to stop the worker when it
   * scales in.
   * @default no protection is requested: the option `protect` is off, or no platform was detected
   */
  readonly protection?: ProtectionStatus | undefined;
  /** Present from the first heartbeat that fails until no heartbeat has failed for a while. */
  readonly heartbeats?: HeartbeatTrouble | undefined;
  /** The state of the outbox. @default there is none: the option `outbox` is off */
  readonly outbox?: OutboxStatus | undefined;
  /**
   * Present while the worker's event loop is blocked. All fields except `ready` and `reasons` are then this many
   * milliseconds old. @default all fields are current
   */
  readonly ageMs?: number;
}

/**
 * - `created`: the worker is made, but doesn't run yet.
 * - `running`: it polls and handles tasks.
 * - `draining`: it starts no new polls, and waits until its running tasks and open polls have ended.
 * - `stopped`: it has ended, and its last result was reported.
 * - `failed`: it was stopped by an error of its own, with which `run()` rejects.
 */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped' | 'failed';

/** The times of a drain, in which a worker finishes its tasks and takes no more. */
export interface DrainStatus {
  /** The time at which the drain began. */
  readonly since: number;
  /** The time until which running tasks may go on. After it, their signals abort. */
  readonly graceUntil: number;
}

/** The most tasks that a status lists. */
export const MOST_TASKS = 100;

export interface HandlerStatus {
  /** The handler's name, `Class.method`. */
  readonly name: string;
  readonly activityArn: string;
  readonly concurrency: number;
  /**
   * The number of slots in use. A slot is room for one task: an open poll uses one, and so does a task until its
   * handler has settled.
   */
  readonly used: number;
  /** The number of tasks whose handler has not settled. */
  readonly running: number;
  /**
   * The number of tasks whose handlers have settled, but whose results the service has not accepted yet. They don't
   * count towards the option `concurrency`.
   */
  readonly undelivered: number;
  readonly polls: PollStatus;
  /**
   * Present while the handler is paused, so that it takes no tasks. @default it takes tasks
   */
  readonly paused?: HandlerPause;
  readonly queue: QueueStatus;
}

/**
 * Facts about an activity's queue of waiting tasks, as far as a handler's polls have shown them. The command `scaler`
 * uses them to compute how many workers are needed.
 */
export interface QueueStatus {
  /**
   * The latest time at which the activity's queue is known to have been empty. It is known from a poll that the service
   * held open for a while before it answered: if a task had been waiting, the service would have answered at once.
   * Undefined until there was such a poll.
   */
  readonly emptyAt: number | undefined;
  /**
   * The start of the latest full minute that began with an empty queue. To find how many tasks wait, tasks can be
   * counted from that minute on, since none waited before. Undefined if no such minute is known.
   */
  readonly emptyMinuteAt: number | undefined;
  /** The start of the current minute, in which `begun[0]` tasks were received. */
  readonly minuteAt: number;
  /**
   * The number of tasks received in each minute. The current minute comes first, then the one before it, at most
   * {@link QUEUE_MINUTES} in all.
   */
  readonly begun: readonly number[];
}

/** The most minutes for which a status lists how many tasks were received in each. */
export const QUEUE_MINUTES = 30;

/** A pause of one handler: it takes no new tasks, but its running tasks go on. */
export interface HandlerPause {
  /**
   * The origin of the pause. `control`: the method `pause()` of the worker, or a request to its control socket. `task`:
   * a task of the handler, by `task.pauseHandler()`.
   */
  readonly by: 'control' | 'task';
  readonly since: number;
  /** The time at which the pause ends by itself; absent if it lasts until somebody ends it. */
  readonly until?: number;
  /** The reason of the pause. Absent if a task paused the handler, since its words may contain data of the task. */
  readonly reason?: string;
}

/**
 * - `throttled`: the service refuses the poll because of too many calls.
 * - `crowded`: too many polls are open on the activity, including those of other workers.
 * - `refused`: the activity doesn't exist, access is denied, or credentials are missing. A person has to fix that.
 * - `unreachable`: the network fails, or the service itself has an error.
 * - `unhealthy`: the poll wasn't sent, since a check of this machine failed just before.
 */
export type PollFailure = 'throttled' | 'crowded' | 'refused' | 'unreachable' | 'unhealthy';

export interface PollStatus {
  /** The number of polls that are open. */
  readonly open: number;
  /** The number of polls that may be open at present. */
  readonly target: number;
  /**
   * `open`: the service answers polls. If it doesn't, the state alternates: `waiting` until the next attempt is due,
   * and `probing` while one poll is open to find out if the service answers again.
   */
  readonly state: 'open' | 'waiting' | 'probing';
  /** The time at which the service last answered a poll; undefined before the first answer. */
  readonly lastAnswerAt: number | undefined;
  /**
   * The time since which the service has held a poll open, on an established and trusted connection. It shows that the
   * service accepts polls. Undefined if no poll is held open.
   */
  readonly heldSince: number | undefined;
  /**
   * True if a poll failed after the service had held it open for 2 s or longer, and no poll has got a response since.
   */
  readonly heldInVain: boolean;
  /**
   * The reason for which polls fail. Present from the first failed poll on. It is removed when no poll has failed for a
   * while or, if no poll got through, as soon as polls are answered again.
   */
  readonly trouble?:
    | { readonly kind: PollFailure; readonly reason: string; readonly since: number }
    | undefined;
}

export interface TaskStatus {
  /** The hash of the task's token, which log lines show too. */
  readonly task: string;
  readonly handler: string;
  readonly ageMs: number;
  readonly phase: TaskPhase;
  /** The time of the last accepted heartbeat; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
  /** A fraction from 0 to 1; undefined while the handler has reported no progress. */
  readonly progress: number | undefined;
}

/**
 * - `handling`: the handler runs, and it isn't decided yet what will be reported.
 * - `reporting`: the result or failure is being reported. The handler may still be running, if it missed its deadline
 *   for example.
 * - `settling`: nothing is left to report, but the handler still runs, and so still counts towards `concurrency`.
 * - `done`: nothing is left to do.
 */
export type TaskPhase = 'handling' | 'reporting' | 'settling' | 'done';

/** The platforms that can be asked not to stop a worker when they scale in (reduce the number of containers). */
export type PlatformName = 'ecs' | 'kubernetes';

/**
 * - `free`: no task has run for as long as the option `protectAfter`, and the platform doesn't protect the worker.
 * - `wanted`: a task has run for that long, and the platform has not granted protection yet.
 * - `held`: the platform protects the worker: it doesn't stop it when it scales in.
 */
export type ProtectionState = 'free' | 'wanted' | 'held';

export interface ProtectionStatus {
  readonly platform: PlatformName;
  readonly state: ProtectionState;
  /** The time since which the platform has protected the worker; absent if it doesn't. */
  readonly since?: number;
  /** The reason for which the last call to the platform failed; absent if it succeeded. */
  readonly reason?: string;
}

/** Heartbeats that fail: tasks whose states have `HeartbeatSeconds` are lost if it goes on. */
export interface HeartbeatTrouble {
  /** The time of the first heartbeat that failed. */
  readonly since: number;
  /** The reason for which the last one failed. */
  readonly reason: string;
}

/** The state of the outbox, which keeps outcomes until the service has accepted them. */
export interface OutboxStatus {
  /** False while the store doesn't take outcomes, so that reports are sent without being kept. */
  readonly keeps: boolean;
  /** The number of the worker's outcomes that are in the store and not accepted yet. */
  readonly waiting: number;
  /** The milliseconds since the oldest outcome was decided that is in the store and not accepted; 0 if there is none. */
  readonly oldestMs: number;
}

/** Numbers of events since the worker was made, as they are before the first event. */
export const NO_COUNTS = {
  received: 0,
  succeeded: 0,
  failed: 0,
  gone: 0,
  /**
   * The number of tasks, included in `gone`, whose result the service most likely accepted: an earlier attempt to
   * report the result got no answer, and the next attempt found the task ended.
   */
  probablyDelivered: 0,
  ignoredAborts: 0,
  reportsRetried: 0,
  reportsLost: 0,
  /** Tasks that their handlers deferred. */
  deferred: 0,
  /** The number of outcomes that were put into the outbox. */
  outcomesKept: 0,
  /** The number of outcomes whose reports were sent without being in the outbox, or before that. */
  outcomesUnkept: 0,
  /** The number of outcomes that another worker had left, and that the service accepted from this one. */
  outcomesRescued: 0,
  /** The number of outcomes that another worker had left, and whose tasks the service no longer wanted. */
  outcomesLate: 0,
  tokensPossiblyLost: 0,
};

/** Numbers of events since the worker was made. */
export type WorkerCounts = typeof NO_COUNTS;
