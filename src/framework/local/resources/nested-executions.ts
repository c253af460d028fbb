import { randomUUID } from 'node:crypto';
import type { Logger } from '../../base/log/log.js';
import type { Cancel } from '../../base/time/clock.js';
import type { Soon } from '../../asl/expression.js';
import { parseServiceArn } from '../../asl/definition/service-resource.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../asl/runtime/resource.js';
import { bareText, isObject, readJson, type Json, type JsonObject } from '../../asl/values/json.js';
import type { CallTaker } from './resource-list.js';
import { raised, sdkMetadata, sdkRequest, sdkResponse, sorted } from './sdk-spelling.js';
import { failedWith, optimisedFailure, sdkFailure } from './service-failure.js';

/** The API of the service itself, as the Tasks of its executions call it. */
export interface OwnApi {
  /** Returns true if it can run an operation. @param body the request; undefined when the machine is created */
  has(operation: string, body: JsonObject | undefined): boolean;
  /** What a user can do so that it can, as an imperative. @default nothing */
  readonly fix?: string;
  /** Runs an operation. Fails only if the service itself does. */
  call(operation: string, body: JsonObject, caller: Caller): Soon<ApiAnswer>;
  /** Calls a function once with the response of DescribeExecution, after the execution of a STANDARD machine has ended. */
  whenEnded(executionArn: string, listener: (description: object) => void): Cancel;
  /** Stops an execution; does nothing if it has ended. */
  stop(executionArn: string, cause: string): void;
}

interface Caller {
  readonly parent: { readonly executionArn: string; readonly state: string; readonly scheduledId: number };
  /** Aborted if the call is cut. */
  readonly cut: AbortSignal;
}

type ApiAnswer =
  | { readonly response: object }
  | { readonly error: { readonly type: string; readonly message: string } };

/** The most milliseconds of a turn of the event loop after which a nested execution waits for the next turn. */
const LONGEST_TURN_MS = 50;

/**
 * Answers the Tasks that call Step Functions itself: `states:startExecution` in all its patterns, and every operation by
 * `aws-sdk:sfn`. Recorded from the live service (recorded/nested.ts).
 */
export class NestedExecutions implements CallTaker {
  constructor(
    private readonly api: OwnApi,
    private readonly log: Logger,
  ) {}

  takes({ resource }: CallTarget, input: Json | undefined): boolean {
    const called = calledBy(resource);
    return (
      called !== undefined &&
      this.api.has(called.operation, input === undefined ? undefined : requestOf(input))
    );
  }

  fix({ resource }: CallTarget): string | undefined {
    return calledBy(resource) && this.api.fix;
  }

  async answer(task: SubmittedTask, input: Json, cut: AbortSignal): Promise<ResourceAnswer> {
    // A machine may start itself again and again.
    await task.execution.stepCounter.pause(LONGEST_TURN_MS);
    return cut.aborted ? CUT : this.#call(task, requestOf(input), cut);
  }

  async #call(task: SubmittedTask, body: JsonObject, cut: AbortSignal): Promise<ResourceAnswer> {
    const { execution, call, scheduledId } = task;
    const called = calledBy(call.resource);
    if (!called) throw new Error(`${call.resource} is no call of Step Functions`);
    const parent = { executionArn: execution.arn, state: call.state, scheduledId };
    const isAwaited = called.suffix.startsWith('sync');
    if (isAwaited && (await this.#isExpress(body, { parent, cut }))) {
      const machine = bareText(body['stateMachineArn'] ?? null);
      const cause = `${machine} is an EXPRESS machine: a Task can't wait for its execution by .${called.suffix}`;
      return failedWith('States.TaskFailed', cause);
    }
    const soon = this.api.call(called.operation, body, { parent, cut });
    const answer = soon instanceof Promise ? await soon : soon;
    if ('error' in answer) return this.#failure(task, answer.error, called, body);
    const { response } = answer;
    const output = JSON.stringify(called.isSdk ? sdkResponse(response, isoDate) : startedOutput(response));
    const end = isAwaited
      ? this.#endOf(String(Reflect.get(response, 'executionArn')), task, called, cut)
      : { kind: 'succeeded' as const, output };
    // A child that has started waits for its turn: what it does comes after this.
    if (called.suffix !== '' && !cut.aborted) task.submitted(output);
    return end;
  }

  async #isExpress({ stateMachineArn = null }: JsonObject, caller: Caller): Promise<boolean> {
    const answer = await this.api.call('DescribeStateMachine', { stateMachineArn }, caller);
    return 'response' in answer && Reflect.get(answer.response, 'type') === 'EXPRESS';
  }

  /** Returns the result of a child when it has ended. Stops the child if the task is cut. */
  #endOf(
    executionArn: string,
    { execution }: SubmittedTask,
    { suffix }: Called,
    cut: AbortSignal,
  ): Promise<ResourceAnswer> {
    const cause = `The Task state in AWS Step Functions execution [${execution.arn}] which was managing this resource was aborted`;
    return new Promise((resolve) => {
      const ignore = this.api.whenEnded(executionArn, (description) =>
        resolve(childAnswer(description, suffix)),
      );
      const stop = (): void => {
        ignore();
        // Executions may be nested so deep that a child can't be stopped inside the stop of its parent.
        void Promise.resolve().then(() => this.api.stop(executionArn, cause));
      };
      if (cut.aborted) stop();
      else cut.addEventListener('abort', stop);
    });
  }

  /** The error that the live service's API responds with is the same, so the log says what helps. */
  #failure(
    { call: { machine, state } }: SubmittedTask,
    { type, message }: { type: string; message: string },
    { isSdk }: Called,
    body: JsonObject,
  ): ResourceAnswer {
    if (type === 'StateMachineDoesNotExist')
      this.log.warn(
        { machine, state, stateMachineArn: body['stateMachineArn'] },
        `the state '${state}' of '${machine}' calls a state machine that isn't in the local service: create it, or give the state a mock, by '${machine}.${state}'`,
      );
    const fault = { name: type, message, status: 400, requestId: randomUUID() };
    return isSdk ? sdkFailure('Sfn', fault) : optimisedFailure('states', fault);
  }
}

/** The answer to a task that was cut. */
const CUT = failedWith('States.Runtime', 'The task was cut.');

/** The way in which a Task calls Step Functions: by its optimised integration (`states`), or by that of the SDK. */
interface Called {
  readonly operation: string;
  readonly isSdk: boolean;
  /** The suffix of the resource, such as `.sync:2`; empty if there is none. */
  readonly suffix: string;
}

function calledBy(arn: string): Called | undefined {
  const { resourceType, resource = '' } = parseServiceArn(arn)?.details ?? {};
  if (resourceType !== 'states' && resourceType !== 'aws-sdk:sfn') return undefined;
  const [action = '', ...suffix] = resource.split('.');
  return { operation: raised(action), isSdk: resourceType !== 'states', suffix: suffix.join('.') };
}

const requestOf = (input: Json): JsonObject => (isObject(input) ? sdkRequest(input) : {});

const isoDate = (seconds: number): string => new Date(seconds * 1000).toISOString();
const epochMs = (seconds: number): number => Math.round(seconds * 1000);

/** Returns the result of a `.sync` Task from the response of DescribeExecution for its child. */
function childAnswer(description: object, suffix: string): ResourceAnswer {
  const child = sorted(Object.entries(sdkResponse(description, epochMs) as JsonObject));
  if (child['Status'] !== 'SUCCEEDED') return failedWith('States.TaskFailed', JSON.stringify(child));
  if (suffix === 'sync:2') {
    child['Input'] = readJson(bareText(child['Input'] ?? null));
    child['Output'] = readJson(bareText(child['Output'] ?? null));
  }
  return { kind: 'succeeded', output: JSON.stringify(child) };
}

/** Returns what `states:startExecution` answers: the response of StartExecution, and what the SDK knows of it. */
function startedOutput(response: object): Json {
  const { ExecutionArn = '', StartDate = 0 } = sdkResponse(response, epochMs) as JsonObject;
  const id = randomUUID();
  // The live service writes the date as in 1.688130139123E9.
  const [, first, rest] = /^(\d)(\d*?)0*$/.exec(JSON.stringify(StartDate)) ?? [];
  const wire = `{"executionArn":${JSON.stringify(ExecutionArn)},"startDate":${first}.${rest}E9}`;
  const headers = [
    ['x-amzn-RequestId', id],
    ['connection', 'keep-alive'],
    ['Content-Length', String(Buffer.byteLength(wire))],
    ['Date', new Date(Number(StartDate)).toUTCString()],
    ['Content-Type', 'application/x-amz-json-1.0'],
  ] as const;
  return { ExecutionArn, ...(sdkMetadata(200, headers) as JsonObject), StartDate };
}
