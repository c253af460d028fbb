import { didYouMean } from '../../base/show.js';
import type { Cancel } from '../../base/time/clock.js';
import type { CallTarget, ResourceAnswer, Resources, SubmittedTask } from '../../asl/runtime/resource.js';
import { CAUSE_LIMIT, ERROR_LIMIT } from '../../base/size.js';
import { isObject, type Json } from '../../asl/values/json.js';

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
interface MockConfigMistake {
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
export const mockConfigMistakes = (value: unknown): readonly MockConfigMistake[] =>
  new MockConfigCheck().run(value);

type Steps = readonly string[];

class MockConfigCheck {
  readonly #mistakes: MockConfigMistake[] = [];

  run(value: unknown): readonly MockConfigMistake[] {
    const { StateMachines, MockedResponses } =
      this.#object([], value, ['StateMachines', 'MockedResponses']) ?? {};
    if (this.#mistakes.some(({ steps }) => steps.length === 0)) return this.#mistakes;
    const responses = this.#object(['MockedResponses'], MockedResponses) ?? {};
    for (const [name, response] of Object.entries(responses))
      this.#responses(['MockedResponses', name], response);
    for (const [name, machine] of Object.entries(this.#object(['StateMachines'], StateMachines) ?? {})) {
      const at = ['StateMachines', name];
      const { TestCases } = this.#object(at, machine, ['TestCases']) ?? {};
      for (const [testCase, states] of Object.entries(this.#object([...at, 'TestCases'], TestCases) ?? {}))
        this.#case([...at, 'TestCases', testCase], states, Object.keys(responses));
    }
    return this.#mistakes;
  }

  #mistake(steps: Steps, what: string, fix: string): void {
    this.#mistakes.push({ steps, what, fix });
  }

  /**
   * Returns a value that has to be an object; undefined if it isn't.
   * @param keys the keys that it must have, and no others. @default any
   */
  #object(
    steps: Steps,
    value: unknown,
    keys?: readonly string[],
  ): Readonly<Record<string, Json>> | undefined {
    if (!isObject(value)) {
      const what = `an object is expected here, not ${JSON.stringify(value) ?? 'nothing'}`.slice(0, 200);
      this.#mistake(steps, what, 'write an object');
      return undefined;
    }
    for (const key of keys ? Object.keys(value) : []) {
      if (keys?.includes(key)) continue;
      const fix = keys && keys.length === 1 ? `write '${keys[0] ?? ''}'` : didYouMean(key, keys ?? []);
      this.#mistake([...steps, key], `'${key}' is not known here`, fix);
    }
    return value;
  }

  #case(steps: Steps, states: unknown, names: readonly string[]): void {
    for (const [state, name] of Object.entries(this.#object(steps, states) ?? {})) {
      const written = typeof name === 'string' ? name : JSON.stringify(name);
      if (typeof name === 'string' && names.includes(name)) continue;
      this.#mistake([...steps, state], `MockedResponses has no '${written}'`, didYouMean(written, names));
    }
  }

  #responses(steps: Steps, value: unknown): void {
    const ranges: Range[] = [];
    for (const [key, response] of Object.entries(this.#object(steps, value) ?? {})) {
      const range = rangeOf(key);
      const fix = 'write the number of an invocation, as in "0", or a range, as in "1-2"';
      if (range) ranges.push(range);
      else this.#mistake([...steps, key], `'${key}' is no invocation`, fix);
      this.#response([...steps, key], response);
    }
    let next = 0;
    for (const { key, first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
      const what = `the invocations must follow each other: ${next} is expected here, not ${first}`;
      if (first !== next) this.#mistake([...steps, key], what, 'number them from 0, without gaps');
      next = last + 1;
    }
  }

  #response(steps: Steps, value: unknown): void {
    const response = this.#object(steps, value, ['Return', 'Throw']);
    if (!response) return;
    const fix = 'write "Return": {…}, or "Throw": {"Error": "…", "Cause": "…"}';
    if ('Return' in response === 'Throw' in response)
      this.#mistake(steps, 'exactly one of Return and Throw is expected here', fix);
    if (!('Throw' in response)) return;
    const thrown = this.#object([...steps, 'Throw'], response['Throw'], ['Error', 'Cause']);
    for (const [key, most] of Object.entries({ Error: ERROR_LIMIT, Cause: CAUSE_LIMIT })) {
      const text = thrown?.[key];
      if (!thrown || (typeof text === 'string' && text.length <= most)) continue;
      const at = [...steps, 'Throw', ...(key in thrown ? [key] : [])];
      this.#mistake(at, `${key} is expected to be text of at most ${most} characters`, `write "${key}": "…"`);
    }
  }
}

function rangeOf(key: string): Range | undefined {
  const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(key) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return from !== '' && first <= last && last < MOST_INVOCATIONS ? { key, first, last } : undefined;
}

/** The test cases of a mock file. */
export class TestCases {
  /** @throws TypeError that names every mistake in the mock file */
  constructor(
    private readonly config: MockConfig,
    private readonly others: Resources,
  ) {
    const mistakes = mockConfigMistakes(config);
    const lines = mistakes.map(({ steps, what, fix }) => `  /${steps.join('/')}: ${what}; ${fix}`);
    if (lines.length > 0) throw new TypeError(`The mock config has mistakes:\n${lines.join('\n')}`);
  }

  /**
   * Returns what answers the calls of one execution of a test case, or the reason why nothing does.
   * @param tasks the names of the machine's Task states
   */
  resourcesOf(machine: string, tasks: readonly string[], name: string): Resources | string {
    const { StateMachines, MockedResponses } = this.config;
    const cases = (Object.hasOwn(StateMachines, machine) && StateMachines[machine]?.TestCases) || {};
    const states = Object.hasOwn(cases, name) ? Object.entries(cases[name] ?? {}) : undefined;
    const names = Object.keys(cases).join(', ');
    const known = names === '' ? 'it has none for this machine' : `it has ${names}`;
    if (!states) return `The mock file has no test case '${name}' of '${machine}': ${known}`;
    const strange = states.flatMap(([state]) => (tasks.includes(state) ? [] : state));
    if (strange.length > 0)
      return `The test case '${name}' mocks ${strange.join(', ')}, and the Tasks of '${machine}' are ${tasks.join(', ')}`;
    const responses = states.map(([state, each]) => [state, MockedResponses[each] ?? {}] as const);
    return new TestCase(name, new Map(responses), this.others);
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

  refusal(call: CallTarget, input?: Json): string | undefined {
    const { state } = call;
    if (!this.states.has(state)) return this.others.refusal(call, input);
    if (this.#responseTo(state)) return undefined;
    return `The test case '${this.name}' has no response for the invocation ${this.#countOf(state)} of the state '${state}'.`;
  }

  takesActivity(state: string): boolean {
    return this.states.has(state);
  }

  submit(task: SubmittedTask, input: Json): Cancel {
    const { state } = task.call;
    if (!this.states.has(state)) return this.others.submit(task, input);
    const response = this.#responseTo(state);
    if (!response) throw new Error(`there is no response for '${state}'`);
    this.#counts.set(state, this.#countOf(state) + 1);
    void Promise.resolve().then(() => task.answered(answerOf(response)));
    return () => {};
  }

  #countOf(state: string): number {
    return this.#counts.get(state) ?? 0;
  }

  #responseTo(state: string): MockedResponse | undefined {
    const count = this.#countOf(state);
    for (const [key, response] of Object.entries(this.states.get(state) ?? {})) {
      const { first = 0, last = -1 } = rangeOf(key) ?? {};
      if (first <= count && count <= last) return response;
    }
    return undefined;
  }
}

function answerOf(response: MockedResponse): ResourceAnswer {
  if ('Return' in response)
    return { kind: 'succeeded', output: JSON.stringify(response.Return), endsCallback: true };
  return { kind: 'failed', error: response.Throw.Error, cause: response.Throw.Cause };
}
