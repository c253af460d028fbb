import { didYouMean } from '../../base/show.js';
import type { Cancel } from '../../base/time/clock.js';
import type {
  ResourceAnswer,
  ResourceCall,
  Resources,
  SubmittedTask,
} from '../asl/runtime/running-execution.js';
import { isObject, type Json } from '../asl/values/json.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../asl/values/limits.js';

/**
 * A mock file of Step Functions Local, with the test cases of state machines. AWS page "Using mocked service
 * integrations for testing in Step Functions Local".
 */
export interface MockConfig {
  readonly StateMachines: Readonly<
    Record<string, { readonly TestCases: Readonly<Record<string, Readonly<Record<string, string>>>> }>
  >;
  /** The responses by their names. The key of a response is an invocation, as in `"0"`, or a range, as in `"1-2"`. */
  readonly MockedResponses: Readonly<Record<string, Readonly<Record<string, MockedResponse>>>>;
}

/** The response to an invocation: a result, or an error. */
export type MockedResponse =
  | { readonly Return: unknown }
  | { readonly Throw: { readonly Error: string; readonly Cause: string } };

/** A mistake in a mock file, and the keys that lead to it. */
export interface MockConfigMistake {
  readonly steps: readonly string[];
  readonly what: string;
  readonly fix: string;
}

/** The number of the first and of the last invocation to which a response belongs. */
interface Range {
  readonly key: string;
  readonly first: number;
  readonly last: number;
}

/** The most invocations of a state for which a mock file may have responses. */
const MOST_INVOCATIONS = 1_000_000;

/** Returns all mistakes in a mock file; none if it is a {@link MockConfig}. */
export function mockConfigMistakes(value: unknown): MockConfigMistake[] {
  const mistakes: MockConfigMistake[] = [];
  const machines = objectIn(mistakes, [], value, ['StateMachines', 'MockedResponses']);
  if (!machines) return mistakes;
  const { StateMachines, MockedResponses } = machines;
  const responses = objectIn(mistakes, ['MockedResponses'], MockedResponses) ?? {};
  for (const [name, response] of Object.entries(responses))
    checkResponses(mistakes, ['MockedResponses', name], response);
  for (const [name, machine] of Object.entries(objectIn(mistakes, ['StateMachines'], StateMachines) ?? {})) {
    const at = ['StateMachines', name];
    const { TestCases } = objectIn(mistakes, at, machine, ['TestCases']) ?? {};
    const cases = objectIn(mistakes, [...at, 'TestCases'], TestCases) ?? {};
    for (const [testCase, states] of Object.entries(cases))
      checkCase(mistakes, [...at, 'TestCases', testCase], states, Object.keys(responses));
  }
  return mistakes;
}

/**
 * Returns a value that has to be an object; undefined if it isn't.
 * @param keys the keys that it must have, and no others. @default any
 */
function objectIn(
  mistakes: MockConfigMistake[],
  steps: readonly string[],
  value: unknown,
  keys?: readonly string[],
): Readonly<Record<string, Json>> | undefined {
  if (!isObject(value)) {
    const what = `an object is expected here, not ${JSON.stringify(value) ?? 'nothing'}`.slice(0, 200);
    mistakes.push({ steps, what, fix: 'write an object' });
    return undefined;
  }
  for (const key of keys ? Object.keys(value) : []) {
    if (keys?.includes(key)) continue;
    const fix = keys && keys.length === 1 ? `write '${keys[0] ?? ''}'` : didYouMean(key, keys ?? []);
    mistakes.push({ steps: [...steps, key], what: `'${key}' is not known here`, fix });
  }
  return value;
}

function checkCase(
  mistakes: MockConfigMistake[],
  steps: readonly string[],
  states: unknown,
  names: readonly string[],
): void {
  for (const [state, name] of Object.entries(objectIn(mistakes, steps, states) ?? {})) {
    const written = typeof name === 'string' ? name : JSON.stringify(name);
    if (typeof name === 'string' && names.includes(name)) continue;
    const what = `MockedResponses has no '${written}'`;
    mistakes.push({ steps: [...steps, state], what, fix: didYouMean(written, names) });
  }
}

function checkResponses(mistakes: MockConfigMistake[], steps: readonly string[], value: unknown): void {
  const responses = objectIn(mistakes, steps, value) ?? {};
  const ranges: Range[] = [];
  for (const [key, response] of Object.entries(responses)) {
    const range = rangeOf(key);
    if (range) ranges.push(range);
    else {
      const fix = 'write the number of an invocation, as in "0", or a range, as in "1-2"';
      mistakes.push({ steps: [...steps, key], what: `'${key}' is no invocation`, fix });
    }
    checkResponse(mistakes, [...steps, key], response);
  }
  let next = 0;
  for (const { key, first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    if (first !== next) {
      const what = `the invocations must follow each other: ${next} is expected here, not ${first}`;
      mistakes.push({ steps: [...steps, key], what, fix: 'number them from 0, without gaps' });
    }
    next = last + 1;
  }
}

function rangeOf(key: string): Range | undefined {
  const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(key) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return from !== '' && first <= last && last < MOST_INVOCATIONS ? { key, first, last } : undefined;
}

function checkResponse(mistakes: MockConfigMistake[], steps: readonly string[], value: unknown): void {
  const response = objectIn(mistakes, steps, value, ['Return', 'Throw']);
  if (!response) return;
  if ('Return' in response === 'Throw' in response) {
    const fix = 'write "Return": {…}, or "Throw": {"Error": "…", "Cause": "…"}';
    mistakes.push({ steps, what: 'exactly one of Return and Throw is expected here', fix });
  }
  if (!('Throw' in response)) return;
  const thrown = objectIn(mistakes, [...steps, 'Throw'], response['Throw'], ['Error', 'Cause']);
  for (const [key, most] of [
    ['Error', ERROR_LIMIT],
    ['Cause', CAUSE_LIMIT],
  ] as const) {
    const text = thrown?.[key];
    if (!thrown || (typeof text === 'string' && text.length <= most)) continue;
    const what = `${key} is expected to be text of at most ${most} characters`;
    mistakes.push({
      steps: [...steps, 'Throw', ...(key in thrown ? [key] : [])],
      what,
      fix: `write "${key}": "…"`,
    });
  }
}

/** The test cases of a mock file, each ready to be run. */
export class TestCases {
  constructor(
    private readonly config: MockConfig,
    private readonly others: Resources,
  ) {}

  /** Returns the names of a machine's test cases. */
  namesOf(machine: string): readonly string[] {
    return Object.keys(this.#of(machine));
  }

  /** Returns the names of the states that a test case mocks; undefined if there is no such test case. */
  statesOf(machine: string, name: string): readonly string[] | undefined {
    const cases = this.#of(machine);
    return Object.hasOwn(cases, name) ? Object.keys(cases[name] ?? {}) : undefined;
  }

  /** Returns the resources of one execution of a test case. */
  resourcesOf(machine: string, name: string): Resources {
    const { MockedResponses } = this.config;
    const states = Object.entries(this.#of(machine)[name] ?? {});
    const responses = states.map(([state, each]) => [state, MockedResponses[each] ?? {}] as const);
    return new TestCase(name, new Map(responses), this.others);
  }

  #of(machine: string): MockConfig['StateMachines'][string]['TestCases'] {
    const { StateMachines } = this.config;
    return (Object.hasOwn(StateMachines, machine) ? StateMachines[machine]?.TestCases : undefined) ?? {};
  }
}

/** Responds to the calls of one execution, whose states a test case mocks. */
class TestCase implements Resources {
  /** The number of invocations of each state. */
  readonly #counts = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly states: ReadonlyMap<string, Readonly<Record<string, MockedResponse>>>,
    private readonly others: Resources,
  ) {}

  refusal(call: Pick<ResourceCall, 'machine' | 'state' | 'resource'>): string | undefined {
    const { state } = call;
    if (!this.states.has(state)) return this.others.refusal(call);
    if (this.#responseTo(state, this.#countOf(state))) return undefined;
    return `The test case '${this.name}' has no response for the invocation ${this.#countOf(state)} of the state '${state}'.`;
  }

  takesActivity(state: string): boolean {
    return this.states.has(state);
  }

  submit(task: SubmittedTask, input: Json): Cancel {
    const { state } = task.call;
    if (!this.states.has(state)) return this.others.submit(task, input);
    const answer = answerOf(this.#responseTo(state, this.#countOf(state)));
    this.#counts.set(state, this.#countOf(state) + 1);
    void Promise.resolve().then(() => task.answered(answer));
    return () => {};
  }

  #responseTo(state: string, count: number): MockedResponse | undefined {
    for (const [key, response] of Object.entries(this.states.get(state) ?? {})) {
      const range = rangeOf(key);
      if (range && range.first <= count && count <= range.last) return response;
    }
    return undefined;
  }

  #countOf(state: string): number {
    return this.#counts.get(state) ?? 0;
  }
}

function answerOf(response: MockedResponse | undefined): ResourceAnswer {
  if (!response) return { kind: 'failed', error: 'States.Runtime', cause: 'there is no response' };
  if ('Return' in response)
    return { kind: 'succeeded', output: JSON.stringify(response.Return), endsCallback: true };
  return { kind: 'failed', error: response.Throw.Error, cause: response.Throw.Cause };
}
