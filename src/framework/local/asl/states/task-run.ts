import type { Cancel } from '../../../base/time/clock.js';
import { iterationsOf } from '../runtime/running-execution.js';
import { dataLimitFailure, StateFailure, taskFailure } from '../runtime/state-failure.js';
import type { Json } from '../values/json.js';
import { ACTIVITY, type ServiceResource } from '../definition/service-resource.js';
import type {
  CallbackOrigin,
  Limits,
  ResourceAnswer,
  ResourceCall,
  TaskOrder,
  TaskOrigin,
  TaskOutcome,
  TokenTask,
} from '../runtime/running-execution.js';
import { WHOLE, type Branch } from '../runtime/branch.js';
import { soon, type Soon } from '../expression/soon.js';
import type { WorkResult } from './state.js';
import { isTooLarge } from '../values/limits.js';

/** What a Task state asks of its resource: a worker of an activity, or a mock in place of any other resource. */
export interface TaskCall {
  readonly resource: string;
  readonly service: ServiceResource;
  readonly limits: Limits;
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
class TaskRun implements TaskOrder {
  /** The arguments of the call as JSON text; an empty string until it is scheduled. */
  input = '';
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  readonly callback: CallbackOrigin | undefined;
  origin: TaskOrigin | undefined;
  #cut: Cancel = () => {};

  constructor(
    private readonly branch: Branch,
    private readonly call: TaskCall,
    private readonly resolve: (outcome: TaskOutcome | Error) => void,
  ) {
    this.timeoutSeconds = call.limits.timeoutSeconds;
    this.heartbeatSeconds = call.limits.heartbeatSeconds;
    if (call.service.pattern === 'callback')
      this.callback = { execution: branch.execution, state: branch.stateName, lane: branch };
  }

  /** Begins the task. The returned function ends it without an outcome. */
  begin(): Cancel {
    const { execution, stateName } = this.branch;
    const isQueued = this.#isActivity && execution.resources.takesActivity?.(stateName) !== true;
    const task = isQueued ? undefined : execution.world.tasks.open(CLOSED, this);
    if (task) this.#cut = () => task.close();
    // Recorded from the live service: a job (`.sync`) has a token too. A result sent with it ends the task, although
    // the job continues.
    if (task && this.call.service.pattern !== 'requestResponse') this.branch.taskToken = task.token;
    try {
      const submitted = soon(this.call.input(), (input) => this.#submit(task, input));
      if (submitted instanceof Promise) submitted.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
    return () => this.#cut();
  }

  #fail(error: unknown): void {
    this.#cut();
    this.resolve(error instanceof Error ? error : new Error(String(error)));
  }

  get #isActivity(): boolean {
    return this.call.service === ACTIVITY;
  }

  isWanted(): boolean {
    return this.branch.execution.isLive();
  }

  /** Schedules the task, and gives it to its resource. `task` is undefined if a worker is to take it. */
  #submit(task: TokenTask | undefined, input: Json): Soon<void> {
    const { branch, call } = this;
    const { machineName, resources, world } = branch.execution;
    if (!task && !world.activities.has(call.resource)) throw missingActivity(branch, call);
    branch.checkSize(input, call.resource);
    if (task && !resources.has(machineName, branch.stateName, call.resource)) throw unanswered(branch, call);
    const scheduledId = this.#scheduled(branch.textOf(input));
    // Another branch may have failed meanwhile, and to record an event may end the execution.
    if (branch.scope.ended) return;
    if (task) return this.#ask(task, input);
    this.origin = { execution: branch.execution, state: branch.stateName, lane: branch, scheduledId };
    this.#cut = world.activities.schedule(call.resource, this);
  }

  /**
   * Calls the mock. If it returns an error, the task fails. If it returns a result, that is the task's result. For a
   * `.waitForTaskToken` resource the result is ignored: the task then waits for its token to be sent back.
   */
  async #ask(task: TokenTask, input: Json): Promise<void> {
    const { branch, call } = this;
    const { pattern } = call.service;
    task.start();
    const answer = bounded(
      await branch.execution.resources.answer(describe(branch, call, task.token), input),
      call,
    );
    if (answer.kind === 'succeeded' && pattern !== 'requestResponse' && task.isOpen())
      this.#submitted(answer.output);
    if (answer.kind === 'failed' || pattern !== 'callback' || answer.endsCallback) task.settle(answer);
  }

  #scheduled(text: string): number {
    this.input = text;
    const { service, limits, resource, role } = this.call;
    const more = {
      ...(limits.timeoutSeconds !== undefined && { timeoutInSeconds: limits.timeoutSeconds }),
      ...(limits.heartbeatSeconds !== undefined && { heartbeatInSeconds: limits.heartbeatSeconds }),
      ...(role !== undefined && !this.#isActivity && { taskCredentials: { roleArn: role } }),
    };
    const details = service.details
      ? { ...service.details, region: this.branch.execution.region, parameters: text, ...more }
      : { resource, input: text, inputDetails: WHOLE, ...more };
    return this.#record('scheduled', details);
  }

  onStarted(workerName: string | undefined, at: number): void {
    const details = this.#isActivity ? { ...(workerName !== undefined && { workerName }) } : undefined;
    this.#record('started', details ?? this.call.service.details, at);
  }

  #submitted(output: string): void {
    this.#record('submitted', { ...this.call.service.details, output, outputDetails: WHOLE });
  }

  onSettled(outcome: TaskOutcome, at: number): void {
    const { details } = this.call.service;
    if (outcome.kind === 'succeeded') {
      const { output } = outcome;
      this.#record('succeeded', { ...details, output, outputDetails: WHOLE }, at);
    } else if (outcome.kind === 'failed') {
      this.#record('failed', { ...details, ...taskFailure(outcome).details }, at);
    } else this.#record('timedOut', { ...details, error: 'States.Timeout' }, at);
    this.resolve(outcome);
  }

  #record(what: keyof typeof EVENTS.Task, details?: object, at?: number): number {
    return this.branch.record(EVENTS[this.call.service.event][what], details, at);
  }
}

/** Returns the failure of a Task state whose activity doesn't exist. Recorded from the live service. */
function missingActivity(branch: Branch, { resource }: TaskCall): StateFailure {
  const reason = branch.explain(`The activity ${resource} does not exist.`);
  return new StateFailure('States.Runtime', reason, { fatal: true });
}

/**
 * Returns the failure of a call for which there is no mock. No Catch matches it: on AWS the real service would be
 * called, so a state machine that handled the missing mock would hide a mistake in the test.
 */
function unanswered(branch: Branch, { resource }: TaskCall): StateFailure {
  const { machineName, resources } = branch.execution;
  const usual = `Nothing answers '${resource}' in the local service: give it a mock, by '${machineName}.${branch.stateName}' or by the resource.`;
  const reason = resources.whyNot?.(branch.stateName) ?? usual;
  return new StateFailure('States.Runtime', branch.explain(reason), { fatal: true, own: true });
}

/** Returns a failure instead of a mock's result that is too large, as the live service does (recorded). */
function bounded(answer: ResourceAnswer, { resource, service }: TaskCall): ResourceAnswer {
  if (answer.kind === 'failed' || !isTooLarge(answer.output)) return answer;
  const { reason } = dataLimitFailure(service.details?.resourceType ?? resource);
  return { kind: 'failed', error: 'States.DataLimitExceeded', cause: reason };
}

function describe(branch: Branch, { resource, service }: TaskCall, token: string): ResourceCall {
  const { machineName } = branch.execution;
  const state = branch.stateName;
  return {
    machine: machineName,
    state,
    resource,
    iterations: iterationsOf(branch),
    ...(service.pattern !== 'requestResponse' && { taskToken: token }),
  };
}
