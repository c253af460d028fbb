import type { Cancel, Clock } from '../../../base/time/clock.js';
import type { EvaluationThreads } from '../jsonata/evaluation-threads.js';
import type { Json, JsonObject } from '../values/json.js';
import type { Scope } from './scope.js';

/** How a task ended, as a worker reported it or as the clock decided. */
export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error?: string | undefined; readonly cause?: string | undefined }
  | { readonly kind: 'timedOut'; readonly missed: 'timeout' | 'heartbeat' };

/** How long a task may take, and how long it may be silent. Both count from its start, which is the lease. Undefined: no limit. */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** The state that scheduled a task, and the event that says so. */
export interface TaskOrigin {
  readonly execution: RunningExecution;
  readonly state: string;
  readonly scheduledId: number;
}

/** A task for a worker, and who wants to know what becomes of it. Instants are epoch milliseconds. */
export interface TaskOrder extends Limits {
  readonly input: string;
  /** Which state waits for it, where one does. */
  readonly origin?: TaskOrigin;
  /** Whether the execution still waits for it: one that is past its own deadline ends when it is asked. */
  isWanted(): boolean;
  onStarted(workerName: string | undefined, at: number): void;
  onSettled(outcome: TaskOutcome, at: number): void;
}

/** Where a Task state finds its activity. */
export interface ActivityPort {
  has(arn: string): boolean;
  /** Offers a task to whoever polls. The cancel takes it back; its token is then closed. */
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

/** A task whose token may be given away. */
export interface TokenTask {
  readonly token: string;
  isOpen(): boolean;
  /** Both its clocks start. */
  start(workerName?: string): void;
  settle(outcome: TaskOutcome): void;
  close(): void;
}

/** Counts the states that an execution has entered, the fields that it has worked out, and the KiB that it has written. */
export interface StepCounter {
  count: number;
  nextCheckAt: number;
  /** How many of its threads wait for their turn of the event loop. */
  waiting: number;
}

/** An execution, as the states that run in it see it. */
export interface RunningExecution {
  readonly clock: Clock;
  readonly random: () => number;
  readonly activities: ActivityPort;
  /** Where expressions go on that are too much for the main thread. */
  readonly threads: EvaluationThreads;
  readonly resources: Resources;
  readonly arn: string;
  readonly machineName: string;
  readonly region: string;
  /** A task that nobody polls for. `subject` is what a report on its token is told once it is closed. */
  openTask(subject: string, order: TaskOrder): TokenTask;
  /** Whether it still runs. Ends it where its deadline has passed and the timer has not fired yet. */
  isLive(): boolean;
  /**
   * Counts bytes that it takes beside its history; below 0 they are given back. All go when it ends.
   * @throws StateFailure where all executions that run take too much
   */
  hold(bytes: number): void;
  /** Called at each transition from one state to the next. May end the execution. */
  onTransition(): void;
  /** How much it has done in all its threads, and when to look at the time: see Branch.yieldToEventLoop. */
  readonly stepCounter: StepCounter;
  /** Ends when the execution does. */
  readonly scope: Scope;
  /** The parts of the context object that are the same in every state. */
  readonly context: JsonObject;
  /**
   * Adds an event to the history.
   * @param at when it happened. @default now
   * @returns its id
   */
  record(type: string, previous: number, details?: object, at?: number): number;
}
