import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { EvaluationThreads } from '../jsonata/evaluation-threads.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Scope } from './scope.js';
import type { StepCounter } from './step-counter.js';

/** The end of a task: a worker's report, or a timeout. */
export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly kind: 'timedOut'; readonly missed: 'timeout' | 'heartbeat' };

/**
 * The longest time from the lease of a task to its end, and between two heartbeats; undefined where there is no limit.
 */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** The execution and the state that scheduled a task, and the id of the event that recorded this. */
export interface TaskOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
  readonly scheduledId: number;
}

/** The execution and the state that wait for a report by the token of a called service. */
export interface CallbackOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
}

/** A task to be leased, with the callbacks for its start and its end. Times are epoch milliseconds. */
export interface TaskOrder extends Limits {
  /** JSON text; of a called service the arguments of the call, and empty before it. */
  readonly input: string;
  /** The state that waits for the task; undefined for a task of a called service. */
  readonly origin?: TaskOrigin;
  /** The state that waits for a callback; undefined for other tasks. */
  readonly callback?: CallbackOrigin;
  /** Returns true while the execution waits for the task. Ends the execution where its deadline has passed. */
  isWanted(): boolean;
  onStarted(workerName: string | undefined, at: number): void;
  onSettled(outcome: TaskOutcome, at: number): void;
}

/** The activities, as a Task state sees them. */
export interface ActivityQueue {
  has(arn: string): boolean;
  /** Queues a task for a poll. The returned function withdraws the task and closes its token. */
  schedule(arn: string, order: TaskOrder): Cancel;
}

/** A call of a resource that is not an activity. */
export interface ResourceCall {
  readonly machine: string;
  readonly state: string;
  readonly resource: string;
  /** The token that ends the task, where its resource ends in `.waitForTaskToken`, `.sync` or `.sync:2`. */
  readonly taskToken?: string;
}

/** The answer to a call of a resource that is not an activity. */
export type ResourceAnswer = Exclude<TaskOutcome, { readonly kind: 'timedOut' }>;

/** Answers the Tasks whose resources are not activities. */
export interface Resources {
  has(machine: string, state: string, resource: string): boolean;
  /** Answers a call. Never rejects: an error is an answer too. */
  answer(call: ResourceCall, input: Json): Promise<ResourceAnswer>;
}

/** A task that no worker polls for: the called service gets its token. */
export interface TokenTask {
  readonly token: string;
  isOpen(): boolean;
  /** Starts the task's timeout and heartbeat timeout. */
  start(workerName?: string): void;
  settle(outcome: TaskOutcome): void;
  close(): void;
}

/** An execution, as its states see it. */
export interface RunningExecution {
  readonly clock: Clock;
  readonly random: () => number;
  readonly activities: ActivityQueue;
  /** The threads for the expressions that are too much for the main thread. */
  readonly threads: EvaluationThreads;
  readonly resources: Resources;
  readonly arn: string;
  readonly machineName: string;
  readonly region: string;
  /** Opens a task that no worker polls for. @param subject the text that answers a report on the closed task */
  openTask(subject: string, order: TaskOrder): TokenTask;
  /** Returns true while the execution runs. Ends it where the deadline has passed and the timer has not fired yet. */
  isLive(): boolean;
  /**
   * Counts bytes that the execution holds beside its history; a negative number releases them. The end of the execution
   * releases all of them.
   * @throws StateFailure where all running executions together hold too much
   */
  hold(bytes: number): void;
  /** Called between two states. May end the execution. */
  onTransition(): void;
  readonly stepCounter: StepCounter;
  /** The scope of the whole execution: it ends when the execution does. */
  readonly scope: Scope;
  /** The parts of the context object that are the same in every state. */
  readonly context: JsonObject;
  /**
   * Adds an event to the history.
   * @param previous the id of the event that the new one follows from
   * @param at the time of the event, in epoch milliseconds. @default now
   * @returns the id of the new event
   */
  record(type: string, previous: number, details?: object, at?: number): number;
}
