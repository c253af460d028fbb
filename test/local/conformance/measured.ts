import { inX, jsonata, type MachineRow, type Source } from './row.js';

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
  gives('measured: floci-io/floci#2683', '$string(1e21)', '1e+21'),
  gives('measured: floci-io/floci#2683', '[$string(0.000001), $string(0.0000001)]', ['0.000001', '1e-7']),
  gives(NULLS, '[null, $exists(null), $type(null), $count(null)]', [null, true, 'null', 1]),
];

/** JSONata as the live service evaluates it, measured by others. */
export const measured: MachineRow[] = [...limits, ...functions];
