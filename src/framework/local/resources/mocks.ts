import { types } from 'node:util';
import type { CallTarget, ResourceAnswer, ResourceCall, SubmittedTask } from '../../asl/runtime/resource.js';
import { optionError } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../../base/size.js';
import type { Json } from '../../asl/values/json.js';
import type { CallTaker } from './resource-list.js';
import { failedWith } from './service-failure.js';

/** A call of a mock, in place of the real resource of a Task state. */
export interface MockCall extends ResourceCall {
  /** The number of earlier calls of this mock. */
  readonly index: number;
  /** Aborted when the task's time is over, or its execution or branch has ended. The response is then ignored. */
  readonly signal: AbortSignal;
}

/** The response of a mock as plain data: a result, or an error. */
export type MockAnswer = { readonly output: unknown } | { readonly error: string; readonly cause?: string };

/**
 * A mock as a function. It returns the result for a task's input. If it throws, the task fails with the name and the
 * message of the thrown error.
 */
export type MockFunction = (input: Json, call: MockCall) => unknown;

/**
 * A mock of a resource that the local service can't run, such as a Lambda function: a response; a function that
 * returns the result; or a list of both, one for each call. The last element of a list is used for all further calls.
 */
export type Mock = MockAnswer | MockFunction | readonly (MockAnswer | MockFunction)[];

/**
 * The mocks. A key is the ARN of a resource, or `Machine.State`. If both keys match a call, `Machine.State` is used.
 */
export type Mocks = Readonly<Record<string, Mock>>;

/** Responds with mocks to the calls of Task states whose resources aren't activities. */
export class MockTable implements CallTaker {
  readonly #counts = new Map<string, number>();

  /** @throws StartError if a mock isn't of a valid form */
  constructor(private readonly mocks: Mocks) {
    for (const [key, mock] of Object.entries(mocks)) {
      const answers: readonly unknown[] = answersOf(mock);
      if (answers.length === 0 || !answers.every(isAnswer)) {
        throw optionError(
          `mocks['${key}']`,
          `expected { output }, { error, cause? }, a function, or a list of these that is not empty, got ${show(mock)}`,
          'write { output: … }, with the result of the Task',
        );
      }
      for (const answer of answers) checkTexts(key, answer);
    }
  }

  takes({ machine, state, resource }: CallTarget): boolean {
    return this.#find(machine, state, resource) !== undefined;
  }

  fix({ machine, state }: CallTarget): string {
    return `give it a mock, by '${machine}.${state}' or by the resource`;
  }

  /** If the mock throws, the answer is a failure. */
  async answer(
    { call }: Pick<SubmittedTask, 'call'>,
    input: Json,
    signal: AbortSignal,
  ): Promise<ResourceAnswer> {
    const found = this.#find(call.machine, call.state, call.resource);
    if (!found) return failedWith('States.Runtime', `Nothing mocks ${call.resource}`);
    const index = this.#counts.get(found.key) ?? 0;
    this.#counts.set(found.key, index + 1);
    const answers = answersOf(found.mock);
    return settle(answers[index] ?? answers.at(-1) ?? { output: null }, input, { ...call, index, signal });
  }

  #find(machine: string, state: string, resource: string): { key: string; mock: Mock } | undefined {
    for (const key of [`${machine}.${state}`, resource]) {
      const mock = Object.hasOwn(this.mocks, key) ? this.mocks[key] : undefined;
      if (mock !== undefined) return { key, mock };
    }
    return undefined;
  }
}

/** Returns the answers of a mock, one for each call. The last is that of all further calls. */
const answersOf = (mock: Mock): readonly (MockAnswer | MockFunction)[] => [mock].flat();

function isAnswer(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return 'output' in value || ('error' in value && typeof value.error === 'string');
}

/**
 * The fields of an error that a mock returns, each with the most characters that it may have. A worker's
 * SendTaskFailure has the same limits.
 */
const TEXTS = [
  ['error', ERROR_LIMIT],
  ['cause', CAUSE_LIMIT],
] as const;

function checkTexts(key: string, answer: unknown): void {
  if (typeof answer === 'function') return;
  for (const [field, limit] of TEXTS) {
    const value: unknown = Reflect.get(answer as object, field);
    if (value === undefined || (typeof value === 'string' && value.length <= limit)) continue;
    const what = `expected '${field}' to be at most ${limit} characters of text`;
    throw optionError(`mocks['${key}']`, what, `write a shorter '${field}'`);
  }
}

async function settle(mock: MockAnswer | MockFunction, input: Json, call: MockCall): Promise<ResourceAnswer> {
  try {
    if (typeof mock === 'function') return succeeded(await mock(input, call));
    if ('error' in mock) return { kind: 'failed', error: mock.error, cause: mock.cause };
    return succeeded(mock.output);
  } catch (error) {
    return thrownOutcome(error);
  }
}

/**
 * Returns the failure for whatever a mock threw. That can be any value, even one that can't be read (a revoked proxy).
 * Long texts are cut to the limits of Step Functions.
 */
function thrownOutcome(thrown: unknown): ResourceAnswer {
  try {
    const { name, message } = Object(thrown) as { name?: unknown; message?: unknown };
    return failedWith(typeof name === 'string' ? name : 'Error', String(message ?? thrown));
  } catch {
    return failedWith('Error', 'what the mock threw could not be read');
  }
}

function succeeded(value: unknown): ResourceAnswer {
  return { kind: 'succeeded', output: JSON.stringify(value, refuseLossy) ?? 'null' };
}

/**
 * Throws if a value is a Map or a Set: JSON would write it as `{}`, and its contents would be lost.
 * @throws TypeError
 */
function refuseLossy(_key: string, value: unknown): unknown {
  if (types.isMap(value)) throw new TypeError("JSON can't hold a Map: answer Object.fromEntries(map)");
  if (types.isSet(value)) throw new TypeError("JSON can't hold a Set: answer [...set]");
  return value;
}
