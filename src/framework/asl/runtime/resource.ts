/** What a Task state orders of its resource, and what comes back. */

import type { Cancel } from '../../base/time/clock.js';
import type { Json, JsonObject } from '../values/json.js';
import type { TaskOutcome } from './state-failure.js';
import type { StepCounter } from './step-counter.js';

/**
 * The limits of a task, in seconds: the longest time from when a worker gets the task until it ends, and the longest
 * time between two heartbeats. Undefined means no limit.
 */
export interface Limits {
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

/** The execution whose state calls a resource. */
export interface CallingExecution {
  readonly arn: string;
  readonly machineName: string;
  /** The parts of the context object (`$$`) that are the same in every state. */
  readonly context: JsonObject;
  readonly stepCounter: StepCounter;
}

/** The execution and the state that scheduled a task. `scheduledId` is the id of the ActivityScheduled event or similar. */
export interface TaskOrigin {
  /**
   * `activity`: a worker does the task. `callback`: its result is sent with the token that the called AWS service
   * has received (`.waitForTaskToken`).
   */
  readonly kind: 'activity' | 'callback';
  readonly execution: CallingExecution;
  readonly state: string;
  readonly scheduledId: number;
  /** The indexes of the Map iterations around the state, the outermost first. Empty outside any Map. */
  readonly iterations: readonly number[];
}

/** A task that a Task state has scheduled. `at` is the time in epoch milliseconds. */
export interface TaskOrder extends Limits {
  /** The task's input, or the arguments of the call, as JSON text; empty until it is scheduled. */
  readonly input: string;
  /** Undefined until the task is scheduled, and if only the called resource can end it. */
  readonly origin?: TaskOrigin | undefined;
  /**
   * Returns true if the execution is still running, and so still needs the task. If the execution's timeout has
   * expired, ends the execution first.
   */
  isWanted(): boolean;
  onStarted(workerName: string | undefined, at: number): void;
  onSettled(outcome: TaskOutcome, at: number): void;
}

/** A call that a Task state makes to its resource, such as an activity or a Lambda function. */
export interface ResourceCall {
  readonly machine: string;
  readonly state: string;
  readonly resource: string;
  /** The indexes of the Map iterations around the state, the outermost first. Empty outside any Map. */
  readonly iterations: readonly number[];
  /** The task token. Absent unless the resource ends in `.waitForTaskToken`, `.sync` or `.sync:2`. */
  readonly taskToken?: string;
}

/** The Task state that calls a resource. */
export type CallTarget = Pick<ResourceCall, 'machine' | 'state' | 'resource'>;

/**
 * The result or the error that a resource returns for such a call. If `endsCallback` is true, the result also ends a task
 * that waits for its token.
 */
export type ResourceAnswer = Exclude<TaskOutcome, { readonly kind: 'timedOut' }> & {
  readonly endsCallback?: true;
};

/** A task that is submitted to its resource. */
export interface SubmittedTask extends TaskOrder {
  readonly call: ResourceCall;
  readonly execution: CallingExecution;
  /** The id of the event that has scheduled the task. */
  readonly scheduledId: number;
  /**
   * Records the response of a service that has started a job (`.sync`). The task ends with the job, by `answered`.
   * @param output JSON text
   */
  submitted(output: string): void;
  /** Takes the resource's response, unless a worker sends it with the task's token. */
  answered(answer: ResourceAnswer): void;
}

/** Does the work of Task states: the workers of activities, or whatever answers the calls of all other resources. */
export interface Resource {
  /**
   * Returns the reason why a call can't be made; undefined if it can.
   * @param input the input of the call. Undefined when the machine is created
   */
  refusal(call: CallTarget, input?: Json): string | undefined;
  /**
   * Begins the work of a task. The returned function is called when the task is cut: its time is over, or its execution
   * or branch has ended. It may be called more than once.
   */
  submit(task: SubmittedTask, input: Json): Cancel;
}

/** Answers the calls of resources that aren't activities. */
export interface Resources extends Resource {
  /** Returns true if the task of a state isn't given to a worker, although its resource is an activity. */
  takesActivity?(state: string): boolean;
}

/**
 * A task whose token is passed to a called AWS service. It isn't put into the queue of an activity, so no worker polls
 * for it.
 */
export interface TokenTask {
  readonly token: string;
  isOpen(): boolean;
  /** Starts the task's timeout and its heartbeat timeout. */
  start(workerName?: string): void;
  settle(outcome: TaskOutcome): void;
  close(): void;
}

/** The tasks whose tokens are passed to called AWS services. */
export interface TokenTasks {
  /**
   * Creates a task token for a call of an AWS service.
   * @param subject the error message for a SendTaskSuccess, SendTaskFailure or SendTaskHeartbeat with this token after
   * the task has ended
   */
  open(subject: string, order: TaskOrder): TokenTask;
}
