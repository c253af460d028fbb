import type { PublicHandler, PublicStatus, PublicTask } from '../../base/worker-status.js';

/**
 * The contract between the console's server and its page: the topics that a tab follows, the queries and the commands.
 * Both sides import their types from here, so that a field which one of them renames does not compile on the other.
 *
 * Pure types without imports from Node: the page is compiled for the browser. Instants are epoch milliseconds. A field that
 * is `undefined` is absent on the wire.
 */

/** The topics by name. A tab that connects gets a snapshot of its topic, then a change whenever something is new. */
export interface Topics {
  readonly machines: { readonly snapshot: MachineList; readonly change: never };
  /** The executions of one machine, or of all. */
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
  /** The service's clock at the moment of sending. */
  readonly now: number;
}

/** The queries by name: `GET /console/api/NAME?…`. They change nothing. */
export interface Queries {
  readonly machine: { readonly query: { readonly arn: string }; readonly answer: MachineDescription };
  readonly event: {
    readonly query: { readonly execution: string; readonly id: string };
    readonly answer: EventWithData;
  };
  /** The input of a machine's latest execution; null where it has none. */
  readonly lastInput: { readonly query: { readonly machine: string }; readonly answer: InputAnswer };
  /** An input that an activity would accept; null where none can be made. */
  readonly example: { readonly query: { readonly activity: string }; readonly answer: InputAnswer };
  /** The region of the existing resources, in which a new one should be created. */
  readonly home: { readonly query: object; readonly answer: { readonly region: string } };
}

export type QueryName = keyof Queries;

/** The commands by name: `POST /console/api/NAME`. */
export interface Commands {
  /** Leases the oldest queued task of an activity to the person at the page. */
  readonly TakeTask: {
    readonly request: { readonly activityArn: string };
    readonly answer: TakenTask | NothingQueued;
  };
  /** Checks a definition without creating a machine. */
  readonly CheckDefinition: {
    readonly request: { readonly definition: string };
    readonly answer: { readonly problems: readonly DefinitionProblem[] };
  };
  // The rest are operations of the service's own API, as AWS documents them.
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
  /** True from the deletion of the machine until its last execution has ended. */
  readonly deleting: boolean;
  /** The activities that the machine's states name. */
  readonly activities: readonly { readonly arn: string; readonly exists: boolean }[];
  /** The numbers of the machine's executions by status; a status without any is absent. */
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
 * The executions that are new or have changed since the message before, the latest first; in a snapshot, all
 * executions.
 */
export interface ExecutionListUpdate {
  readonly rows: readonly ExecutionTuple[];
  /** The number of older executions that the message leaves out. */
  readonly older: number;
  /** The service has forgotten every execution whose `endedAs` is below this number. */
  readonly forgotten: number;
}

/** An execution in a list, as an array to be short: there may be thousands. */
export type ExecutionTuple = readonly [
  /** The execution's number in the order of starts. */
  order: number,
  machineArn: string,
  name: string,
  status: ExecutionStatus,
  startedAt: number,
  endedAt: number | null,
  /** The execution's number in the order of ends; null while it runs. */
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

/** The state of an execution at the moment of a message, and the events since the message before. */
export interface ExecutionUpdate {
  readonly status: ExecutionStatus;
  readonly endedAt: number | null;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly leases: readonly ActivityLease[];
  readonly events: readonly HistoryEvent[];
}

/** An event of a history without its inputs and outputs; a long cause is cut. */
export interface HistoryEvent {
  readonly id: number;
  /** The id of the event that this event follows from. */
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** An event as GetExecutionHistory gives it. `timestamp` is in epoch seconds. */
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
  /** The instant of the last heartbeat; undefined before the first. */
  readonly beatAt: number | undefined;
  /** The instant at which the lease lapses without a report or a heartbeat; undefined where it never does. */
  readonly due: number | undefined;
}

/** The lease of a task on an activity. */
export interface ActivityLease extends Lease {
  /** The id of the event that scheduled the task. */
  readonly scheduledId: number;
}

/** The execution and the state that a task belongs to; both are undefined where it belongs to none. */
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

/** An activity. Each list holds the first few; each number counts all. */
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
  /** A `WorkerState`, or any other word where there is no worker to ask. */
  readonly state: string;
  readonly handlers: readonly Omit<PublicHandler, 'polls' | 'queue'>[];
  /** The worker's tasks in flight, or only the oldest of them. */
  readonly tasks: readonly WorkerTask[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface WorkerTask extends Pick<PublicTask, 'handler'> {
  readonly phase: string;
  /** The task's age in whole seconds: a task that merely grows older is thus sent once a second and not ten times. */
  readonly seconds: number;
  readonly lastHeartbeatAt: number | null;
  /** A fraction from 0 to 1; null where the handler reports no progress. */
  readonly progress: number | null;
  readonly message: string | null;
}

/** A task leased to the person at the page. */
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
  /** The path of the field in the definition, as the service writes it: `/States/Pay/Choices[0]/Next`. */
  readonly path: string;
  readonly text: string;
  readonly fix?: string;
}

export interface InputAnswer {
  readonly input: string | null;
}
