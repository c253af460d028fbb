import type { Cancel } from '../../base/time/clock.js';
import {
  type Limits,
  type Resource,
  type ResourceAnswer,
  type ResourceCall,
  type SubmittedTask,
  type TaskOrigin,
  type TokenTask,
} from '../runtime/resource.js';
import { dataLimitFailure, StateFailure, taskFailure, type TaskOutcome } from '../runtime/state-failure.js';
import { parseArn } from '../values/arn.js';
import { isTooLarge, type Json } from '../values/json.js';
import { ACTIVITY, type ServiceResource } from '../definition/service-resource.js';
import { WHOLE } from '../runtime/payload-text.js';
import type { Branch } from '../runtime/branch.js';
import type { RunningExecution } from '../runtime/running-execution.js';
import { soon, type Soon } from '../expression.js';
import type { WorkResult } from './state.js';

/** What a Task state asks of its resource: a worker of an activity, or a mock in place of any other resource. */
export interface TaskCall extends Limits {
  readonly resource: string;
  readonly service: ServiceResource;
  /** The role in the state's Credentials field, for the history. Undefined if the state has no such field. */
  readonly role: string | undefined;
  /**
   * Evaluates the input of the call. If the task has a token, it must be in the context object by then, since the input
   * may contain it.
   */
  readonly input: () => Soon<Json>;
}

/**
 * The error message for a SendTaskSuccess, SendTaskFailure or SendTaskHeartbeat whose task has already closed. AWS
 * doesn't document the text; it is taken from users' reports of what the real service returns.
 */
const CLOSED = 'Provided task does not exist anymore';

/** The most milliseconds for which the end of a task by its token waits for the answer of the call that sent the token. */
const LATEST_ANSWER_MS = 5_000;

const eventsOf = (kind: ServiceResource['event']) => ({
  scheduled: `${kind}Scheduled`,
  started: `${kind}Started`,
  submitted: `${kind}Submitted`,
  succeeded: `${kind}Succeeded`,
  failed: `${kind}Failed`,
  timedOut: `${kind}TimedOut`,
});
/** The types of events, by the kind of the resource. They are made once, since histories keep them. */
const EVENTS = {
  Activity: eventsOf('Activity'),
  LambdaFunction: eventsOf('LambdaFunction'),
  Task: eventsOf('Task'),
};

/**
 * Runs a Task state once, within TimeoutSeconds and HeartbeatSeconds. A task of an activity is scheduled for a worker;
 * any other resource is called, for which a mock answers. If the resource ends in `.waitForTaskToken`, the Task ends when
 * a result or a failure is sent with its token.
 * @throws StateFailure if there is no such activity, or no mock for the resource. No Retry or Catch matches this failure
 */
export async function runTask(branch: Branch, call: TaskCall): Promise<WorkResult> {
  const outcome = await branch.scope.wait<TaskOutcome | Error>((resolve) =>
    new TaskRun(branch, call, resolve).begin(),
  );
  if (outcome instanceof Error) throw outcome;
  if (outcome.kind !== 'succeeded') throw taskFailure(outcome);
  return { result: JSON.parse(outcome.output) as Json };
}

/**
 * One attempt of a Task. Records its history events, whose types, such as TaskScheduled, depend on the resource. Recorded
 * from the live service.
 */
class TaskRun implements SubmittedTask {
  input = '';
  origin: TaskOrigin | undefined;
  scheduledId = 0;
  call: ResourceCall;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  /** The token's task; undefined if a worker is to take the task, and its token with it. */
  #task: TokenTask | undefined;
  #cut: Cancel = () => {};
  #wasSubmitted = false;
  /** True while a resource whose Task ends by its token has not answered. */
  #isCalling = false;
  /** Ends the task by an outcome that came before the resource's answer. */
  #early: (() => void) | undefined;
  #cancelEarly: Cancel = () => {};

  constructor(
    private readonly branch: Branch,
    private readonly asked: TaskCall,
    private readonly resolve: (outcome: TaskOutcome | Error) => void,
  ) {
    this.timeoutSeconds = asked.timeoutSeconds;
    this.heartbeatSeconds = asked.heartbeatSeconds;
    const { execution, stateName: state } = branch;
    const { machineName: machine } = execution;
    this.call = { machine, state, resource: asked.resource, iterations: branch.iterations };
  }

  get execution(): RunningExecution {
    return this.branch.execution;
  }

  /** Begins the task. The returned function ends it without an outcome. */
  begin(): Cancel {
    const { resources, services } = this.branch.execution;
    const isQueued = this.#isActivity && resources.takesActivity?.(this.branch.stateName) !== true;
    if (!isQueued) this.#task = services.tasks.open(CLOSED, this);
    // Recorded from the live service: a job (`.sync`) has a token too. A result sent with it ends the task, although
    // the job continues.
    if (this.#task && this.asked.service.pattern !== 'requestResponse') {
      this.branch.visit.taskToken = this.#task.token;
      this.call = { ...this.call, taskToken: this.#task.token };
    }
    this.#try(() =>
      soon(this.asked.input(), (input) => this.#submit(isQueued ? services.activities : resources, input)),
    );
    return () => this.#end();
  }

  /** Does something that may throw, or return a promise that rejects. The task then fails with the error. */
  #try(act: () => Soon<void>): void {
    const fail = (error: unknown): void => {
      this.#end();
      this.resolve(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      const done = act();
      if (done instanceof Promise) done.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #end(): void {
    this.#task?.close();
    this.#cut();
    this.#cancelEarly();
  }

  get #isActivity(): boolean {
    return this.asked.service === ACTIVITY;
  }

  isWanted(): boolean {
    return this.branch.execution.isLive();
  }

  /** Schedules the task, and submits it to its resource. */
  #submit(to: Resource, input: Json): void {
    const { branch, asked, call } = this;
    const refusal = to.refusal(call, input);
    // No Catch matches the failure. On AWS the real service would be called, so a state machine that handled a missing
    // mock would hide a mistake in the test.
    if (refusal !== undefined)
      throw new StateFailure('States.Runtime', branch.explain(refusal), { fatal: true });
    branch.json.checkSize(input, asked.resource);
    const scheduledId = (this.scheduledId = this.#scheduled(branch.json.of(input)));
    // Another branch may have failed meanwhile, and to record an event may end the execution.
    if (branch.scope.ended) return;
    const kind = this.#task ? asked.service.pattern : 'activity';
    if (kind === 'activity' || kind === 'callback')
      this.origin = {
        kind,
        execution: branch.execution,
        state: call.state,
        scheduledId,
        iterations: call.iterations,
      };
    this.#task?.start();
    if (branch.scope.ended) return;
    this.#isCalling = kind === 'callback';
    const cut = to.submit(this, input);
    // A worker may have taken the task at once, and to record that may have ended the execution.
    if (branch.scope.ended) cut();
    else this.#cut = cut;
  }

  /** A result isn't the end of a task that waits for its token to be sent back. */
  answered(answer: ResourceAnswer): void {
    this.#isCalling = false;
    this.#try(() => {
      const bounded = boundedAnswer(answer, this.asked);
      const { pattern } = this.asked.service;
      if (bounded.kind === 'succeeded' && pattern !== 'requestResponse') this.submitted(bounded.output);
      if (bounded.kind === 'failed' || pattern !== 'callback' || bounded.endsCallback)
        this.#task?.settle(bounded);
      this.#early?.();
    });
  }

  #scheduled(text: string): number {
    this.input = text;
    const { service, timeoutSeconds, heartbeatSeconds, resource, role } = this.asked;
    const more = {
      ...(timeoutSeconds !== undefined && { timeoutInSeconds: timeoutSeconds }),
      ...(heartbeatSeconds !== undefined && { heartbeatInSeconds: heartbeatSeconds }),
      ...(role !== undefined && !this.#isActivity && { taskCredentials: { roleArn: role } }),
    };
    const details = service.details
      ? { ...service.details, region: parseArn(this.branch.execution.arn)?.region, parameters: text, ...more }
      : { resource, input: text, inputDetails: WHOLE, ...more };
    return this.#record('scheduled', details);
  }

  onStarted(workerName: string | undefined, at: number): void {
    const details = this.#isActivity ? { ...(workerName !== undefined && { workerName }) } : undefined;
    this.#record('started', details ?? this.asked.service.details, at);
  }

  submitted(output: string): void {
    if (this.#wasSubmitted || (!this.#early && !this.#task?.isOpen())) return;
    this.#wasSubmitted = true;
    this.#record('submitted', { ...this.asked.service.details, output, outputDetails: WHOLE });
  }

  onSettled(outcome: TaskOutcome, at: number): void {
    if (this.#isCalling && outcome.kind !== 'timedOut') this.#settleLater(outcome);
    else this.#settled(outcome, at);
  }

  /**
   * Waits for the resource's answer first, so that TaskSubmitted comes before the end, as recorded: whoever has the token
   * may be faster than the response of the call that sent it.
   */
  #settleLater(outcome: TaskOutcome): void {
    const { clock } = this.branch.execution.services;
    const settle = (): void => {
      this.#cancelEarly();
      this.#early = undefined;
      this.#settled(outcome, clock.now());
    };
    this.#early = settle;
    this.#cancelEarly = clock.after(LATEST_ANSWER_MS, settle);
  }

  #settled(outcome: TaskOutcome, at: number): void {
    const { details } = this.asked.service;
    if (outcome.kind === 'succeeded') {
      const { output } = outcome;
      this.#record('succeeded', { ...details, output, outputDetails: WHOLE }, at);
    } else if (outcome.kind === 'failed') {
      this.#record('failed', { ...details, ...taskFailure(outcome).details }, at);
    } else {
      this.#record('timedOut', { ...details, error: 'States.Timeout' }, at);
      this.#cut();
    }
    this.resolve(outcome);
  }

  #record(what: keyof typeof EVENTS.Task, details?: object, at?: number): number {
    return this.branch.record(EVENTS[this.asked.service.event][what], details, at);
  }
}

/** Returns a failure instead of a mock's result that is too large, as the live service does (recorded). */
function boundedAnswer(answer: ResourceAnswer, { resource, service }: TaskCall): ResourceAnswer {
  if (answer.kind === 'failed' || !isTooLarge(answer.output)) return answer;
  const { reason } = dataLimitFailure(service.details?.resourceType ?? resource);
  return { kind: 'failed', error: 'States.DataLimitExceeded', cause: reason };
}
