import type { Cancel } from '../../../base/time/clock.js';
import { iterationsOf } from '../runtime/running-execution.js';
import { dataLimitFailure, StateFailure, taskFailure } from '../runtime/state-failure.js';
import type { Json } from '../values/json.js';
import { ACTIVITY, type ServiceResource } from '../definition/service-resource.js';
import type {
  Limits,
  ResourceAnswer,
  ResourceCall,
  TaskOrder,
  TaskOutcome,
  TokenTask,
} from '../runtime/running-execution.js';
import { WHOLE, type Branch } from '../runtime/branch.js';
import type { Soon } from '../expression/soon.js';
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
class TaskRun {
  /** The arguments of the call as JSON text; an empty string until it is scheduled. */
  #input = '';
  #cut: Cancel = () => {};

  constructor(
    private readonly branch: Branch,
    private readonly call: TaskCall,
    private readonly resolve: (outcome: TaskOutcome | Error) => void,
  ) {}

  /** Begins the task. The returned function ends it without an outcome. */
  begin(): Cancel {
    const { execution, stateName } = this.branch;
    const { pattern } = this.call.service;
    const isQueued = this.#isActivity && execution.resources.takesActivity?.(stateName) !== true;
    const task = isQueued ? undefined : execution.world.tasks.open(CLOSED, this.#order());
    if (task) this.#cut = () => task.close();
    // Recorded from the live service: a job (`.sync`) has a token too. A result sent with it ends the task, although
    // the job continues.
    if (task && pattern !== 'requestResponse') this.branch.taskToken = task.token;
    this.#submit(task).catch((error: unknown) => {
      this.#cut();
      this.resolve(error instanceof Error ? error : new Error(String(error)));
    });
    return () => this.#cut();
  }

  get #isActivity(): boolean {
    return this.call.service === ACTIVITY;
  }

  #order(scheduledId?: number): TaskOrder {
    const { execution, stateName: state } = this.branch;
    const from = { execution, state, lane: this.branch };
    const input = (): string => this.#input;
    return {
      get input() {
        return input();
      },
      ...this.call.limits,
      ...(scheduledId !== undefined && { origin: { ...from, scheduledId } }),
      ...(this.call.service.pattern === 'callback' && { callback: from }),
      isWanted: () => execution.isLive(),
      onStarted: (workerName, at) => this.#started(workerName, at),
      onSettled: (outcome, at) => {
        this.#settled(outcome, at);
        this.resolve(outcome);
      },
    };
  }

  /** Schedules the task, and gives it to its resource. `task` is undefined if a worker is to take it. */
  async #submit(task: TokenTask | undefined): Promise<void> {
    const { branch, call } = this;
    const { machineName, resources, world } = branch.execution;
    const evaluated = call.input();
    const input = evaluated instanceof Promise ? await evaluated : evaluated;
    if (!task && !world.activities.has(call.resource)) throw missingActivity(branch, call);
    branch.checkSize(input, call.resource);
    if (task && !resources.has(machineName, branch.stateName, call.resource)) throw unanswered(branch, call);
    const scheduledId = this.#scheduled(branch.textOf(input));
    // Another branch may have failed meanwhile, and to record an event may end the execution.
    if (branch.scope.ended) return;
    if (task) await this.#ask(task, input);
    else this.#cut = world.activities.schedule(call.resource, this.#order(scheduledId));
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
    this.#input = text;
    const { service, limits, resource, role } = this.call;
    const more = {
      ...(limits.timeoutSeconds !== undefined && { timeoutInSeconds: limits.timeoutSeconds }),
      ...(limits.heartbeatSeconds !== undefined && { heartbeatInSeconds: limits.heartbeatSeconds }),
      ...(role !== undefined && !this.#isActivity && { taskCredentials: { roleArn: role } }),
    };
    const details = service.details
      ? { ...service.details, region: this.branch.execution.region, parameters: text, ...more }
      : { resource, input: text, inputDetails: WHOLE, ...more };
    return this.#record('Scheduled', details);
  }

  #started(workerName: string | undefined, at: number): void {
    const details = this.#isActivity ? { ...(workerName !== undefined && { workerName }) } : undefined;
    this.#record('Started', details ?? this.call.service.details, at);
  }

  #submitted(output: string): void {
    this.#record('Submitted', { ...this.call.service.details, output, outputDetails: WHOLE });
  }

  #settled(outcome: TaskOutcome, at: number): void {
    const { details } = this.call.service;
    if (outcome.kind === 'succeeded') {
      const { output } = outcome;
      this.#record('Succeeded', { ...details, output, outputDetails: WHOLE }, at);
    } else if (outcome.kind === 'failed') {
      this.#record('Failed', { ...details, ...taskFailure(outcome).details }, at);
    } else this.#record('TimedOut', { ...details, error: 'States.Timeout' }, at);
  }

  #record(what: string, details?: object, at?: number): number {
    return this.branch.record(`${this.call.service.event}${what}`, details, at);
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
