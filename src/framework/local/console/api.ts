import type {
  ProtectionStatus,
  HandlerStatus,
  HandlerPause,
  WorkerStatus,
  TaskStatus,
} from '../../base/worker-status.js';
import type { HistoryEvent } from '../view/history-event.js';

export type { HistoryEvent };

/**
 * The types of what the console's server and its web page send to each other: the topics that a browser tab can follow,
 * the queries, and the commands. Both sides import these types, so a field that is renamed on one side only doesn't
 * compile on the other.
 *
 * This file must not import anything from Node, since the page is compiled for the browser. Times are epoch
 * milliseconds. A field that is `undefined` is absent in the JSON that is sent.
 */

/**
 * The topics that a page of the console can subscribe to, by name. A subscriber first receives a snapshot of the topic,
 * and then a message for each change of it.
 */
export interface Topics {
  readonly machines: { readonly snapshot: MachineList; readonly change: never };
  /** The executions of one machine. If the tab gives no ARN, those of all machines. */
  readonly executions: { readonly snapshot: ExecutionListUpdate; readonly change: ExecutionListUpdate };
  readonly execution: {
    readonly snapshot: ExecutionFacts & ExecutionUpdate;
    readonly change: ExecutionUpdate;
  };
  readonly activities: { readonly snapshot: ActivityList; readonly change: never };
  /** The tasks of each activity over the time that the service has been up. It is sent at most once a second. */
  readonly traffic: { readonly snapshot: TrafficList; readonly change: never };
  /** All workers. If the tab gives the `key` of one in place of an ARN, that one has details. */
  readonly workers: { readonly snapshot: WorkerList; readonly change: never };
}

export type TopicName = keyof Topics;

/** The field that is in every message of every topic. */
export interface MessageStamp {
  /** The time on the service's clock when the message was sent. */
  readonly now: number;
  /** The seconds of that time that pass in a real second. @default 1 */
  readonly scale?: number;
}

/** A topic that a browser's stream is to send. */
export interface FollowedTopic {
  /** Stands in the ids of the topic's messages: `NAME:POSITION`. */
  readonly name: string;
  readonly topic: string;
  /** The ARN of the machine or the execution, or the key of a worker. Undefined for all of them. */
  readonly arn?: string | undefined;
  /** The position in the last message that the window has received. */
  readonly seen?: string | undefined;
}

/** The reason why a topic can't be followed. */
export interface TopicRefusal extends ErrorAnswer {
  readonly name: string;
}

/** The queries by name: `GET /console/api/NAME?…`. A query changes nothing in the service. */
export interface Queries {
  /** The published versions of a machine, the newest first. */
  readonly versions: {
    readonly query: { readonly arn: string };
    readonly answer: { readonly versions: readonly VersionRow[] };
  };
  readonly event: {
    readonly query: { readonly execution: string; readonly id: string };
    readonly answer: EventWithData;
  };
  /** The input of a machine's latest execution; null if the machine has no execution. */
  readonly lastInput: {
    readonly query: { readonly machine: string };
    readonly answer: { readonly input: string | null };
  };
  /**
   * The tasks of an execution whose tokens were given out and that wait for a result: those that a worker has, deferred
   * ones included, and those of `.waitForTaskToken` states. Their tokens complete them.
   */
  readonly openTasks: {
    readonly query: { readonly execution: string };
    readonly answer: { readonly tasks: readonly OpenTaskRow[] };
  };
  /** The JSON Schema of the input of an activity's handler, and an example of one; null if the service knows none. */
  readonly handlerInput: {
    readonly query: { readonly activity: string };
    readonly answer: {
      readonly schema: Readonly<Record<string, unknown>> | null;
      readonly example: string | null;
    };
  };
  /**
   * An execution that has ended, as the source of a test. @throws ServiceError if it is running, or can't be written as
   * a test
   */
  readonly test: {
    readonly query: { readonly execution: string };
    readonly answer: { readonly source: string };
  };
  /**
   * The log lines of an attempt, from the line with a number on; the first line is number 0. The oldest may be missing,
   * since only the latest are kept: `first` is the number of the first line in the answer.
   */
  readonly taskLog: {
    readonly query: { readonly execution: string; readonly scheduledId: string; readonly from: string };
    readonly answer: { readonly first: number; readonly lines: readonly TaskLine[] };
  };
  /**
   * The kept executions that fit a filter, the latest first. A field that is empty fits each of them. `status` may be
   * `KEPT` for those that a person keeps. `name`, `error` and `input` are parts of it: of the name, of the error's name or
   * cause, of the text of the input. `since` is the earliest start.
   */
  readonly findExecutions: {
    readonly query: {
      readonly machine: string;
      readonly status: string;
      readonly name: string;
      readonly error: string;
      readonly input: string;
      readonly since: string;
    };
    readonly answer: {
      /** The latest of those that were found. */
      readonly rows: readonly ExecutionTuple[];
      readonly total: number;
      /** The number of executions among which they were found. */
      readonly of: number;
    };
  };
  /**
   * The latest executions that an execution has started, at most `most`. `parent` is the ARN of the execution, for its
   * nested executions, or of a Map Run. An empty `status` or `state` fits each of them.
   */
  readonly children: {
    readonly query: {
      readonly parent: string;
      readonly status: string;
      readonly state: string;
      readonly most: string;
    };
    readonly answer: {
      readonly rows: readonly ExecutionTuple[];
      /** The number of all kept children in each status. */
      readonly counts: ExecutionCounts;
      /** True if older ones fit too. */
      readonly hasMore: boolean;
    };
  };
}

export type QueryName = keyof Queries;

/** The commands by name: `POST /console/api/NAME`. So is each operation of the Step Functions API, as AWS documents it. */
export interface Commands {
  /**
   * Takes the oldest queued task of an activity for the person who uses the page, like a worker's GetActivityTask. With
   * `execution` and `scheduledId` takes the one that this execution scheduled by that event.
   */
  readonly TakeTask: {
    readonly request: {
      readonly activityArn: string;
      readonly execution?: string;
      readonly scheduledId?: number;
    };
    readonly answer: TakenTask | NothingQueued;
  };
  /**
   * Sets the topics that a browser's stream sends: those that it sends already go on, new ones begin with a snapshot or
   * after `seen`, and others end. `instance` is another number after a restart of the service.
   */
  readonly Follow: {
    readonly request: { readonly stream: string; readonly topics: readonly FollowedTopic[] };
    readonly answer: { readonly instance: number; readonly refused: readonly TopicRefusal[] };
  };
  /** Checks a definition without creating a machine. */
  readonly CheckDefinition: {
    readonly request: { readonly definition: string };
    readonly answer: { readonly problems: readonly DefinitionProblem[] };
  };
  /** Starts an execution that begins in a state, with the variables of an earlier one. Only the local service has it. */
  readonly 'StepwrightLocal.StartExecutionFrom': {
    readonly request: { readonly executionArn: string; readonly state: string; readonly input: string };
    readonly answer: { readonly executionArn: string };
  };
}

export type CommandName = keyof Commands;

/** The body of a response that reports an error. */
export interface ErrorAnswer {
  readonly error: string;
  readonly message: string;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface MachineList {
  readonly machines: readonly MachineRow[];
}

export interface MachineRow {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  /** The number of changes of its definition, its role and its settings. */
  readonly revision: number;
  /** True if the machine was deleted but still has a running execution. */
  readonly deleting: boolean;
  /** The activities that the machine's Task states use. `exists` is false if an activity hasn't been created. */
  readonly activities: readonly { readonly arn: string; readonly exists: boolean }[];
  /** The number of the machine's executions in each status. */
  readonly counts: ExecutionCounts;
  /** The latest execution; absent if the service keeps none. */
  readonly last?: {
    readonly name: string;
    readonly status: ExecutionStatus;
    readonly startedAt: number;
    readonly endedAt: number | null;
  };
}

/** A published version of a machine. */
export interface VersionRow {
  readonly number: number;
  readonly arn: string;
  readonly createdAt: number;
  readonly description: string | undefined;
  /** True if the machine hasn't changed since. */
  readonly isCurrent: boolean;
}

/**
 * A message of the topic `executions`. A snapshot contains all executions; a change contains those that were started or
 * have ended since the previous message. The latest comes first.
 */
export interface ExecutionListUpdate {
  readonly rows: readonly ExecutionTuple[];
  /** The number of older executions that were left out of the message. */
  readonly older: number;
  /**
   * Every execution whose `endedAs` is smaller than this number no longer exists in the service.
   * The page must remove it too.
   */
  readonly forgotten: number;
}

/**
 * An execution in a list. It is an array because its JSON is shorter than that of an object, and a list may contain
 * thousands.
 */
export type ExecutionTuple = readonly [
  /** The executions of the service are numbered in the order in which they were started. */
  order: number,
  machineArn: string,
  name: string,
  status: ExecutionStatus,
  startedAt: number,
  endedAt: number | null,
  /** They are also numbered in the order in which they ended. Null while the execution is running. */
  endedAs: number | null,
  /** The name of the error by which it failed; null if there is none. */
  error: string | null,
  redrives: number,
  /** The number of the published version with which it was started; null for none. */
  version: number | null,
  /** True if it ran elsewhere, and this is a copy. */
  isCopy: boolean,
];

/** The number of executions in each status. A status without executions is absent. */
export type ExecutionCounts = Readonly<Partial<Record<ExecutionStatus, number>>>;

/** A Map Run, and the numbers of its items. */
export interface MapRunRow {
  readonly arn: string;
  readonly status: Exclude<ExecutionStatus, 'TIMED_OUT'>;
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
}

/** The fields of an execution that never change. Only the snapshot contains them. */
export interface ExecutionFacts {
  readonly arn: string;
  readonly name: string;
  readonly machine: { readonly arn: string; readonly name: string };
  readonly definition: string;
  readonly input: string;
  readonly startedAt: number;
  /** The ARN of the execution of which this one is a copy, since it ran elsewhere. Undefined if it runs here. */
  readonly ranAs: string | undefined;
  /** The execution that has started this one, and its state. Undefined if a request has. */
  readonly parent: Parent | undefined;
}

interface Parent {
  readonly arn: string;
  readonly state: string | undefined;
  /** The ARN of the Map Run of which this execution is a child. */
  readonly mapRun: string | undefined;
}

/** The current status of an execution, and the history events since the previous message. */
export interface ExecutionUpdate {
  readonly status: ExecutionStatus;
  readonly endedAt: number | null;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly leases: readonly ActivityLease[];
  /** The nested executions that it has started and that are kept. */
  readonly children: ExecutionCounts;
  /** Its Map Runs, the latest first, at most a hundred. The event MapRunStarted of each says which state has started it. */
  readonly mapRuns: readonly MapRunRow[];
  /** The workers' notes on attempts that have changed since the previous message. */
  readonly notes: readonly AttemptNotesRow[];
  readonly events: readonly HistoryEvent[];
}

/**
 * A history event with its inputs and outputs, in the form in which GetExecutionHistory returns it. `timestamp` is in
 * epoch seconds.
 */
export interface EventWithData {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: number;
  readonly [details: `${string}EventDetails`]: object;
}

/**
 * The worker of a task, and the end of its lease. `since` is the time when the worker got the task. The task's token isn't in it,
 * since whoever knows it can end the task.
 */
export interface Lease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The time of the last heartbeat; undefined if there was none. */
  readonly beatAt: number | undefined;
  /**
   * The time at which the task times out if the worker sends nothing until then. Undefined if the task never times out.
   */
  readonly due: number | undefined;
}

/** Who works on a task of an activity, and until when. */
export interface ActivityLease extends Lease {
  /** The id of the ActivityScheduled event. */
  readonly scheduledId: number;
}

/** A worker's notes on an attempt, without the log lines. */
export interface AttemptNotesRow {
  /** The id of the ActivityScheduled event. */
  readonly scheduledId: number;
  /** The number of log lines so far. The query `taskLog` returns them. */
  readonly lines: number;
  readonly heartbeats: number;
  readonly heartbeatAt: number | undefined;
  readonly progress: TaskProgress | undefined;
}

/** The progress that a handler reported last. */
export interface TaskProgress {
  readonly at: number;
  readonly percent: number | undefined;
  readonly message: string | undefined;
}

/** A line of a worker's log about a task. */
export interface TaskLine {
  readonly at: number;
  readonly level: string;
  readonly message: string;
  /** The further fields of the line, as JSON; undefined if there are none. */
  readonly fields: string | undefined;
}

/** The execution and the state that scheduled a task. Both are undefined if no state of an execution did. */
export interface TaskOrigin {
  readonly execution: string | undefined;
  readonly state: string | undefined;
}

export interface QueuedTask extends TaskOrigin {
  readonly since: number;
}

export interface ActivityList {
  readonly activities: readonly ActivityRow[];
}

/** An activity. The lists contain at most the first few entries, and the numbers count all of them. */
export interface ActivityRow {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  /** The number of GetActivityTask calls that wait for a task of the activity. */
  readonly polls: number;
  readonly pollers: readonly { readonly name: string | null; readonly polls: number }[];
  readonly queued: number;
  /** The tasks that wait for a worker, the oldest first. */
  readonly waiting: readonly QueuedTask[];
  readonly leased: number;
  readonly working: readonly (Lease & TaskOrigin)[];
}

export interface TrafficList {
  readonly activities: readonly ActivityTraffic[];
}

/** The tasks of an activity since its first one. All durations are in milliseconds, to within a tenth. */
export interface ActivityTraffic {
  readonly arn: string;
  readonly from: number;
  /** The length of each part. The last part isn't over. */
  readonly partMs: number;
  /** The number of tasks that waited for a worker at the end of each part. */
  readonly waited: readonly number[];
  readonly scheduled: number;
  readonly wait: Percentiles;
  readonly work: Percentiles;
  /** The names of errors by which its tasks failed, and how often, the most frequent first. */
  readonly failures: readonly (readonly [name: string, times: number])[];
}

/** The times that half of the tasks, and 95 of 100, did not exceed. Null if there was no task. */
export type Percentiles = readonly [p50: number | null, p95: number | null];

export interface WorkerList {
  readonly workers: readonly WorkerRow[];
}

export interface WorkerRow
  extends
    Pick<WorkerStatus, 'name' | 'ready' | 'reasons' | 'tasksInFlight'>,
    Partial<Pick<WorkerStatus, 'version' | 'startedAt' | 'drain'>> {
  /** Names the worker in the list. It stays the same while the worker runs. */
  readonly key: string;
  /** The address of the worker's health port. Absent if the worker is in a process that the service knows. */
  readonly address?: string;
  /** The worker's `WorkerState`, such as `running`; `unknown` if its status can't be read. */
  readonly state: string;
  /** The seconds for which the worker's event loop has been blocked. Absent if it isn't. */
  readonly blockedSeconds?: number;
  readonly protection?: Pick<ProtectionStatus, 'platform' | 'state' | 'since'>;
  readonly handlers: readonly WorkerHandler[];
  readonly oldestTask: WorkerTask | null;
  /**
   * Present for the worker that the tab has asked for, and for all of them if there are few. Absent for others, since
   * the tasks of hundreds of workers are much to send.
   */
  readonly details?: WorkerDetails;
}

export interface WorkerHandler extends Pick<
  HandlerStatus,
  'name' | 'activityArn' | 'concurrency' | 'used' | 'running' | 'undelivered'
> {
  readonly held?: HandlerHold;
}

/** Why a handler takes no tasks. */
export interface HandlerHold extends Partial<Pick<HandlerPause, 'since' | 'until'>> {
  /** Who has paused the handler; `waiting` if Step Functions doesn't answer its polls. */
  readonly by: HandlerPause['by'] | 'waiting';
  /** How the handler's polls fail, such as `throttled`. Absent for a pause. */
  readonly failure?: string;
}

export interface WorkerDetails {
  /** The tasks that the worker has taken and not finished. If there are many, only the oldest of them. */
  readonly tasks: readonly WorkerTask[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface WorkerTask extends Pick<TaskStatus, 'handler'> {
  readonly phase: string;
  /**
   * The task's age in whole seconds, so that a task that changes in nothing but its age is sent once a second and not
   * ten times.
   */
  readonly seconds: number;
  readonly lastHeartbeatAt: number | null;
  /** The progress that the handler has reported, from 0 to 1. Null if it reports none. */
  readonly progress: number | null;
}

/** A task whose token was given out. */
interface HandedTask {
  readonly taskToken: string;
  readonly input: string;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  /** The time at which the token was given out. */
  readonly since: number;
}

/** A task that waits for a result. */
export interface OpenTaskRow extends HandedTask, Lease {
  readonly state: string;
  /** The activity of the task; undefined if a `.waitForTaskToken` state gave out the token. */
  readonly activityArn: string | undefined;
  /** The id of the ActivityScheduled event; undefined if a `.waitForTaskToken` state gave out the token. */
  readonly scheduledId: number | undefined;
}

/** A task that the person who uses the page has taken. */
export interface TakenTask extends HandedTask, TaskOrigin {}

export interface NothingQueued {
  readonly taskToken?: undefined;
}

export interface DefinitionProblem {
  /** The path of the field in the definition, in Step Functions' notation: `/States/Pay/Choices[0]/Next`. */
  readonly path: string;
  readonly text: string;
  readonly fix?: string;
}
