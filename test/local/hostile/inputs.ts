import { FUNCTIONS, jsonata, one, pass } from '../conformance/row.js';

/** An input that asks for far more than its few characters show. */
export interface HostileInput {
  readonly does: string;
  readonly machine: object | string;
  readonly input?: unknown;
  /**
   * The error that it ends in, or one of these errors; `refused` where its machine is refused; undefined where it
   * succeeds.
   */
  readonly error: string | readonly string[] | undefined;
  /** True if it may take so long that the trial stops it. */
  readonly goesOn?: boolean;
}

const QUERY = 'States.QueryEvaluationError';
const RUNTIME = 'States.Runtime';
const TOO_LARGE = 'States.DataLimitExceeded';

const evaluates = (source: string, error: string | undefined = QUERY, input: unknown = {}): HostileInput => ({
  does: `{% ${source.slice(0, 100)} %}`,
  machine: jsonata({ Type: 'Pass', Output: { x: `{% ${source} %}` } }),
  input,
  error,
});
/** Returns an input that may go on until it is stopped. */
const goesOn = (input: HostileInput): HostileInput => ({ ...input, goesOn: true });
const counts = (source: string, error: string | undefined = QUERY, input: unknown = {}): HostileInput =>
  evaluates(`$count(${source})`, error, input);
const works = (
  does: string,
  parameters: object,
  error: HostileInput['error'],
  input: unknown = {},
): HostileInput => ({
  does,
  machine: pass({ Parameters: parameters }),
  input,
  error,
});
const refused = (does: string, machine: object | string): HostileInput => ({
  does,
  machine,
  error: 'refused',
});
const loop = (
  does: string,
  states: object,
  error: HostileInput['error'],
  input: unknown = {},
): HostileInput => ({
  does,
  machine: { StartAt: 'X', States: { ...states, Z: { Type: 'Succeed' } } },
  input,
  error,
});
const again = {
  Type: 'Choice',
  Choices: [{ Variable: '$.never', IsPresent: true, Next: 'Z' }],
  Default: 'X',
};

/** The first state of a loop, with an expression whose value is kept as a variable. */
const evaluated = (expression: string): object => ({
  Type: 'Pass',
  QueryLanguage: 'JSONata',
  Assign: { x: `{% ${expression} %}` },
  Next: 'Y',
});

const A_AND_B = { s: `${'a'.repeat(5_000)}b` };
const LETTERS = { s: 'a'.repeat(200_000) };
/** Nests objects so many times. */
const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
/** Nests calls of an intrinsic function, with each argument as often as there is room. */
const nestedCall = (name: string, depth: number, times: number): string =>
  depth === 0
    ? '$'
    : `${name}(${Array.from({ length: times }, () => nestedCall(name, depth - 1, times)).join(',')})`;
/** Doubles `$x` so many times. */
const doubled = (step: string, times: number, then: string, first = "'x'"): string =>
  `($d := function($x, $n) { $n = 0 ? $x : $d(${step}, $n - 1) }; $x := $d(${first}, ${times}); ${then})`;
const map = (fields: object): object => ({
  Type: 'Map',
  ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
  ...fields,
});

/** Returns an iteration with an expression that never ends, in a branch beside others; its end is caught. */
const endless = (branches: readonly object[]): object => ({
  StartAt: 'P',
  States: {
    P: {
      Type: 'Parallel',
      Branches: [
        {
          StartAt: 'E',
          States: {
            E: { Type: 'Pass', Output: `{% $match("${'a'.repeat(40)}", /(a?){40}c/) %}`, End: true },
          },
        },
        ...branches,
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
      End: true,
    },
    C: { Type: 'Pass', End: true },
  },
});

const many = (
  does: string,
  times: number,
  call: string,
  error: HostileInput['error'],
  input: unknown = {},
): HostileInput =>
  works(
    `${does}, ${times} times`,
    Object.fromEntries(Array.from({ length: times }, (_, i) => [`k${i}.$`, call])),
    error,
    input,
  );

/** Inputs that once brought the service down or blocked it. */
export const named: HostileInput[] = [
  counts('$match($states.input.s, /(a+)+$/)', QUERY, A_AND_B),
  works('a path from everywhere to everywhere', { 'x.$': '$..*..*..*' }, RUNTIME, nested(300)),
  counts('$sort([1..3000000])'),
  counts("$pad('x', 400000000)"),
  {
    does: 'a Map over three million items',
    machine: jsonata(map({ Items: '{% [1..3000000] %}' })),
    error: QUERY,
  },
  counts('$map([1..9999999], $string)'),
  goesOn(counts(`$match($states.input.s, /${'a?'.repeat(40)}c/)`, QUERY, { s: 'a'.repeat(40) })),
  goesOn(counts('$match($states.input.s, /(a?){40}c/)', QUERY, { s: 'a'.repeat(100) })),
  goesOn(evaluates(`$toMillis($states.input.s, '${'[D]'.repeat(12)}')`, QUERY, { s: `${'1'.repeat(100)}x` })),
  goesOn(
    many('a text split', 14_000, "States.ArrayLength(States.StringSplit($.s,'b'))", undefined, {
      s: 'ab'.repeat(100_000),
    }),
  ),
  many('the length of a list', 25_000, 'States.ArrayLength($.l)', TOO_LARGE, {
    l: Array.from({ length: 100_000 }, () => 1),
  }),
  works('an object among many others', { 'x.$': 'States.ArrayContains($.l, $.o)' }, undefined, {
    l: Array.from({ length: 40_000 }, () => ({})),
    o: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, 1])),
  }),
  many('a range without an item', 3_000, 'States.ArrayContains(States.ArrayRange(1,1000,1),0)', undefined),
  many('a range of items', 3_000, 'States.ArrayUnique(States.ArrayRange(1,1000,1))', TOO_LARGE),
  many('a range in parts', 3_000, 'States.ArrayPartition(States.ArrayRange(1,1000,1),2)', TOO_LARGE),
  refused('24,000 states whose targets are missing', {
    StartAt: 'S0',
    States: Object.fromEntries(
      Array.from({ length: 24_000 }, (_, i) => [`S${i}`, { Type: 'Pass', Next: `T${i}` }]),
    ),
  }),
  {
    ...evaluates('$count($keys($states.input.l{$string($): $}))'),
    input: { l: Array.from({ length: 2_000 }, (_, i) => i) },
    error: undefined,
  },
  {
    does: 'a Map whose iterations each match a slow regular expression in a path',
    machine: one(
      map({
        ItemProcessor: {
          StartAt: 'I',
          States: { I: { Type: 'Pass', InputPath: '$[?(@ =~ /(a+)+b/)]', End: true } },
        },
      }),
    ),
    input: Array.from({ length: 40 }, () => ['a'.repeat(40)]),
    error: RUNTIME,
  },
];

/** Variants of them. */
export const devised: HostileInput[] = [
  ...['$x & $x', '$append($x, $x)'].map((step) => ({
    does: `a Map of 40 iterations that each double forty times: ${step}`,
    machine: jsonata(
      map({
        Items: '{% [1..40] %}',
        ItemProcessor: {
          StartAt: 'I',
          States: {
            I: { Type: 'Pass', Output: `{% ${doubled(step, 40, '$string($x)')} %}`, End: true },
          },
        },
      }),
    ),
    error: QUERY,
  })),
  evaluates('($f := function($x) { $f($x + 1) }; $f(1))'),
  evaluates('($f := function($x) { 1 + $f($x) }; $f(1))'),
  evaluates(doubled('$x & $x', 60, '$length($x)')),
  evaluates(doubled('$append($x, $x)', 60, '$count($x)')),
  evaluates(doubled('{"a": $x, "b": $x}', 60, '$string($x)')),
  evaluates(
    `($p := ${doubled('{"a": $x, "b": $x}', 60, '$x')}; $q := ${doubled('{"a": $x, "b": $x}', 60, '$x')}; $p = $q)`,
  ),
  evaluates(doubled('[[$x], [$x]]', 60, '$x ? 1 : 2')),
  evaluates(doubled('{"a": $x, "b": $x}', 60, '$count($x.**)')),
  evaluates('[1e300..1e300]'),
  evaluates('{"then": /x/}'),
  evaluates("$length($replace($states.input.s, 'a', $states.input.s))", QUERY, LETTERS),
  evaluates("$length($join([1..100000].('x'), $states.input.s))", QUERY, LETTERS),
  goesOn(counts('$distinct([1..140000])')),
  evaluates('($l := [1..1000]; $count($l.($l.($l.(1)))))'),
  evaluates('($l := [1..20000]; $count($l.($l)))'),
  evaluates('($l := [1..800000]; $count($l.($l)))'),
  evaluates("$length($reduce([1..900000], function($a, $b) { $a & 'xxxxxxxxxxxxxxxxxxxx' }, ''))"),
  evaluates('($x := $states.input; $x.constructor.constructor("return process")())', QUERY, { a: 1 }),
  evaluates('$states.input.(__proto__.(__defineGetter__("polluted", $states.input.toString)))', QUERY, {
    a: 1,
  }),
  evaluates('$count($states.input ~> |**|{"b": $states.input}|)', QUERY, nested(900)),
  evaluates('$count([1..1000000]{$string($): $})'),
  evaluates('$count([1..1000000]^(>$))'),
  works('every item of a list, its items, and theirs', { 'x.$': '$..[*]..[*]..[*]' }, RUNTIME, {
    l: Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => [1, [2, [3]]])),
  }),
  works(
    'a filter in a filter in a filter',
    { 'x.$': '$..[?(@.a)]..[?(@.a)]..[?(@.a)]' },
    RUNTIME,
    nested(400),
  ),
  works('a list of lists of the input', { 'x.$': nestedCall('States.Array', 5, 8) }, TOO_LARGE, LETTERS),
  works(
    'a text of texts of the input',
    { 'x.$': `States.Format('${'{}'.repeat(60)}'${', $.s'.repeat(60)})` },
    'States.IntrinsicFailure',
    LETTERS,
  ),
  works(
    'the input as a text, twenty thousand times',
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}.$`, 'States.JsonToString($)'])),
    TOO_LARGE,
    LETTERS,
  ),
  works(
    'the input ten thousand times',
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}.$`, '$'])),
    TOO_LARGE,
    LETTERS,
  ),
  {
    does: 'the input thousand times, by expressions',
    machine: jsonata({
      Type: 'Pass',
      Output: Array.from({ length: 1_000 }, () => '{% $states.input.s %}'),
    }),
    input: LETTERS,
    error: QUERY,
  },
  {
    does: 'forty thousand different items',
    machine: pass({ Parameters: { 'x.$': 'States.ArrayLength(States.ArrayUnique($.l))' } }),
    input: { l: Array.from({ length: 40_000 }, (_, i) => i) },
    error: undefined,
  },
  loop('a loop of nothing', { X: { Type: 'Pass', Next: 'Y' }, Y: again }, RUNTIME),
  loop('a loop with a large input', { X: { Type: 'Pass', Next: 'Y' }, Y: again }, RUNTIME, LETTERS),
  loop(
    'a loop that sets more and more variables',
    {
      ...Object.fromEntries(
        Array.from({ length: 100 }, (_, i) => [
          `V${i}`,
          { Type: 'Pass', Assign: { [`v${i}.$`]: '$.s' }, Next: i < 99 ? `V${i + 1}` : 'Z' },
        ]),
      ),
      X: { Type: 'Pass', Next: 'V0' },
    },
    [TOO_LARGE, RUNTIME],
    LETTERS,
  ),
  loop(
    'a loop that sets a large variable again and again',
    {
      X: { Type: 'Pass', Assign: { 'v.$': '$.s' }, OutputPath: null, Next: 'V' },
      V: { Type: 'Pass', Assign: { 'w.$': '$v' }, Next: 'Y' },
      Y: { ...again, Default: 'V' },
    },
    RUNTIME,
    LETTERS,
  ),
  {
    does: 'a Map in a Map in a Map, a million iterations',
    machine: one(
      map({
        ItemsPath: '$.l',
        ItemSelector: { 'l.$': '$.l' },
        ItemProcessor: {
          StartAt: 'J',
          States: {
            J: {
              ...map({
                ItemsPath: '$.l',
                ItemSelector: { 'l.$': '$.l' },
                ItemProcessor: { StartAt: 'K', States: { K: { ...map({ ItemsPath: '$.l' }), End: true } } },
              }),
              End: true,
            },
          },
        },
      }),
    ),
    input: { l: Array.from({ length: 100 }, (_, i) => i) },
    error: RUNTIME,
  },
  {
    does: 'a large input for each of many iterations',
    machine: one(map({ ItemsPath: '$.l', ItemSelector: { 's.$': '$.s' } })),
    input: { s: 'x'.repeat(100_000), l: Array.from({ length: 20_000 }, (_, i) => i) },
    error: RUNTIME,
  },
  {
    does: 'five thousand branches, each with a task that nobody takes up, and one that fails',
    machine: one({
      Type: 'Parallel',
      Branches: Array.from({ length: 5_000 }, (_, i) => ({
        StartAt: `B${i}`,
        States: {
          [`B${i}`]: i === 4_999 ? { Type: 'Fail', Error: 'E' } : { Type: 'Wait', Seconds: 99, End: true },
        },
      })),
    }),
    error: 'E',
  },
  {
    does: 'a function that nothing mocks',
    machine: one({ Type: 'Task', Resource: `${FUNCTIONS.echo}2` }),
    error: RUNTIME,
  },
  {
    goesOn: true,
    does: 'forty expressions that each take long',
    machine: jsonata({
      Type: 'Pass',
      Output: Array.from(
        { length: 40 },
        () => '{% $count($sort([1..8000], function($a, $b) { $a < $b })) %}',
      ),
    }),
    error: undefined,
  },
  {
    goesOn: true,
    does: 'a Map whose iterations each catch an expression that never ends',
    machine: jsonata(map({ Items: '{% [1..200] %}', ItemProcessor: endless([]) })),
    error: undefined,
  },
  goesOn(
    loop(
      'a loop whose expression calls functions in each other',
      {
        X: evaluated(
          '$string(($distinct(($f := function($x, $n) { $n <= 0 ? $x : $f($x & $x, $n - 1) }; $f("1", 9)))){$string($): $})',
        ),
        Y: again,
      },
      RUNTIME,
    ),
  ),
  {
    goesOn: true,
    does: 'a Map whose iterations each cancel an expression in a thread',
    machine: jsonata(
      map({
        Items: '{% [1..600] %}',
        MaxConcurrency: 1,
        ItemProcessor: endless([
          {
            StartAt: 'A0',
            States: {
              ...Object.fromEntries(
                Array.from({ length: 20 }, (_, i) => [
                  `A${i}`,
                  { Type: 'Pass', Output: '{% 1 %}', Next: i < 19 ? `A${i + 1}` : 'F' },
                ]),
              ),
              F: { Type: 'Fail', Error: 'E' },
            },
          },
        ]),
      }),
    ),
    error: undefined,
  },
  goesOn(
    loop(
      'a loop in which each state takes its time',
      {
        X: { Type: 'Pass', Parameters: { 'l.$': '$.l', 'u.$': 'States.ArrayUnique($.l)' }, Next: 'Y' },
        Y: again,
      },
      RUNTIME,
      { l: Array.from({ length: 5_000 }, (_, i) => i) },
    ),
  ),
  refused('brackets in brackets', jsonata({ Type: 'Pass', Output: `{% ${'('.repeat(400_000)} %}` })),
  refused('a filter of brackets', pass({ InputPath: `$[?(${'('.repeat(400_000)}` })),
  refused('a filter of negations', pass({ InputPath: `$[?(${'!'.repeat(400_000)}@.a)]` })),
  refused('a call in a call in a call', pass({ Parameters: { 'x.$': 'States.Array('.repeat(60_000) } })),
  refused('a definition of brackets', '['.repeat(1_000_000)),
  refused('a path that goes on and on', pass({ InputPath: `$${'.a'.repeat(400_000)}[` })),
  refused(
    'ten thousand states that lead nowhere',
    JSON.stringify({
      StartAt: 'X',
      States: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [`S${i}`, { Type: 'Pass', Next: `T${i}` }]),
      ),
    }),
  ),
];
