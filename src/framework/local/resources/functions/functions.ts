import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../base/log/log.js';
import { didYouMean } from '../../../base/show.js';
import type { Clock } from '../../../base/time/clock.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../../asl/runtime/resource.js';
import { parseArn } from '../../../asl/values/arn.js';
import { bareText, isObject, type Json, type JsonObject, parseJson } from '../../../asl/values/json.js';
import type { CallTaker } from '../resource-list.js';
import { type Failure, optimisedFailure } from '../service-failure.js';
import { FunctionProcesses } from './function-processes.js';
import { type Lambdas, setupsOf } from './function-setup.js';
import { functionIn, invokeAt, type NamedFunction } from './function-endpoint.js';
import {
  invokeAnswer,
  type LambdaAnswer,
  localAnswer,
  plainAnswer,
  sdkInvokeAnswer,
} from './lambda-answer.js';

const INVOKE = /:states:[a-z0-9-]*:[0-9]*:(aws-sdk:)?lambda:invoke(?:\.waitForTaskToken)?$/;

/** Runs Lambda functions: those that are configured here, and all others at the endpoint of Lambda if there is one. */
export class Functions implements CallTaker {
  #own: ReadonlyMap<string, FunctionProcesses>;
  /** Those that were replaced while they ran. */
  #retired: readonly FunctionProcesses[] = [];

  /**
   * @param env the variables of the service, with the endpoints that functions may call
   * @param clock the clock for the time that functions take
   * @param log receives what functions write. @default standard output
   * @throws StartError if a function is configured in no valid form
   */
  constructor(
    lambdas: Lambdas,
    private readonly endpoint: string | undefined,
    private readonly env: NodeJS.ProcessEnv,
    private readonly clock: Clock,
    private readonly log: Logger | undefined,
  ) {
    this.#own = this.#made(lambdas);
  }

  /** Replaces the functions that run here, and loads those again that stay. Invocations that run go on. */
  replace(lambdas: Lambdas): void {
    const replaced = [...this.#own.values()];
    this.#own = this.#made(lambdas);
    for (const processes of replaced) processes.retire();
    this.#retired = [...this.#retired, ...replaced].filter((each) => each.busy > 0);
  }

  #made(lambdas: Lambdas): ReadonlyMap<string, FunctionProcesses> {
    const made = setupsOf(lambdas, this.env);
    return new Map(
      [...made].map(([name, setup]) => [name, new FunctionProcesses(setup, this.clock, this.log)]),
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
    const { name = 'NAME' } = called ?? {};
    const other = this.#own.size === 0 ? '' : ` (${didYouMean(name, [...this.#own.keys()])})`;
    return `run the function here, by lambdas: { '${name}': './dist/FILE.handler' }${other}, or set AWS_ENDPOINT_URL_LAMBDA`;
  }

  /** Ends all processes. */
  close(): void {
    for (const processes of [...this.#own.values(), ...this.#retired]) processes.close();
  }

  async answer(
    { call: { resource }, execution }: SubmittedTask,
    input: Json,
    cut: AbortSignal,
  ): Promise<ResourceAnswer> {
    const called = calledBy(resource, input, parseArn(execution.arn)?.region);
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
    const functionArn = `arn:aws:lambda:${called.region}:123456789012:function:${called.name}`;
    const running = own.invoke({ requestId, payload, functionArn });
    if (type === 'Event') return localAnswer(requestId, 202);
    return localAnswer(requestId, 200, await running);
  }
}

/** The error of Lambda for a payload that isn't JSON. */
const NOT_JSON = {
  name: 'InvalidRequestContentException',
  message: 'Could not parse request body into json',
};

/**
 * Returns the function that a Task calls; undefined if it calls none.
 * @param home the region of the machine, where a function is that is called by its name
 */
function calledBy(resource: string, input: Json | undefined, home?: string): NamedFunction | undefined {
  if (!INVOKE.test(resource)) return resource.includes(':lambda:') ? functionIn(resource, home) : undefined;
  const name = isObject(input) ? input['FunctionName'] : undefined;
  return typeof name === 'string' ? functionIn(name, home) : undefined;
}
