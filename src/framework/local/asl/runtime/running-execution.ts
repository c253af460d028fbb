import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { EvaluationThreads } from '../jsonata/evaluation-threads.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Scope } from './scope.js';
import type { StepCounter } from './step-counter.js';

/** The end of a task: a worker's result or failure, or a timeout. */
export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly kind: 'timedOut'; readonly missed: 'timeout' | 'heartbeat' };

/**
 * The most milliseconds from when a worker is given a task to the task's end, and between two heartbeats; undefined if
 * there is no limit.
 */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** The execution and the state that scheduled a task, and the id of the event that recorded it. */
export interface TaskOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
  readonly scheduledId: number;
}

/**
 * The execution and the state that wait for a result or a failure, which is sent with the token of a called service.
 */
export interface CallbackOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
}

/**
 * A task for a worker, and the functions that are called when it starts and when it ends. Times are epoch milliseconds.
 */
export interface TaskOrder extends Limits {
  /**
   * The task's input as JSON text. For a task of a called service, the arguments of the call; empty before the call.
   */
  readonly input: string;
  /** The state that waits for the task; undefined if the task belongs to a called service. */
  readonly origin?: TaskOrigin;
  /** The state that waits for a called service to send its task's token back; undefined for other tasks. */
  readonly callback?: CallbackOrigin;
  /**
   * Returns true if the execution still waits for the task. If the execution's deadline has passed, ends the execution.
   */
  isWanted(): boolean;
  onStarted(workerName: string | undefined, at: number): void;
  onSettled(outcome: TaskOutcome, at: number): void;
}

/** The part of the activities that a Task state uses. */
export interface ActivityQueue {
  has(arn: string): boolean;
  /** Queues a task until a poll takes it. The returned function withdraws the task, and makes its token invalid. */
  schedule(arn: string, order: TaskOrder): Cancel;
}

/** A call of a resource that isn't an activity. */
export interface ResourceCall {
  readonly machine: string;
  readonly state: string;
  readonly resource: string;
  /** The token that ends the task; absent unless the resource ends in `.waitForTaskToken`, `.sync` or `.sync:2`. */
  readonly taskToken?: string;
}

/** The answer to a call of a resource that isn't an activity. */
export type ResourceAnswer = Exclude<TaskOutcome, { readonly kind: 'timedOut' }>;

/** Answers the calls of Tasks whose resources are not activities. */
export interface Resources {
  has(machine: string, state: string, resource: string): boolean;
  /** Answers a call. Never rejects, since an error is also returned as an answer. */
  answer(call: ResourceCall, input: Json): Promise<ResourceAnswer>;
}

/** A task that no worker polls for, since its token is passed to a called service. */
export interface TokenTask {
  readonly token: string;
  isOpen(): boolean;
  /** Starts the task's timeout and its heartbeat timeout. */
  start(workerName?: string): void;
  settle(outcome: TaskOutcome): void;
  close(): void;
}

/** The part of an execution that its states use. */
export interface RunningExecution {
  readonly clock: Clock;
  readonly random: () => number;
  readonly activities: ActivityQueue;
  /** The threads for expressions that take too long for the main thread. */
  readonly threads: EvaluationThreads;
  readonly resources: Resources;
  readonly arn: string;
  readonly machineName: string;
  readonly region: string;
  /**
   * Opens a task that no worker polls for.
   * @param subject the text with which a report on the task is answered when the task is closed
   */
  openTask(subject: string, order: TaskOrder): TokenTask;
  /**
   * Returns true while the execution is running. If its deadline has passed and the timer hasn't fired yet, ends the
   * execution.
   */
  isLive(): boolean;
  /**
   * Adds to the bytes that the execution takes in memory besides its history; a negative number subtracts. The end of
   * the execution releases all of them.
   * @throws StateFailure if all running executions together take too much memory
   */
  hold(bytes: number): void;
  /** Called between two states. May end the execution. */
  onTransition(): void;
  readonly stepCounter: StepCounter;
  /** The scope of the whole execution. It ends when the execution ends. */
  readonly scope: Scope;
  /** The parts of the context object that are the same in every state. */
  readonly context: JsonObject;
  /**
   * Adds an event to the history.
   * @param previous the id of the event to which the new event points back
   * @param at the time of the event, in epoch milliseconds. @default now
   * @returns the id of the new event
   */
  record(type: string, previous: number, details?: object, at?: number): number;
}
