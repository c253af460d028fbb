import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Evaluator } from '../../../src/framework/asl/expression.js';
import { EvaluationInPlace, EvaluationThreads } from '../../../src/framework/asl/jsonata/evaluator.js';
import { StepFunctions } from '../../../src/framework/local/engine/step-functions.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { tries } from '../../support/effort.js';

const SEEDS = tries(50);

/** Expressions of many kinds: of values, of nothing, of mistakes, of random numbers and of the time. */
const EXPRESSIONS = [
  '$states.input.n + 1',
  '$states.input.list[$ > 1]',
  '$states.input',
  '$v',
  '$states.context.State.Name',
  '[$random(), $uuid(), $random()]',
  '$now() & $millis()',
  '$sort($states.input.list, function($a, $b) { $a < $b })',
  '$reduce([1..50], function($l, $i) { $append($l, $i) }, [])',
  '$map(["a", "b"], $uppercase)',
  '$string({"a": 1.10, "b": [true, null]})',
  '$states.input.nothing',
  '$states.input.n & "x" * 2',
  '$f := function($x) { 1 + $f($x) }; $f(1)',
  '[1..900000]',
  '{"then": /x/}',
  '$error("no")',
  '$sum',
  '$formatNumber(1, "x")',
  '$base64decode("?")',
].map((source) => `{% (${source}) %}`);

const harmless = fc.constantFrom(...EXPRESSIONS.slice(0, 11));
const expression = fc.oneof(
  { weight: 5, arbitrary: harmless },
  { weight: 1, arbitrary: fc.constantFrom(...EXPRESSIONS) },
);
const caught = {
  Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput.Error %}', Next: 'Z' }],
};

interface Sequence {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, object>>;
}

/** Names states by a counter of their machine, and lets each lead to the next. */
function sequence(states: readonly object[], names: () => string): Sequence {
  const own = states.map(names);
  const linked = states.map((state, at) => {
    const next = own[at + 1];
    const made = typeof state === 'function' ? (state as (names: () => string) => object)(names) : state;
    return [own[at] ?? '', { ...made, ...(next === undefined ? { End: true } : { Next: next }) }] as const;
  });
  return { StartAt: own[0] ?? '', States: Object.fromEntries(linked) };
}

type Make = (names: () => string) => object;
const pass = fc.oneof(
  expression.map((Output) => ({ Type: 'Pass', Output: { n: 1, list: [3, 1, 2], x: Output } })),
  fc.array(harmless, { minLength: 2, maxLength: 5 }).map((parts) => ({
    Type: 'Pass',
    Output: { n: 2, list: [2, 3], parts },
  })),
  fc.constant({ Type: 'Pass' }),
  fc.constant({ Type: 'Wait', Seconds: '{% $states.input.n ? $states.input.n : 1 %}' }),
);
const lists: fc.Arbitrary<Make> = fc
  .tuple(
    fc.array(pass, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([inner, items, MaxConcurrency]) => (names) => ({
    Type: 'Map',
    Items: `{% [1..${items}] %}`,
    ItemSelector: { n: '{% $states.context.Map.Item.Value %}', list: [1, 2] },
    ItemProcessor: sequence(inner, names),
    MaxConcurrency,
    Output: { n: 3, list: [1], all: '{% $states.result %}' },
    ...caught,
  }));
const branches: fc.Arbitrary<Make> = fc
  .array(fc.array(pass, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 })
  .map((all) => (names) => ({
    Type: 'Parallel',
    Branches: all.map((inner) => sequence(inner, names)),
    Output: { n: 4, list: [9, 8], all: '{% $states.result %}' },
    ...caught,
  }));
const assigned = harmless.map((v) => ({ Type: 'Pass', Assign: { v } }));
const machines = fc
  .array(fc.oneof<fc.Arbitrary<object | Make>[]>(pass, assigned, lists, branches), {
    minLength: 1,
    maxLength: 4,
  })
  .map((states) => {
    let count = 0;
    const { StartAt, States } = sequence(states, () => `S${count++}`);
    const isCaught = JSON.stringify(States).includes('"Next":"Z"');
    const all = isCaught ? { ...States, Z: { Type: 'Succeed' } } : States;
    return JSON.stringify({ QueryLanguage: 'JSONata', StartAt, States: all });
  });

const UUID = /[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}(?=")/g;

/** Runs a machine to its end. Resolves with its history. */
async function historyOf(definition: string, evaluator: Evaluator): Promise<string> {
  const clock = new HandClock();
  let draws = 0;
  const random = (): number => (draws++ % 100) / 100;
  const engine = new StepFunctions({ clock, random }, { evaluator });
  const machine = engine.createMachine({ name: 'M', definition });
  const input = '{"n":1,"list":[2,3,1]}';
  const execution = engine.executions.start(machine, 'E', input, JSON.parse(input));
  for (let seconds = 0; seconds < 200 && execution.status === 'RUNNING'; seconds++)
    await clock.advance(1_000);
  expect(execution.status).not.toBe('RUNNING');
  engine.close();
  // The id of an internal error is new each time.
  return JSON.stringify(execution.history.all(), null, 1).replaceAll(UUID, 'ID');
}

test(`machines have the same histories whether a thread evaluates their expressions or not, with ${SEEDS} seeds`, async () => {
  let long = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const [definition = ''] = fc.sample(machines, { seed, numRuns: 1 });
    const inThread = await historyOf(definition, new EvaluationThreads());
    expect({ seed, definition, history: await historyOf(definition, new EvaluationInPlace()) }).toEqual({
      seed,
      definition,
      history: inThread,
    });
    if (inThread.length > 5_000) long++;
  }
  expect(long).toBeGreaterThan(SEEDS / 10);
}, 1_200_000);
