import { inX, jsonata, WORK, type MachineRow, type Source } from './row.js';

const repeat = (text: string, times: number, between = ''): string =>
  Array.from({ length: times }, () => text).join(between);
const shown = (source: string): string =>
  source.length > 60 ? `${source.slice(0, 60)}… (${source.length})` : source;
const outputs = (source: string): object => jsonata({ Type: 'Pass', Output: `{% ${source} %}` });

const gives = (from: Source, source: string, output: unknown): MachineRow => ({
  does: `AWS: {% ${shown(source)} %} is ${JSON.stringify(output)}`,
  from,
  machine: outputs(source),
  expect: { status: 'SUCCEEDED', output },
});

/** @param reason the cause, from "threw an error during evaluation" on */
const throws = (from: Source, source: string, reason: string): MachineRow => ({
  does: `AWS: {% ${shown(source)} %} fails`,
  from,
  machine: outputs(source),
  expect: {
    status: 'FAILED',
    error: 'States.QueryEvaluationError',
    cause: inX(
      `The JSONata expression '${source}' specified for the field 'Output' threw an error during evaluation${reason}`,
    ),
  },
});

const nothing = (from: Source, source: string): MachineRow => ({
  does: `AWS: {% ${source} %} is nothing`,
  from,
  machine: outputs(source),
  expect: {
    error: 'States.QueryEvaluationError',
    cause: inX(
      `The JSONata expression '${source}' specified for the field 'Output' returned nothing (undefined).`,
    ),
  },
});

const LIMITS: Source = 'measured: floci-io/floci#2737';
const MEMORY = ': Expression evaluation memory limit exceeded: Check for excessive memory usage';
const STACK =
  ': Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive';
const PASSIVE =
  'The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character';
const MUST_NOT = 'The sub-picture must not contain';
const CALLS = '($f := function($x){ $x <= 0 ? 0 : 1 + $f($x-1) }; ';
const DOUBLED = '($d := function($x, $n) { $n = 0 ? $x : $d($x & $x, $n - 1) }; ';

const limits: MachineRow[] = [
  gives(LIMITS, '1/0', 'Infinity'),
  gives(LIMITS, '-1/0', '-Infinity'),
  gives(LIMITS, '1e308 * 10', 'Infinity'),
  gives(LIMITS, '0/0', 'NaN'),
  gives(LIMITS, '[1/0]', ['Infinity']),
  gives(LIMITS, '{"k": 1/0}', { k: 'Infinity' }),
  gives(LIMITS, '$parseInteger("abc", "0")', 'NaN'),
  gives(LIMITS, '[1..873782] ~> $count()', 873_782),
  throws(LIMITS, '[1..873783] ~> $count()', MEMORY),
  gives(LIMITS, `${DOUBLED}$length($d("x", 22)))`, 4_194_304),
  throws(LIMITS, `${DOUBLED}$length($d("x", 23)))`, MEMORY),
  throws(LIMITS, '$sum([1..900000])', MEMORY),
  gives('measured: floci-io/floci#2790', '$count($range(1, 360145, 1))', 360_145),
  throws('measured: floci-io/floci#2790', '$count($range(1, 360146, 1))', MEMORY),
  gives(LIMITS, '[1..800000] ~> $count()', 800_000),
  gives(LIMITS, '$sum($map([1..200000], function($v){$v*2}))', 40_000_200_000),
  gives(LIMITS, repeat('1', 100, '+'), 100),
  throws(LIMITS, repeat('1', 101, '+'), STACK),
  gives(LIMITS, `${'('.repeat(99)}1${')'.repeat(99)}`, 1),
  throws(LIMITS, `${'('.repeat(100)}1${')'.repeat(100)}`, STACK),
  gives(LIMITS, `1${repeat(' ~> $string', 99)}`, '1'),
  throws(LIMITS, `1${repeat(' ~> $string', 100)}`, STACK),
  throws(LIMITS, `${'['.repeat(100)}1${']'.repeat(100)}`, STACK),
  gives(LIMITS, `${CALLS}$f(31))`, 31),
  throws(LIMITS, `${CALLS}$f(32))`, STACK),
  throws(LIMITS, '$formatNumber(1, "x")', `. D3086: ${PASSIVE}`),
  ...(
    [
      ['0;0;0', 'D3080: The picture string must only contain a maximum of two sub-pictures'],
      ['0.0.0', `D3081: ${MUST_NOT} more than one instance of the 'decimal-separator' character`],
      ['0%%', `D3082: ${MUST_NOT} more than one instance of the 'percent' character`],
      ['0‰‰', `D3083: ${MUST_NOT} more than one instance of the 'per-mille' character`],
      ['0%‰', `D3084: ${MUST_NOT} both a 'percent' and a 'per-mille' character`],
      [
        '0,.0',
        `D3087: ${MUST_NOT} a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character`,
      ],
      ['0,', `D3088: ${MUST_NOT} a 'grouping-separator' at the end of the integer part`],
      ['0,,0', `D3089: ${MUST_NOT} two adjacent instances of the 'grouping-separator' character`],
      [
        '0#',
        "D3090: The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
      ],
      [
        '##0.0#0',
        "D3091: The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
      ],
      [
        '0e0%',
        "D3092: A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
      ],
      [
        '#0e',
        "D3093: The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
      ],
    ] as const
  ).map(([picture, text]) => throws(LIMITS, `$formatNumber(1, "${picture}")`, `. ${text}`)),
  gives(LIMITS, `${'['.repeat(99)}1${']'.repeat(99)}`, JSON.parse(`${'['.repeat(99)}1${']'.repeat(99)}`)),
];

const SEEDS: Source = 'measured: floci-io/floci#2662';
const NUMBERS: Source = 'measured: floci-io/floci#2676';
const TEXTS: Source = 'measured: floci-io/floci#2668';
const NULLS: Source = 'measured: floci-io/floci#2684';
const ofFunction = (index: number, name: string): string =>
  `. T0410: Argument ${index} of function "${name}" does not match function signature`;

const functions: MachineRow[] = [
  gives(SEEDS, '$random(42)', 0.7275636800328681),
  gives(SEEDS, '$random(0)', 0.730967787376657),
  gives(SEEDS, '$random(7)', 0.7306990420600421),
  gives(SEEDS, '$random(0.9) = $random(0)', true),
  throws(SEEDS, '$random(1, 2)', ofFunction(2, 'random')),
  gives(NUMBERS, '$range(-1.7, 2, 1)', [-1, 0, 1, 2]),
  gives(NUMBERS, '$range(5, 1, -1.5)', [5, 4, 3, 2, 1]),
  gives(NUMBERS, '$partition([1,2,3,4,5], 2.9)', [[1, 2], [3, 4], [5]]),
  gives(NUMBERS, '$partition([1,2,3])', [[1, 2, 3]]),
  ...['$partition([], 2)', '$partition([1], 0)', '$partition([1], -0.5)', '$range(1, 5)'].map((source) =>
    nothing(NUMBERS, source),
  ),
  ...['$range(5, 1, 1)', '$range(1, 5, 0)', '$hash("a")', '$parse()'].map((source) =>
    nothing(NUMBERS, source),
  ),
  throws(NUMBERS, '$partition([1], -1)', '. D3137: Second argument must be zero or greater'),
  throws(NUMBERS, '$range(1)', ofFunction(2, 'range')),
  throws(NUMBERS, '$hash(42, "MD5")', ofFunction(1, 'hash')),
  throws(NUMBERS, '$hash("a", 5)', ofFunction(2, 'hash')),
  throws(NUMBERS, '$uuid("x")', ofFunction(1, 'uuid')),
  ...['""', '" "', '"1 2"', '"{\\"a\\":1,\\"a\\":2}"', '"1e400"'].map((text) =>
    throws(TEXTS, `$parse(${text})`, '. D3137: Invalid JSON'),
  ),
  gives(TEXTS, '$parse("null")', null),
  throws(TEXTS, '$parse(null)', ofFunction(1, 'parse')),
  throws(TEXTS, "$each('x', function($v){$v})", ofFunction(1, 'each')),
  throws(TEXTS, '$abs("a")', ofFunction(1, 'abs')),
  throws(TEXTS, '$sum(["a"])', '. T0412: Argument 1 of function "sum" must be an array of "numbers"'),
  throws(
    TEXTS,
    '$split("a", "b", -1)',
    '. D3020: Third argument of split function must evaluate to a positive number',
  ),
  throws(
    TEXTS,
    '$reduce([1,2], function($x){1})',
    '. D3050: The second argument of reduce function must be a function with at least two arguments',
  ),
  throws(TEXTS, '$sqrt(-1)', '. D3060: The sqrt function cannot be applied to a negative number: -1'),
  throws(
    TEXTS,
    '$single([1,2], function($x){true})',
    '. D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.',
  ),
  gives('measured: floci-io/floci#2683', '$string(1e20)', '100000000000000000000'),
  gives('measured: floci-io/floci#2683', '$string(9223372036854775808)', '9223372036854776000'),
  gives('measured: floci-io/floci#2683', '$string({"a": [12345678901234567]})', '{"a":[12345678901234568]}'),
  gives('measured: floci-io/floci#2683', '[$string(1 / 3), $string(0.1 + 0.2)]', [
    '0.333333333333333',
    '0.3',
  ]),
  gives('measured: floci-io/floci#2683', '$map([1, true], $string)', ['1', 'true']),
  gives('measured: floci-io/floci#2683', '$string(1e21)', '1e+21'),
  gives('measured: floci-io/floci#2683', '[$string(0.000001), $string(0.0000001)]', ['0.000001', '1e-7']),
  gives(NULLS, '[null, $exists(null), $type(null), $count(null)]', [null, true, 'null', 1]),
];

const CODES: Source = 'measured: floci-io/floci#2736';

const wrongValues: MachineRow[] = [
  throws(CODES, '1 + "a"', '. T2002: The right side of the "+" operator must evaluate to a number'),
  throws(CODES, '$eval("1+1")', '. T1006: Attempted to invoke a non-function'),
  throws(
    CODES,
    '1 < "a"',
    '. T2009: The values 1 and "a" either side of operator "<" must be of the same data type',
  ),
  nothing(NUMBERS, '$partition($states.input.no, 2)'),
  throws(
    NUMBERS,
    '$partition(null, 2)',
    '. T0412: Argument 1 of function "partition" must be an array of "items"',
  ),
  throws(NUMBERS, '$partition([1], 2, 3)', ofFunction(3, 'partition')),
  throws(NUMBERS, '$range(1, 2, 3, 4)', ofFunction(4, 'range')),
  throws(NUMBERS, '$parse("1", 2)', ofFunction(2, 'parse')),
  ...['md5', 'SHA3-256'].map((name) =>
    throws(
      NUMBERS,
      `$hash("a", "${name}")`,
      '. D3137: The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512',
    ),
  ),
  gives(NUMBERS, '[$hash("é", "MD5"), $hash("", "SHA-1")]', [
    '66ddcd97cfdeabb2f6fb8a999b4bc76f',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  ]),
  gives(
    NUMBERS,
    '[$length($hash("", "SHA-256")), $length($hash("", "SHA-384")), $length($hash("", "SHA-512"))]',
    [64, 96, 128],
  ),
  gives(NUMBERS, '$count($range(1, 1001, 1))', 1001),
  gives(TEXTS, '$string($parse("{\\"b\\":1,\\"a\\":2}"))', '{"b":1,"a":2}'),
  gives(TEXTS, '$string([$parse("1.0"), $parse("1e2")])', '[1,100]'),
  gives(TEXTS, '$parse("9007199254740991")', 9_007_199_254_740_991),
  gives(TEXTS, '$string($parse("9223372036854775808"))', '9223372036854776000'),
  gives(NULLS, '{"a": null, "b": [null]}', { a: null, b: [null] }),
  gives(SEEDS, '[$random(42.9), $random(-0.9)]', [0.7275636800328681, 0.730967787376657]),
  {
    does: 'AWS: bytes that are no Base64 are an internal error with an id',
    from: CODES,
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Arguments: '{% $base64decode("!!!") %}',
          Catch: [
            {
              ErrorEquals: ['States.QueryEvaluationError'],
              Output:
                '{% $replace($states.errorOutput.Cause, /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "ID") %}',
              Next: 'Y',
            },
          ],
          End: true,
        },
        Y: { Type: 'Succeed' },
      },
    },
    expect: {
      status: 'SUCCEEDED',
      output: inX(
        `The JSONata expression '$base64decode("!!!")' specified for the field 'Arguments' threw an internal error during evaluation. ID`,
      ),
    },
  },
];

const NOWHERE = '{% $nope %}';
const WITHIN = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } };
const choice = (...rules: object[]): object => ({
  Type: 'Choice',
  Choices: rules.map((rule) => ({ Condition: true, ...rule, Next: 'Z' })),
});
/** A field whose expression returns nothing, by the place that the service gives it. */
const places: Readonly<Record<string, object>> = {
  'Output/a/b': { Type: 'Pass', Output: { a: { b: NOWHERE } }, Next: 'Z' },
  'Output/values[0]': { Type: 'Pass', Output: { values: [NOWHERE] }, Next: 'Z' },
  'Output/a/b[0][1]': { Type: 'Pass', Output: { a: { b: [[1, NOWHERE]] } }, Next: 'Z' },
  'Assign/x/y': { Type: 'Pass', Assign: { x: { y: NOWHERE } }, Next: 'Z' },
  'Arguments/MessageBody': { Type: 'Task', Resource: WORK, Arguments: { MessageBody: NOWHERE }, Next: 'Z' },
  Items: { Type: 'Map', Items: NOWHERE, ItemProcessor: WITHIN, Next: 'Z' },
  MaxConcurrency: { Type: 'Map', Items: [1], MaxConcurrency: NOWHERE, ItemProcessor: WITHIN, Next: 'Z' },
  'Choices[1]/Condition': choice({ Condition: false }, { Condition: NOWHERE }),
  'Choices[1]/Output/v': choice({ Condition: false }, { Output: { v: NOWHERE } }),
  'Choices[0]/Assign/x': choice({ Assign: { x: NOWHERE } }),
  Seconds: { Type: 'Wait', Seconds: NOWHERE, Next: 'Z' },
  Error: { Type: 'Fail', Error: NOWHERE },
  Cause: { Type: 'Fail', Cause: NOWHERE },
};
const OF_FIELDS: Source = 'measured: floci-io/floci#2689';
const machine = (state: object): object => ({
  QueryLanguage: 'JSONata',
  StartAt: 'X',
  States: { X: state, ...('Error' in state || 'Cause' in state ? {} : { Z: { Type: 'Succeed' } }) },
});

const failures: MachineRow[] = [
  ...Object.entries(places).map(([place, state]) => ({
    does: `AWS: nothing at ${place}`,
    from: OF_FIELDS,
    machine: machine(state),
    expect: {
      error: 'States.QueryEvaluationError',
      cause: inX(
        `The JSONata expression '$nope' specified for the field '${place}' returned nothing (undefined).`,
      ),
    },
  })),
  {
    does: "AWS: a Catch whose own Output fails records the state's failure twice",
    from: 'measured: floci-io/floci#3167',
    machine: machine({
      Type: 'Parallel',
      Branches: [{ StartAt: 'A', States: { A: { Type: 'Fail', Error: 'E' } } }],
      Catch: [
        { ErrorEquals: ['No'], Next: 'Z' },
        { ErrorEquals: ['States.ALL'], Output: { v: NOWHERE }, Next: 'Z' },
      ],
      Next: 'Z',
    }),
    expect: {
      error: 'States.QueryEvaluationError',
      cause: inX(
        "The JSONata expression '$nope' specified for the field 'Catch[1]/Output/v' returned nothing (undefined).",
      ),
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'FailStateEntered<3',
        'ParallelStateFailed<4',
        'EvaluationFailed<4',
        'ParallelStateFailed<6',
        'ExecutionFailed<7',
      ],
    },
  },
  {
    does: 'AWS: each attempt of a Retry records its EvaluationFailed',
    from: 'measured: floci-io/floci#3167',
    machine: machine({
      Type: 'Task',
      Resource: WORK,
      Arguments: NOWHERE,
      Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 2 }],
      Next: 'Z',
    }),
    expect: {
      error: 'States.QueryEvaluationError',
      seconds: 3,
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'EvaluationFailed<0',
        'EvaluationFailed<3',
        'EvaluationFailed<4',
        'ExecutionFailed<5',
      ],
    },
  },
];

/** JSONata as the live service evaluates it, measured by others. */
export const measured: MachineRow[] = [...limits, ...functions, ...wrongValues, ...failures];
