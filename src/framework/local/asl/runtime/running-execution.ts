import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { EvaluationThreads } from '../jsonata/evaluation-threads.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Scope } from './scope.js';
import type { StepCounter } from './step-counter.js';

/** The end of a task: as a worker reported it, or by a timeout. */
export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly kind: 'timedOut'; readonly missed: 'timeout' | 'heartbeat' };

/** The limits of a task and of its silence, from its start on, which is the lease. Undefined: no limit. */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** The state that scheduled a task, and the id of its event. */
export interface TaskOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
  readonly scheduledId: number;
}

/** A task for a worker, with the callbacks that follow it. Times are epoch milliseconds. */
export interface TaskOrder extends Limits {
  readonly input: string;
  /** The state that waits for the task; undefined for a task without one. */
  readonly origin?: TaskOrigin;
  /** Returns true while the execution waits for the task. Ends an execution that is past its deadline. */
  isWanted(): boolean;
  onStarted(workerName: string | undefined, at: number): void;
  onSettled(outcome: TaskOutcome, at: number): void;
}

/** The activities, as a Task state sees them. */
export interface ActivityQueue {
  has(arn: string): boolean;
  /** Queues a task for a poll. The cancel withdraws it and closes its token. */
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

/** The answer to such a call. */
export type ResourceAnswer = Exclude<TaskOutcome, { readonly kind: 'timedOut' }>;

/** Answers the Tasks whose resources are not activities. */
export interface Resources {
  has(machine: string, state: string, resource: string): boolean;
  /** Never rejects. */
  answer(call: ResourceCall, input: Json): Promise<ResourceAnswer>;
}

/** A task without a poller: a service gets its token. */
export interface TokenTask {
  readonly token: string;
  isOpen(): boolean;
  /** Starts its timeout and its heartbeat timeout. */
  start(workerName?: string): void;
  settle(outcome: TaskOutcome): void;
  close(): void;
}

/** An execution, as its states see it. */
export interface RunningExecution {
  readonly clock: Clock;
  readonly random: () => number;
  readonly activities: ActivityQueue;
  /** Evaluate the expressions that are too much for the main thread. */
  readonly threads: EvaluationThreads;
  readonly resources: Resources;
  readonly arn: string;
  readonly machineName: string;
  readonly region: string;
  /**
   * Opens a task without a poller.
   * @param subject the answer to a report on its token once it is closed
   */
  openTask(subject: string, order: TaskOrder): TokenTask;
  /** Returns true while it runs. Ends it where its deadline has passed and the timer has not fired yet. */
  isLive(): boolean;
  /**
   * Counts bytes that it holds beside its history; a negative number releases them. Its end releases all.
   * @throws StateFailure where all running executions together hold too much
   */
  hold(bytes: number): void;
  /** Called at each transition between two states. May end the execution. */
  onTransition(): void;
  readonly stepCounter: StepCounter;
  /** Ends when the execution does. */
  readonly scope: Scope;
  /** The parts of the context object that are the same in every state. */
  readonly context: JsonObject;
  /**
   * Adds an event to the history.
   * @param at the time of the event, in epoch milliseconds. @default now
   * @returns its id
   */
  record(type: string, previous: number, details?: object, at?: number): number;
}
