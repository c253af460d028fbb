import type { Agent } from 'node:http';
import { isPlainObject } from './json.js';
import { systemClock } from './time/clock.js';
import { parseDuration } from './time/duration.js';

/**
 * A header that is in every response of the local service, and in none of AWS. A client can tell by it that it talks to
 * the local service.
 */
export const SERVICE_HEADER = 'x-stepwright-service';

/**
 * The `x-amz-target` of an operation that only the local service has. It responds without a task to the open
 * GetActivityTask calls of one worker, whose name is in the field `workerName` of the body.
 */
export const END_POLLS = 'StepwrightLocal.EndPolls';

/**
 * The `x-amz-target` of an operation that only the local service has. It starts an execution in any state at the top
 * level of a machine. The body has `executionArn` of an earlier execution of the machine, the name of the `state` and,
 * optionally, the `input` of that state and the `name` of the new execution.
 */
export const START_FROM = 'StepwrightLocal.StartExecutionFrom';

/**
 * The `x-amz-target` of an operation that only the local service has. It takes what a worker says about its tasks, for
 * the console: `lines` of its log, and `progress`. Each has the `task` (the hash of its token) and `at`, in epoch
 * milliseconds.
 */
export const PUT_TASK_LOG = 'StepwrightLocal.PutTaskLog';

/**
 * The `x-amz-target` of an operation that only the local service has. It shows an execution that ran elsewhere. The body
 * has `executionArn`, `input`, `startedAt`, `stateMachineArn`, `definition`, `roleArn`, and a part of its `events`, as the
 * JSON of `PutEvent[]`. If the execution has ended, the request with the last part has its `status` and `stoppedAt`, and
 * perhaps `output`, `error` and `cause`. Times are epoch milliseconds.
 */
export const PUT_EXECUTION = 'StepwrightLocal.PutExecution';

/** A history event of an execution that ran elsewhere. */
export interface PutEvent {
  readonly id: number;
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** The role of machines that are made without one at the local service, which has no use for roles. */
export const localRole = (account: string = '123456789012', partition: string = 'aws'): string =>
  `arn:${partition}:iam::${account}:role/stepwright-local`;

/** The operations that only the local service has. */
export const OWN_OPERATIONS: readonly string[] = [END_POLLS, START_FROM, PUT_TASK_LOG, PUT_EXECUTION];

/**
 * The channels of `node:diagnostics_channel` on which a local service tells that an evaluation of JSONata has gone to
 * another thread, and that it has ended. A clock that a test moves waits for these: the process has nothing to do
 * meanwhile, and yet the execution goes on.
 */
export const EVALUATION_STARTS = 'stepwright.evaluation.start';
export const EVALUATION_ENDS = 'stepwright.evaluation.finish';

/** The most milliseconds to wait for a response from a service on this machine. */
const ANSWER_MS = 1_000;

/**
 * Sends a request to what may be a local service. Resolves with true if one has answered it, within a second. Resolves
 * with false if there is no answer, or if something else listens there. Never rejects.
 * @param target the operation, such as `END_POLLS`. @default none: the request changes nothing
 * @param agent keeps the connection for further requests. @default the connection is closed
 */
export function callLocalService(
  url: string,
  body: object,
  { target, agent = false }: { readonly target?: string; readonly agent?: Agent | false } = {},
): Promise<boolean> {
  // Loaded here, since a test bed and a worker at AWS load this file but send nothing.
  const { request } = process.getBuiltinModule('node:http');
  const headers = { ...(target !== undefined && { 'x-amz-target': target }) };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      resolve(response.headers[SERVICE_HEADER] !== undefined);
    });
    // It also ends a request that waits for a connection of the agent. A socket's timeout would not.
    const cancel = systemClock.after(ANSWER_MS, () => sent.destroy());
    sent.on('error', () => resolve(false));
    sent.on('close', () => {
      cancel();
      resolve(false);
    });
    sent.end(JSON.stringify(body));
  });
}

/** Resolves to true if the local service of a `start`, `local` or `dev` listens at the URL. Never rejects. */
export const isLocalService = (url: string): Promise<boolean> =>
  // A POST without an operation changes nothing. A GET could be answered by the console instead.
  callLocalService(url, {});

/** The longest time that Lambda allows. */
const LONGEST_MS = 15 * 60_000;

/** Splits `./dist/file.handler` as Lambda does: at the first dot of the file's name. */
const HANDLER = /^((?:.*[/\\])?[^./\\]+)\.(?![cm]?[jt]s\.)([^/\\]+)$/;

/** The form of a Lambda function that the local service runs, as messages show it. */
export const FUNCTION_FORM = "'./dist/file.handler', or { handler, timeout: '30s', memoryMb: 128, env }";

/** Returns the path of a handler's module without its extension, and the name of the export; undefined for neither. */
export function handlerIn(text: unknown): { readonly path: string; readonly handler: string } | undefined {
  const [, path, handler] = (typeof text === 'string' && HANDLER.exec(text)) || [];
  return path === undefined || handler === undefined ? undefined : { path, handler };
}

/** Returns true if a function is configured in a valid form. */
export function isFunctionForm(given: unknown): boolean {
  if (!isPlainObject(given)) return handlerIn(given) !== undefined;
  const { handler, timeout = '15m', memoryMb = 512, env = {}, ...others } = given;
  const isTimeout = (parseDuration(timeout) ?? Infinity) <= LONGEST_MS;
  const isForm = isTimeout && isMemory(memoryMb) && isPlainObject(env) && Object.keys(others).length === 0;
  return isForm && handlerIn(handler) !== undefined;
}

const isMemory = (megabytes: unknown): boolean =>
  Number.isInteger(megabytes) && Number(megabytes) >= 128 && Number(megabytes) <= 10_240;

/** Returns a function as messages show it: of its variables, which may be secret, the names alone. */
export const withoutVariables = (given: unknown): unknown =>
  isPlainObject(given) && isPlainObject(given['env']) ? { ...given, env: Object.keys(given['env']) } : given;
