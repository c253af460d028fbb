import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Clock } from '../../../base/time/clock.js';
import { parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../asl/runtime/resource.js';
import { bareText, isObject, type Json, type JsonObject, parseJson } from '../../asl/values/json.js';
import type { CallTaker } from '../resource-list.js';
import { type Failure, optimisedFailure } from '../service-failure.js';
import { FunctionProcesses } from './function-processes.js';
import { invokeAt, type NamedFunction } from './function-endpoint.js';
import {
  invokeAnswer,
  type LambdaAnswer,
  localAnswer,
  plainAnswer,
  sdkInvokeAnswer,
} from './lambda-answer.js';

/** A Lambda function that the local service runs: its handler as `./dist/file.export`, or this and its settings. */
export type LocalFunction =
  | string
  | {
      /** The path of the compiled module without its extension, a dot, and the name of the exported handler. */
      readonly handler: string;
      /** The longest time of an invocation. @default '15m' */
      readonly timeout?: string;
      /** The memory of the function, in megabytes. @default 512 */
      readonly memoryMb?: number;
      /** Variables of the environment, in addition to those of the service. */
      readonly env?: Readonly<Record<string, string>>;
    };

/** The functions that the local service runs. A key is the name of a function. */
export type Lambdas = Readonly<Record<string, LocalFunction>>;

/** The longest time that Lambda allows. */
const LONGEST_MS = 15 * 60_000;
const MEMORY_MB = 512;

const FUNCTION =
  /^(?:(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):)?(?:\d{12}:)?function:)?([\w-]+)(?::([\w$-]+))?$/;
const INVOKE = /:states:[a-z0-9-]*:[0-9]*:(aws-sdk:)?lambda:invoke(?:\.waitForTaskToken)?$/;

/** Returns the function that a name, an ARN or a part of an ARN names; undefined if it is none of them. */
function functionIn(given: string): NamedFunction | undefined {
  const [, region, name, qualifier] = FUNCTION.exec(given) ?? [];
  return name === undefined ? undefined : { given, name, region, qualifier };
}

/** Runs Lambda functions: those that are configured here, and all others at the endpoint of Lambda if there is one. */
export class Functions implements CallTaker {
  #own: ReadonlyMap<string, FunctionProcesses>;
  /** Those that were replaced while they ran. */
  #retired: readonly FunctionProcesses[] = [];

  /**
   * @param clock the clock for the time that functions take
   * @throws TypeError if a function is configured in no valid form
   */
  constructor(
    lambdas: Lambdas,
    private readonly endpoint: string | undefined,
    private readonly clock: Clock,
  ) {
    this.#own = this.#made(lambdas);
  }

  /** Replaces the functions that run here, and loads those again that stay. Invocations that run go on. */
  replace(lambdas: Lambdas): void {
    const replaced = [...this.#own.values()];
    this.#own = this.#made(lambdas);
    for (const processes of replaced) processes.retire();
    this.#retired = [...this.#retired, ...replaced].filter((each) => each.isRunning);
  }

  #made(lambdas: Lambdas): ReadonlyMap<string, FunctionProcesses> {
    return new Map(
      Object.entries(lambdas).map(([key, given]) => {
        const name = functionIn(key)?.name ?? key;
        return [name, new FunctionProcesses(setupOf(name, given), this.clock)];
      }),
    );
  }

  takes({ resource }: CallTarget, input: Json | undefined): boolean {
    if (INVOKE.test(resource) && input === undefined)
      return this.#own.size > 0 || this.endpoint !== undefined;
    const called = calledBy(resource, input);
    return called !== undefined && (this.#own.has(called.name) || this.endpoint !== undefined);
  }

  fix({ resource }: CallTarget, input: Json | undefined): string | undefined {
    const called = calledBy(resource, input);
    if (!called && !INVOKE.test(resource)) return undefined;
    return `run the function here, by lambdas: { '${called?.name ?? 'NAME'}': './dist/FILE.handler' }, or set AWS_ENDPOINT_URL_LAMBDA`;
  }

  /** Ends all processes. */
  close(): void {
    for (const processes of [...this.#own.values(), ...this.#retired]) processes.close();
  }

  async answer(
    { call: { resource } }: SubmittedTask,
    input: Json,
    cut: AbortSignal,
  ): Promise<ResourceAnswer> {
    const called = calledBy(resource, input);
    if (!called) throw new Error(`${resource} names no function`);
    const [, sdk] = INVOKE.exec(resource) ?? [];
    const isPlain = !INVOKE.test(resource);
    const parameters = !isPlain && isObject(input) ? input : {};
    // Recorded from the live service: text is sent as it is, and null as an empty object.
    const payload = isPlain ? JSON.stringify(input) : bareText(parameters['Payload'] ?? {});
    const answer = await this.#invoke(called, payload, parameters, cut);
    if ('kind' in answer) return answer;
    if (isPlain) return plainAnswer(answer);
    return sdk === undefined ? invokeAnswer(answer) : sdkInvokeAnswer(answer);
  }

  async #invoke(
    called: NamedFunction,
    payload: string,
    parameters: JsonObject,
    signal: AbortSignal,
  ): Promise<LambdaAnswer | Failure> {
    const own = this.#own.get(called.name);
    if (!own) return invokeAt(this.endpoint ?? '', called, payload, parameters, signal);
    const requestId = randomUUID();
    if (parseJson(payload) === undefined)
      return optimisedFailure('lambda', { ...NOT_JSON, status: 400, requestId });
    const { InvocationType: type } = parameters;
    if (type === 'DryRun') return localAnswer(requestId, 204);
    const functionArn = `arn:aws:lambda:${called.region ?? 'us-east-1'}:123456789012:function:${called.name}`;
    const running = own.invoke({ requestId, payload, functionArn });
    if (type === 'Event') return localAnswer(requestId, 202);
    const { payload: result, isError } = await running;
    return localAnswer(requestId, 200, result, isError);
  }
}

/** The error of Lambda for a payload that isn't JSON. */
const NOT_JSON = {
  name: 'InvalidRequestContentException',
  message: 'Could not parse request body into json',
};

/** Returns the function that a Task calls; undefined if it calls none. */
function calledBy(resource: string, input: Json | undefined): NamedFunction | undefined {
  if (!INVOKE.test(resource)) return resource.includes(':lambda:') ? functionIn(resource) : undefined;
  const name = isObject(input) ? input['FunctionName'] : undefined;
  return typeof name === 'string' ? functionIn(name) : undefined;
}

/** Splits `./dist/file.handler` as Lambda does: at the first dot of the file's name. */
function splitHandler(text: string): [path: string, handler: string] | undefined {
  const [, path, handler] = /^((?:.*[/\\])?[^./\\]+)\.([^/\\]+)$/.exec(text) ?? [];
  return path === undefined || handler === undefined ? undefined : [resolve(path), handler];
}

const isMemory = (megabytes: number): boolean => Number.isSafeInteger(megabytes) && megabytes >= 1;

/** @throws TypeError if the function is in no valid form */
function setupOf(name: string, given: LocalFunction) {
  const {
    handler: text,
    timeout,
    memoryMb = MEMORY_MB,
    env = {},
  } = typeof given === 'string' ? { handler: given } : given;
  const [module, handler] = splitHandler(text) ?? [];
  const timeoutMs = timeout === undefined ? LONGEST_MS : parseDuration(timeout);
  if (module === undefined || handler === undefined || timeoutMs === undefined || !isMemory(memoryMb))
    throw new TypeError(
      `Expected the function '${name}' to be './dist/file.handler', or { handler, timeout: '30s', memoryMb, env }, got ${show(given)}`,
    );
  const variables = {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    _HANDLER: text,
  };
  return { name, module, handler, memoryMb, timeoutMs, env: { ...variables, ...env } };
}
