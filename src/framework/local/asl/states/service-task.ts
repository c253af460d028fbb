import { iterationsOf } from '../runtime/running-execution.js';
import { dataLimitFailure, StateFailure, taskFailure } from '../runtime/state-failure.js';
import type { Json } from '../values/json.js';
import type { ServiceResource } from '../definition/service-resource.js';
import type {
  Limits,
  ResourceAnswer,
  ResourceCall,
  TaskOutcome,
  TokenTask,
} from '../runtime/running-execution.js';
import type { Branch } from '../runtime/branch.js';
import type { Soon } from '../expression/soon.js';
import type { WorkResult } from './state.js';
import { isTooLarge } from '../values/limits.js';

/** A call that a Task state makes to a resource that isn't an activity. In the local service a mock responds to it. */
export interface ServiceCall {
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
 * Runs a Task state by calling a mock in place of its resource, within TimeoutSeconds and HeartbeatSeconds. If the
 * resource ends in `.waitForTaskToken`, the Task ends when a result or a failure is sent with its token.
 * @throws StateFailure if there is no mock for the resource. No Retry or Catch matches this failure
 */
export async function runService(branch: Branch, call: ServiceCall): Promise<WorkResult> {
  const events = new CallEvents(branch, call);
  const outcome = await branch.scope.wait<TaskOutcome | Error>((resolve) => {
    const task = openTask(branch, call, events, resolve);
    // Recorded from the live service: a job (`.sync`) has a token too. A result sent with it ends the task, although
    // the job continues.
    if (call.service.pattern !== 'requestResponse') branch.taskToken = task.token;
    answerTask(branch, call, task, events).catch((error: unknown) => {
      task.close();
      resolve(error instanceof Error ? error : new Error(String(error)));
    });
    return () => task.close();
  });
  if (outcome instanceof Error) throw outcome;
  if (outcome.kind !== 'succeeded') throw taskFailure(outcome);
  return { result: JSON.parse(outcome.output) as Json };
}

function openTask(
  branch: Branch,
  { limits, service }: ServiceCall,
  events: CallEvents,
  onSettled: (outcome: TaskOutcome) => void,
): TokenTask {
  const { execution, stateName } = branch;
  return execution.world.tasks.open(CLOSED, {
    get input() {
      return events.input;
    },
    ...limits,
    ...(service.pattern === 'callback' && { callback: { execution, state: stateName, lane: branch } }),
    isWanted: () => execution.isLive(),
    onStarted: () => events.started(),
    onSettled: (outcome, at) => {
      events.settled(outcome, at);
      onSettled(outcome);
    },
  });
}

/**
 * Calls the mock. If it returns an error, the task fails. If it returns a result, that is the task's result. For a
 * `.waitForTaskToken` resource the result is ignored: the task then waits for its token to be sent back.
 */
async function answerTask(
  branch: Branch,
  call: ServiceCall,
  task: TokenTask,
  events: CallEvents,
): Promise<void> {
  const { pattern } = call.service;
  const evaluated = call.input();
  const input = evaluated instanceof Promise ? await evaluated : evaluated;
  branch.checkSize(input, call.resource);
  const { machineName, resources } = branch.execution;
  if (!resources.has(machineName, branch.stateName, call.resource)) throw unanswered(branch, call);
  events.scheduled(branch.textOf(input));
  // Another branch may have failed meanwhile, and to record an event may end the execution.
  if (branch.scope.ended) return;
  task.start();
  const answer = bounded(await resources.answer(describe(branch, call, task.token), input), call);
  if (answer.kind === 'succeeded' && pattern !== 'requestResponse' && task.isOpen())
    events.submitted(answer.output);
  if (answer.kind === 'failed' || pattern !== 'callback' || answer.endsCallback) task.settle(answer);
}

/**
 * Returns the failure of a call for which there is no mock. No Catch matches it: on AWS the real service would be
 * called, so a state machine that handled the missing mock would hide a mistake in the test.
 */
export function unanswered(branch: Branch, { resource }: Pick<ServiceCall, 'resource'>): StateFailure {
  const { machineName, resources } = branch.execution;
  const usual = `Nothing answers '${resource}' in the local service: give it a mock, by '${machineName}.${branch.stateName}' or by the resource.`;
  const reason = resources.whyNot?.(branch.stateName) ?? usual;
  return new StateFailure('States.Runtime', branch.explain(reason), { fatal: true, own: true });
}

/** Returns a failure instead of a mock's result that is too large, as the live service does (recorded). */
function bounded(answer: ResourceAnswer, { resource, service }: ServiceCall): ResourceAnswer {
  if (answer.kind === 'failed' || !isTooLarge(answer.output)) return answer;
  const { reason } = dataLimitFailure(service.details?.resourceType ?? resource);
  return { kind: 'failed', error: 'States.DataLimitExceeded', cause: reason };
}

function describe(branch: Branch, { resource, service }: ServiceCall, token: string): ResourceCall {
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

/**
 * Records the history events of one call. The types of these events, such as TaskScheduled, depend on the resource.
 * Recorded from the live service.
 */
class CallEvents {
  /** The arguments of the call as JSON text; an empty string until the call is made. */
  input = '';

  constructor(
    private readonly branch: Branch,
    private readonly call: ServiceCall,
  ) {}

  scheduled(text: string): void {
    this.input = text;
    const { service, limits, resource, role } = this.call;
    const more = {
      ...(limits.timeoutSeconds !== undefined && { timeoutInSeconds: limits.timeoutSeconds }),
      ...(limits.heartbeatSeconds !== undefined && { heartbeatInSeconds: limits.heartbeatSeconds }),
      ...(role !== undefined && { taskCredentials: { roleArn: role } }),
    };
    const details = service.details
      ? { ...service.details, region: this.branch.execution.region, parameters: text, ...more }
      : { resource, input: text, inputDetails: { truncated: false }, ...more };
    this.#record('Scheduled', details);
  }

  started(): void {
    this.#record('Started', this.call.service.details);
  }

  submitted(output: string): void {
    this.#record('Submitted', { ...this.call.service.details, output, outputDetails: { truncated: false } });
  }

  settled(outcome: TaskOutcome, at: number): void {
    const { details } = this.call.service;
    if (outcome.kind === 'succeeded') {
      const { output } = outcome;
      this.#record('Succeeded', { ...details, output, outputDetails: { truncated: false } }, at);
    } else if (outcome.kind === 'failed') {
      this.#record('Failed', { ...details, ...taskFailure(outcome).details }, at);
    } else this.#record('TimedOut', { ...details, error: 'States.Timeout' }, at);
  }

  #record(what: string, details?: object, at?: number): void {
    this.branch.record(`${this.call.service.event}${what}`, details, at);
  }
}
