import type { PublicHandler, PublicStatus, PublicTask } from '../../base/worker-status.js';

/**
 * The types that the console's server and its page share: the topics that a tab follows, the queries and the commands.
 * Both sides import the types from here, so if one side renames a field, the other no longer compiles.
 *
 * Only types, without imports from Node, since the page is compiled for the browser. Times are epoch milliseconds. A
 * field that is `undefined` is absent in the JSON that is sent.
 */

/**
 * The topics by name. A tab that connects to a topic gets a snapshot of it, and then a change whenever there is
 * something new.
 */
export interface Topics {
  readonly machines: { readonly snapshot: MachineList; readonly change: never };
  /** The executions of one machine or, without an ARN, of all machines. */
  readonly executions: { readonly snapshot: ExecutionListUpdate; readonly change: ExecutionListUpdate };
  readonly execution: {
    readonly snapshot: ExecutionFacts & ExecutionUpdate;
    readonly change: ExecutionUpdate;
  };
  readonly activities: { readonly snapshot: ActivityList; readonly change: never };
  readonly workers: { readonly snapshot: WorkerList; readonly change: never };
}

export type TopicName = keyof Topics;

/** The field that every message of a topic has. */
export interface MessageStamp {
  /** The time on the service's clock when the message was sent. */
  readonly now: number;
}

/** The queries by name, `GET /console/api/NAME?…`. They change nothing. */
export interface Queries {
  readonly machine: { readonly query: { readonly arn: string }; readonly answer: MachineDescription };
  readonly event: {
    readonly query: { readonly execution: string; readonly id: string };
    readonly answer: EventWithData;
  };
  /** The input of a machine's latest execution; null if the machine has no execution. */
  readonly lastInput: { readonly query: { readonly machine: string }; readonly answer: InputAnswer };
  /** An input that an activity's handler would accept; null if none can be made. */
  readonly example: { readonly query: { readonly activity: string }; readonly answer: InputAnswer };
  /** The region of the existing resources. A new resource should be created in the same region. */
  readonly home: { readonly query: object; readonly answer: { readonly region: string } };
}

export type QueryName = keyof Queries;

/** The commands by name: `POST /console/api/NAME`. */
export interface Commands {
  /** Leases the oldest queued task of an activity to the person who uses the page. */
  readonly TakeTask: {
    readonly request: { readonly activityArn: string };
    readonly answer: TakenTask | NothingQueued;
  };
  /** Checks a definition without creating a machine. */
  readonly CheckDefinition: {
    readonly request: { readonly definition: string };
    readonly answer: { readonly problems: readonly DefinitionProblem[] };
  };
  // The other commands are operations of the Step Functions API, as AWS documents them.
  readonly CreateActivity: {
    readonly request: { readonly name: string };
    readonly answer: { readonly activityArn: string };
  };
  readonly CreateStateMachine: {
    readonly request: { readonly name: string; readonly definition: string; readonly roleArn: string };
    readonly answer: { readonly stateMachineArn: string };
  };
  readonly StartExecution: {
    readonly request: { readonly stateMachineArn: string; readonly input: string; readonly name?: string };
    readonly answer: { readonly executionArn: string };
  };
  readonly StopExecution: {
    readonly request: { readonly executionArn: string } & NamedError;
    readonly answer: object;
  };
  readonly SendTaskSuccess: {
    readonly request: { readonly taskToken: string; readonly output: string };
    readonly answer: object;
  };
  readonly SendTaskFailure: {
    readonly request: { readonly taskToken: string } & NamedError;
    readonly answer: object;
  };
  readonly SendTaskHeartbeat: { readonly request: { readonly taskToken: string }; readonly answer: object };
}

export type CommandName = keyof Commands;

interface NamedError {
  readonly error?: string;
  readonly cause?: string;
}

/** The body of an answer that is an error. */
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
  /** True from the time when the machine is deleted until its last execution has ended. */
  readonly deleting: boolean;
  /** The activities to which the machine's states refer. */
  readonly activities: readonly { readonly arn: string; readonly exists: boolean }[];
  /** The number of the machine's executions in each status. A status without executions is absent. */
  readonly counts: Readonly<Partial<Record<ExecutionStatus, number>>>;
}

export interface MachineDescription {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly createdAt: number;
  readonly deleting: boolean;
}

/**
 * The executions that are new or have changed since the previous message, the latest first. In a snapshot, all
 * executions.
 */
export interface ExecutionListUpdate {
  readonly rows: readonly ExecutionTuple[];
  /** The number of older executions that are not in the message. */
  readonly older: number;
  /** The service has forgotten every execution whose `endedAs` is smaller than this number. */
  readonly forgotten: number;
}

/** An execution in a list. It is an array, which is shorter than an object, since there may be thousands. */
export type ExecutionTuple = readonly [
  /** The position of the execution in the order in which executions were started. */
  order: number,
  machineArn: string,
  name: string,
  status: ExecutionStatus,
  startedAt: number,
  endedAt: number | null,
  /** The position of the execution in the order in which executions have ended; null while it is running. */
  endedAs: number | null,
];

/** The fields of an execution that never change. */
export interface ExecutionFacts {
  readonly arn: string;
  readonly name: string;
  readonly machine: { readonly arn: string; readonly name: string };
  readonly definition: string;
  readonly input: string;
  readonly startedAt: number;
}

/** The state of an execution at the time of the message, and its events since the previous message. */
export interface ExecutionUpdate {
  readonly status: ExecutionStatus;
  readonly endedAt: number | null;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly leases: readonly ActivityLease[];
  readonly events: readonly HistoryEvent[];
}

/** An event of a history, without its inputs and outputs. A long cause is shortened. */
export interface HistoryEvent {
  readonly id: number;
  /** The id of the event to which this event points back. */
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** An event as GetExecutionHistory returns it. `timestamp` is in epoch seconds. */
export interface EventWithData {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: number;
  readonly [details: `${string}EventDetails`]: object;
}

/** The lease of a task, without the task's token. */
export interface Lease {
  readonly workerName: string | undefined;
  readonly since: number;
  /** The time of the last heartbeat; undefined if there was none yet. */
  readonly beatAt: number | undefined;
  /**
   * The time at which the task times out unless a result, a failure or a heartbeat arrives before; undefined if it
   * never times out.
   */
  readonly due: number | undefined;
}

/** The lease of a task of an activity. */
export interface ActivityLease extends Lease {
  /** The id of the event that scheduled the task. */
  readonly scheduledId: number;
}

/** The execution and the state to which a task belongs; both are undefined if it belongs to none. */
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

/** An activity. Each list contains only the first few entries; each number counts all of them. */
export interface ActivityRow {
  readonly arn: string;
  readonly name: string;
  readonly createdAt: number;
  /** The number of open polls. */
  readonly polls: number;
  readonly pollers: readonly { readonly name: string | null; readonly polls: number }[];
  readonly queued: number;
  /** The queued tasks, the oldest first. */
  readonly waiting: readonly QueuedTask[];
  readonly leased: number;
  readonly working: readonly (Lease & TaskOrigin)[];
}

export interface WorkerList {
  readonly workers: readonly WorkerRow[];
}

export interface WorkerRow extends Pick<PublicStatus, 'name' | 'ready' | 'reasons' | 'tasksInFlight'> {
  /** A `WorkerState`, or another word if the worker can't be asked. */
  readonly state: string;
  readonly handlers: readonly Omit<PublicHandler, 'polls' | 'queue'>[];
  /** The worker's tasks in flight, or only the oldest of them if there are many. */
  readonly tasks: readonly WorkerTask[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface WorkerTask extends Pick<PublicTask, 'handler'> {
  readonly phase: string;
  /**
   * The task's age in whole seconds. So a task of which only the age changes is sent once a second, and not ten times.
   */
  readonly seconds: number;
  readonly lastHeartbeatAt: number | null;
  /** A fraction from 0 to 1; null if the handler reports no progress. */
  readonly progress: number | null;
  readonly message: string | null;
}

/** A task that is leased to the person who uses the page. */
export interface TakenTask extends TaskOrigin {
  readonly taskToken: string;
  readonly input: string;
  readonly since: number;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

export interface NothingQueued {
  readonly taskToken?: undefined;
}

export interface DefinitionProblem {
  /** The path of the field in the definition, as Step Functions writes it: `/States/Pay/Choices[0]/Next`. */
  readonly path: string;
  readonly text: string;
  readonly fix?: string;
}

export interface InputAnswer {
  readonly input: string | null;
}
