import { dataLimitFailure, StateFailure, taskFailure } from '../runtime/state-failure.js';
import type { Json } from '../values/json.js';
import type { ResourceKind } from '../definition/resource.js';
import type { Limits, ResourceAnswer, ResourceCall, TaskOutcome } from '../runtime/running-execution.js';
import type { Branch } from '../runtime/branch.js';
import { isTooLarge } from '../values/limits.js';

/** A call of a resource that a mock answers. */
export interface ServiceCall {
  readonly resource: string;
  readonly kind: ResourceKind;
  readonly limits: Limits;
  /** The role of its Credentials, which the history shows. */
  readonly role: string | undefined;
  /** Works the input out. The token can then be seen in the context, where the task waits for one. */
  readonly input: () => Promise<Json>;
}

/** What a report on the closed task of a token is told. Seen by users of the live service. */
const CLOSED = 'Provided task does not exist anymore';

/**
 * Has a mock answer, within the task's limits; with `.waitForTaskToken` waits for the token's report.
 * @throws StateFailure that nothing catches, where nothing answers
 */
export async function runService(branch: Branch, call: ServiceCall): Promise<Json> {
  const { execution } = branch;
  const { pattern } = call.kind;
  if (!execution.resources.has(execution.machineName, branch.current?.name ?? '', call.resource))
    throw unanswered(branch, call);
  const events = new Events(branch, call);
  const outcome = await branch.scope.wait<TaskOutcome | Error>((resolve) => {
    const task = execution.openTask(CLOSED, {
      input: '',
      ...call.limits,
      isWanted: () => execution.isLive(),
      onStarted: () => events.started(),
      onSettled: (outcome, at) => {
        events.settled(outcome, at);
        resolve(outcome);
      },
    });
    // Recorded: a job has a token too, and a report on it ends the task while the job goes on.
    if (pattern !== 'answer') branch.taskToken = task.token;
    const begin = async (): Promise<void> => {
      const input = await call.input();
      branch.checkSize(input, call.resource);
      events.scheduled(branch.textOf(input));
      task.start();
      const answer = bounded(
        await execution.resources.answer(describe(branch, call, task.token), input),
        call,
      );
      if (answer.kind === 'succeeded' && pattern !== 'answer' && task.isOpen())
        events.submitted(answer.output);
      if (answer.kind === 'failed' || pattern !== 'token') task.settle(answer);
    };
    begin().catch((error: unknown) => {
      task.close();
      resolve(error instanceof Error ? error : new Error(String(error)));
    });
    return () => task.close();
  });
  if (outcome instanceof Error) throw outcome;
  if (outcome.kind !== 'succeeded') throw taskFailure(outcome);
  return JSON.parse(outcome.output) as Json;
}

/** At AWS the service would be called. Here that is said, and no Catch of the machine's own hides it. */
function unanswered(branch: Branch, { resource }: ServiceCall): StateFailure {
  const { machineName } = branch.execution;
  const reason = `Nothing answers '${resource}' in the local service: give it a mock, by '${machineName}.${branch.current?.name ?? ''}' or by the resource.`;
  return new StateFailure('States.Runtime', branch.explain(reason), { fatal: true, own: true });
}

/** Recorded from the live service: an answer that is too large is a failure of the call. */
function bounded(answer: ResourceAnswer, { resource, kind }: ServiceCall): ResourceAnswer {
  if (answer.kind === 'failed' || !isTooLarge(answer.output)) return answer;
  const { reason } = dataLimitFailure(kind.details?.resourceType ?? resource);
  return { kind: 'failed', error: 'States.DataLimitExceeded', cause: reason };
}

function describe(branch: Branch, { resource, kind }: ServiceCall, token: string): ResourceCall {
  const { machineName } = branch.execution;
  const state = branch.current?.name ?? '';
  return { machine: machineName, state, resource, ...(kind.pattern !== 'answer' && { taskToken: token }) };
}

/** The events of one call, in the words of its kind of resource. Recorded from the live service. */
class Events {
  constructor(
    private readonly branch: Branch,
    private readonly call: ServiceCall,
  ) {}

  scheduled(text: string): void {
    const { kind, limits, resource, role } = this.call;
    const more = {
      ...(limits.timeoutSeconds !== undefined && { timeoutInSeconds: limits.timeoutSeconds }),
      ...(limits.heartbeatSeconds !== undefined && { heartbeatInSeconds: limits.heartbeatSeconds }),
      ...(role !== undefined && { taskCredentials: { roleArn: role } }),
    };
    const details = kind.details
      ? { ...kind.details, region: this.branch.execution.region, parameters: text, ...more }
      : { resource, input: text, inputDetails: { truncated: false }, ...more };
    this.#record('Scheduled', details);
  }

  started(): void {
    this.#record('Started', this.call.kind.details);
  }

  submitted(output: string): void {
    this.#record('Submitted', { ...this.call.kind.details, output, outputDetails: { truncated: false } });
  }

  settled(outcome: TaskOutcome, at: number): void {
    const { details } = this.call.kind;
    if (outcome.kind === 'succeeded') {
      const { output } = outcome;
      this.#record('Succeeded', { ...details, output, outputDetails: { truncated: false } }, at);
    } else if (outcome.kind === 'failed') {
      this.#record('Failed', { ...details, ...taskFailure(outcome).details }, at);
    } else this.#record('TimedOut', { ...details, error: 'States.Timeout' }, at);
  }

  #record(what: string, details?: object, at?: number): void {
    this.branch.record(`${this.call.kind.event}${what}`, details, at);
  }
}
