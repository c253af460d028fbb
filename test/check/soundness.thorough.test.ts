import { IsInt, IsString } from 'class-validator';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Activity, Handle } from 'stepwright';
import { createTestMachine } from 'stepwright/testing';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import type { Finding } from '../../src/framework/check/finding.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, checkedHandlers } from './machines.js';
import { tries } from '../support/effort.js';

class Pair {
  @IsString() a!: string;
  @IsInt() b!: number;
}

@Activity(arnOf('Make'))
class Making {
  @Handle({ input: 'any', output: Pair }) make(_input: unknown): Pair {
    return { a: 'text', b: 7 };
  }
}
@Activity(arnOf('Take'))
class Taking {
  @Handle() take(_input: Pair): void {}
}

const CLASSES = [Making, Taking];
const handlers = checkedHandlers(CLASSES);

const json = fc.oneof(
  fc.constantFrom<unknown>('x', 1, true, null, [1], ['x']),
  fc.constant({ a: 'x', b: 2 }),
);
const keys = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 });
const roots = fc.constantFrom('$', '$', '$', '$v', '$w', '$$.Execution', '$$.State');
const path = fc
  .tuple(roots, keys, fc.constantFrom('', '', '', '[*]', '[0]', '[*].a', '[?(@.a)].b', '.Name'))
  .map(([root, names, end]) => [root, ...names].join('.') + end);
const intrinsic = fc.constantFrom(
  "States.Format('{}', 1)",
  'States.MathAdd(1, 2)',
  'States.UUID()',
  'States.Array(1, 2)',
  'States.Array($.a, $v)',
  "States.Format('{} {}', $.b, $$.Execution.Nme)",
  '$$.Execution.Name',
  '$$.State.RetryCount',
);
const template = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(path, intrinsic, fc.constant(undefined)), {
    minKeys: 1,
  })
  .map((fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([key, value]) => (value === undefined ? [key, 1] : [`${key}.$`, value])),
    ),
  );
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const resultPath = maybe(fc.constantFrom<string | null>(null, '$', '$.a', '$.c', '$.a.b'));

const pathState = fc.oneof(
  fc.record({
    Type: fc.constant('Pass'),
    Result: maybe(json),
    Parameters: maybe(template),
    ResultPath: resultPath,
    InputPath: maybe(path),
    OutputPath: maybe(path),
    Assign: maybe(fc.constantFrom({ 'v.$': '$' }, { 'v.$': '$.a' }, { 'w.$': '$v' }, { w: [1] })),
  }),
  fc.record({ Type: fc.constant('Wait'), SecondsPath: path, OutputPath: maybe(path) }),
  fc.record({
    Type: fc.constant('Map'),
    ItemsPath: maybe(path),
    ItemSelector: maybe(template),
    ItemProcessor: fc.record({
      StartAt: fc.constant('In'),
      States: fc.record({
        In: fc.record({
          Type: fc.constant('Pass'),
          Parameters: maybe(template),
          ResultPath: resultPath,
          End: fc.constant(true),
        }),
      }),
    }),
    ResultPath: resultPath,
  }),
  fc.record({
    Type: fc.constant('Task'),
    Resource: fc.constant(arnOf('Make')),
    Assign: maybe(fc.constantFrom({ 'v.$': '$' }, { 'v.$': '$.a' }, { 'v.$': '$.c' })),
    ResultSelector: maybe(template),
    ResultPath: resultPath,
    OutputPath: maybe(path),
  }),
);
const take = fc.record({
  Type: fc.constant('Task'),
  Resource: fc.constant(arnOf('Take')),
  Parameters: maybe(template),
  InputPath: maybe(path),
});

const expression = fc
  .oneof(
    keys.map((names) => ['$states.input', ...names].join('.')),
    fc.constantFrom(
      "'x' & 'y'",
      '1 + 2',
      '1 > 2',
      '$string(1)',
      '$count([1, 2])',
      "$states.input.a ? 'x' : 1",
      '$v',
      '$v.a',
      '$w',
      "{ 'a': 'x', 'b': $states.input.b }",
      '[1, 2]',
      '[$states.input.a, $v]',
      '[$states.input]',
      '$states.input[0]',
      '$states.input[a = 1].b',
      '$states.input.c & $v.c',
      '$states.input.b + 1',
      '$states.input.c > 1',
      '$states.context.Execution.Nme',
      '$states.context.State.Name',
      '$upper($states.input.a)',
      '$uppercase($states.input.a)',
      '$uppercase($states.input.c)',
      '$exists($states.input.c) ? $states.input.c : 1',
      '$states.input.c ? $states.input.c.a : $v',
      '$map([1, 2], function($x) { $x + $states.input.b })',
      '$map($states.input, function($x) { $x.a })',
      '$filter([1, 2], function($x) { $x > 1 })',
      "$split('a,b', ',')",
      '($x := $states.input.b; $x + 1)',
      "[{ 'a': 1 }, { 'a': 2 }].a",
      "[{ 'a': [1, 2] }].a",
      "[{ 'a': 1 }].{ 'b': a }",
      '$states.input ~> $string',
      '$states.input ~> $strng',
      '$count($states.input.c)',
      '$states.input.a[]',
      "$states.input{ 'k': a }",
      '$states.input^(a)',
      '$states.input.*',
      "$states.input.{ 'a': b }",
      "$states.input.a.('x')",
      '$states.input.$string(a)',
      '$v.(a + b)',
      '$v.a[0].b',
      '$states.input^(b)[0].a',
    ),
  )
  .map((text) => `{% ${text} %}`);
const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(expression, fc.constant<unknown>(1)), {
  minKeys: 1,
});
const output = maybe(fc.oneof(expression, fields));
const jsonataState = fc.oneof(
  fc.record({ Type: fc.constant('Pass'), Output: output, Assign: maybe(fc.record({ v: expression })) }),
  fc.record({ Type: fc.constant('Wait'), Seconds: expression, Output: output }),
  fc.record({
    Type: fc.constant('Map'),
    Items: maybe(expression),
    ItemSelector: output,
    ItemProcessor: fc.record({
      StartAt: fc.constant('In'),
      States: fc.record({
        In: fc.record({ Type: fc.constant('Pass'), Output: output, End: fc.constant(true) }),
      }),
    }),
    Output: output,
  }),
  fc.record({
    Type: fc.constant('Task'),
    Resource: fc.constant(arnOf('Make')),
    Output: output,
    Assign: maybe(fc.record({ v: expression })),
  }),
);
const jsonataTake = fc.record({
  Type: fc.constant('Task'),
  Resource: fc.constant(arnOf('Take')),
  Arguments: output,
});

/** A machine of some states in a row, some of which a Choice jumps over, with a Task at the end. */
function machineOf(language: string, states: readonly object[], last: object, jump: number): object {
  const named = states.map((state, n): [string, object] => [
    `S${n}`,
    { ...state, Next: n + 1 < states.length ? `S${n + 1}` : 'Take' },
  ]);
  const target = jump < states.length ? `S${jump}` : 'Take';
  const rule =
    language === 'JSONata'
      ? { Condition: '{% $states.context.State.RetryCount = 0 or true %}' }
      : { Variable: '$$.State.Name', IsString: true };
  return JSON.parse(
    JSON.stringify({
      QueryLanguage: language,
      StartAt: 'Start',
      States: {
        Start: { Type: 'Choice', Choices: [{ ...rule, Next: target }], Default: 'S0' },
        ...Object.fromEntries(named),
        Take: { ...last, End: true },
      },
    }),
  ) as object;
}

const machines = fc.oneof(
  fc.tuple(fc.constant('JSONPath'), fc.array(pathState, { minLength: 1, maxLength: 3 }), take, fc.nat(3)),
  fc.tuple(
    fc.constant('JSONata'),
    fc.array(jsonataState, { minLength: 1, maxLength: 3 }),
    jsonataTake,
    fc.nat(3),
  ),
);

const errorsOf = (definition: object): Finding[] =>
  checkMachines({
    machines: [machineSource('M', 'm', JSON.stringify(definition), {})],
    handlers,
    errorNames: [],
  }).filter(({ level }) => level === 'error');

test('an execution that enters a state with an error fails, in made-up machines', async () => {
  const seen = { errors: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(machines, json, async ([language, states, last, jump], input) => {
      const definition = machineOf(language, states, last, jump);
      const errors = errorsOf(definition);
      if (errors.some(({ code }) => code === 'MACHINE_INVALID')) return;
      const machine = await createTestMachine(definition, { activities: CLASSES });
      const { status, path: entered } = await machine.execute(input);
      const reached = errors.filter(({ state }) => entered.includes(state ?? ''));
      seen[reached.length > 0 ? 'errors' : 'none']++;
      const succeeded = status === 'failed' ? [] : reached;
      expect(succeeded).toEqual([]);
    }),
    { numRuns: tries(500) },
  );
  expect(Math.min(seen.errors, seen.none)).toBeGreaterThan(10);
}, 300_000);
