import { types } from 'node:util';
import type { ResourceCall, Resources } from '../asl/runtime/running-execution.js';
import type { Json } from '../asl/values/json.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../asl/values/limits.js';

/** A call that a mock answers. */
export interface MockCall extends ResourceCall {
  /** The number of calls of this mock before this one. */
  readonly index: number;
}

/** The answer of a mock as plain data: a result or an error. */
export type MockAnswer = { readonly output: unknown } | { readonly error: string; readonly cause?: string };

/** Returns the result for a task's input. If it throws, the task fails with the error's name. */
export type MockFunction = (input: Json, call: MockCall) => unknown;

/**
 * The mock of a resource that the local service doesn't run. It is an answer, the same for each call; or a function
 * that returns the result; or a list of both, one for each call. When the list is used up, its last element answers all
 * further calls.
 */
export type Mock = MockAnswer | MockFunction | readonly (MockAnswer | MockFunction)[];

/** Mocks by the ARN of a resource, or by `Machine.State`. If both match, the mock by `Machine.State` is used. */
export type Mocks = Readonly<Record<string, Mock>>;

export type MockOutcome =
  | { readonly kind: 'succeeded'; readonly output: string }
  | { readonly kind: 'failed'; readonly error: string; readonly cause: string | undefined };

/** Answers the calls of resources with mocks. */
export class MockTable implements Resources {
  readonly #counts = new Map<string, number>();

  /** @throws TypeError that names the mock, if a mock doesn't have a valid form */
  constructor(private readonly mocks: Mocks) {
    for (const [key, mock] of Object.entries(mocks)) {
      const answers: readonly unknown[] = isSequence(mock) ? mock : [mock];
      if (answers.length === 0 || !answers.every(isAnswer)) {
        throw new TypeError(
          `Expected the mock of '${key}' to be { output }, { error, cause? }, a function, or a list of these that is not empty`,
        );
      }
      for (const answer of answers) checkTexts(key, answer);
    }
  }

  has(machine: string, state: string, resource: string): boolean {
    return this.#find(machine, state, resource) !== undefined;
  }

  /** Answers a call. Never rejects. */
  async answer(call: ResourceCall, input: Json): Promise<MockOutcome> {
    const found = this.#find(call.machine, call.state, call.resource);
    if (!found) return { kind: 'failed', error: 'States.Runtime', cause: `Nothing mocks ${call.resource}` };
    const index = this.#counts.get(found.key) ?? 0;
    this.#counts.set(found.key, index + 1);
    return settle(pick(found.mock, index), input, { ...call, index });
  }

  #find(machine: string, state: string, resource: string): { key: string; mock: Mock } | undefined {
    for (const key of [`${machine}.${state}`, resource]) {
      const mock = Object.hasOwn(this.mocks, key) ? this.mocks[key] : undefined;
      if (mock !== undefined) return { key, mock };
    }
    return undefined;
  }
}

function pick(mock: Mock, index: number): MockAnswer | MockFunction {
  if (!isSequence(mock)) return mock;
  return mock[Math.min(index, mock.length - 1)] ?? { output: null };
}

function isAnswer(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  return 'output' in value || ('error' in value && typeof value.error === 'string');
}

/** The text fields of an error, and for each the most characters that Step Functions accepts in a worker's failure. */
const TEXTS = [
  ['error', ERROR_LIMIT],
  ['cause', CAUSE_LIMIT],
] as const;

function checkTexts(key: string, answer: unknown): void {
  if (typeof answer === 'function') return;
  for (const [field, limit] of TEXTS) {
    const value: unknown = Reflect.get(answer as object, field);
    if (value === undefined || (typeof value === 'string' && value.length <= limit)) continue;
    throw new TypeError(
      `Expected '${field}' of the mock of '${key}' to be at most ${limit} characters of text`,
    );
  }
}

function isSequence(mock: Mock): mock is readonly (MockAnswer | MockFunction)[] {
  return Array.isArray(mock);
}

async function settle(mock: MockAnswer | MockFunction, input: Json, call: MockCall): Promise<MockOutcome> {
  try {
    if (typeof mock !== 'function') return outcomeOf(mock);
    return succeeded(await mock(input, call));
  } catch (error) {
    return thrownOutcome(error);
  }
}

/**
 * Makes an outcome from a thrown value, which can be anything, even a revoked proxy. Texts are cut to the limits of
 * Step Functions.
 */
function thrownOutcome(thrown: unknown): MockOutcome {
  try {
    const { name, message } = Object(thrown) as { name?: unknown; message?: unknown };
    const error = typeof name === 'string' ? name : 'Error';
    const cause = String(message ?? thrown);
    return { kind: 'failed', error: error.slice(0, ERROR_LIMIT), cause: cause.slice(0, CAUSE_LIMIT) };
  } catch {
    return { kind: 'failed', error: 'Error', cause: 'what the mock threw could not be read' };
  }
}

function outcomeOf(answer: MockAnswer): MockOutcome {
  if ('error' in answer) return { kind: 'failed', error: answer.error, cause: answer.cause };
  return succeeded(answer.output);
}

function succeeded(value: unknown): MockOutcome {
  return { kind: 'succeeded', output: JSON.stringify(value, refuseLossy) ?? 'null' };
}

/** Throws if the value is a Map or a Set, since JSON would write it as `{}`. @throws TypeError */
function refuseLossy(_key: string, value: unknown): unknown {
  if (types.isMap(value)) throw new TypeError("JSON can't hold a Map: answer Object.fromEntries(map)");
  if (types.isSet(value)) throw new TypeError("JSON can't hold a Set: answer [...set]");
  return value;
}
