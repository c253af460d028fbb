import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsDate,
  IsDateString,
  IsInt,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import type { Finding } from '../../src/framework/check/finding.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, checkedHandlers } from './machines.js';

class Line {
  @IsString() sku!: string;
  @IsInt() count!: number;
}
class Address {
  @IsString() street!: string;
}
class Quote {
  @IsString() id!: string;
  @IsInt() cents!: number;
  @IsBoolean() ok!: boolean;
  @IsOptional() @IsString() note?: string;
  @IsString({ each: true }) tags!: string[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @ValidateNested() @Type(() => Address) address!: Address;
  @IsDate() @Type(() => Date) at!: Date;
}
class Order {
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsInt() whole?: number;
  @IsOptional() @IsBoolean() flag?: boolean;
  @IsOptional() @IsString({ each: true }) texts?: string[];
  @IsOptional() @IsDate() @Type(() => Date) day?: Date;
  @IsOptional() @IsDateString() dayText?: string;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
  @IsOptional() @ValidateNested() @Type(() => Address) address?: Address;
}

@Activity(arnOf('Quote'))
class Quoting {
  @Handle({ input: 'any', output: Quote }) quote(_input: unknown): Quote {
    return new Quote();
  }
}
@Activity(arnOf('Place'))
class Placing {
  @Handle() place(_order: Order): void {}
}

const handlers = checkedHandlers([Quoting, Placing]);

/** Returns the findings about one field of what a task sends, after a task whose output is a Quote. */
function findingsIn(language: 'JSONPath' | 'JSONata', key: string, value: string): Finding[] {
  const task = { Type: 'Task', Resource: arnOf('Place'), End: true };
  const isPath = language === 'JSONPath' && /^(\$|States\.)/.test(value);
  const given = { [isPath ? `${key}.$` : key]: language === 'JSONata' ? `{% ${value} %}` : value };
  const machine = {
    QueryLanguage: language,
    StartAt: 'First',
    States: {
      First: { Type: 'Task', Resource: arnOf('Quote'), Next: 'Place' },
      Place: { ...task, [language === 'JSONata' ? 'Arguments' : 'Parameters']: given },
    },
  };
  const source = machineSource('M', 'm', JSON.stringify(machine), {});
  return checkMachines({ machines: [source], handlers, errorNames: [] }).filter(({ code }) =>
    ['PAYLOAD_MISFIT', 'PATH_LEADS_NOWHERE', 'MACHINE_INVALID'].includes(code),
  );
}

const found = (...field: Parameters<typeof findingsIn>): string[] =>
  findingsIn(...field).map(({ code, what }) => `${code}: ${what}`);

type Row = readonly [key: string, value: string];

const I = '$states.input';
const WRONG_IN_JSONATA: readonly Row[] = [
  ['text', `${I}.idd`],
  ['text', `${I}.address.stret`],
  ['text', '$states.inputs.id'],
  ['text', '$order.id'],
  ['text', `$upperCase(${I}.id)`],
  ['text', `${I}.cents`],
  ['text', `${I}.address`],
  ['text', `${I}.tags`],
  ['text', `$join(${I}.tag, ',')`],
  ['whole', `$sum(${I}.lines.cuont)`],
  ['lines', `${I}.lines[sku = $sk]`],
  ['flag', `${I}.oks = true`],
  ['text', `${I}.ok ? ${I}.id : ${I}.ident`],
  ['text', '$states.context.Map.Item.Value.id'],
  ['text', `${I}.at.year`],
  ['whole', `${I}.cents & ""`],
  ['texts', `${I}.lines.count`],
  ['texts', `[${I}.cents]`],
  ['lines', `${I}.tags`],
  ['text', `${I}.lines[0].skus`],
  ['text', `$map(${I}.lines, function($l) { $l.skus })[0]`],
  ['text', `($l := ${I}.lines[0]; $l.skus)`],
  ['text', `${I}.lines^(cuont)[0].sku`],
  ['text', `(${I}.lines[cuont > 1].sku)[0]`],
  ['text', `$merge([${I}, $mor]).id`],
  ['text', '$eval("1")'],
  ['address', "{ 'stret': 'x' }"],
  ['text', `${I}.lines.($c := count; $c > 1 ? sku : 'x')[0]`],
  ['text', '$constructor.name'],
  ['whole', '($k + 1; $k := 2; 1)'],
  ['whole', '$fact := function($n) { $n < 2 ? 1 : $n * $fac($n - 1) }'],
  ['text', `($v := ${I}.address; $f := function() { $v.stret }; $f())`],
  ['text', '$__proto__'],
  ['day', "'2026-02-29'"],
  ['dayText', "'2026-13-01'"],
];
const EVEN = '$even := function($n) { $n = 0 ? true : $odd($n - 1) };';
const RIGHT_IN_JSONATA: readonly Row[] = [
  ['text', `$uppercase(${I}.id) & '-' & $string(${I}.cents)`],
  ['whole', `$sum(${I}.lines.count)`],
  ['texts', `[${I}.lines.sku]`],
  ['texts', `${I}.lines.sku`],
  ['flag', `${I}.ok and ${I}.cents > 5`],
  ['day', `${I}.at`],
  ['text', `$merge([${I}, { 'cents': 5 }]).more`],
  ['lines', `$map(${I}.lines, function($l) { { 'sku': $l.sku, 'count': $l.count + 1 } })`],
  ['lines', `$sort(${I}.lines, function($a, $b) { $a.count > $b.count })`],
  ['text', `$reduce(${I}.lines.sku, function($a, $b) { $a & $b })`],
  ['text', `${I}.lines{ sku: count } ~> $string`],
  ['text', `${I}.lines^(>count)[0].sku`],
  ['text', `$keys(${I})[0]`],
  ['day', '$now()'],
  ['text', `${I}.(id & note)`],
  ['text', `${I}.lines#$i[$i = 0].sku`],
  ['text', `${I}.lines@$l.($l.sku) ~> $join`],
  ['text', `$string(${I} ~> |lines|{'count': 1}|)`],
  ['lines', `${I}.lines.{ 'sku': sku, 'count': count }`],
  ['text', '($f := function($x) { $string($x) }; $f(1))'],
  ['lines', `$partition(${I}.lines, 2)[0]`],
  ['text', `${I}.lines.sku ~> $map($uppercase) ~> $join(',')`],
  ['text', `$each(${I}.address, function($v, $k) { $k & $v }) ~> $join`],
  ['text', `${I}.**.sku[0]`],
  ['text', `${I}.*[0]`],
  ['text', `$single(${I}.lines, function($l) { $l.count = 1 }).sku`],
  ['text', `[${I}.lines.sku][0]`],
  ['text', `$append(${I}.tags, ${I}.id)[0]`],
  ['lines', "[1..3].{ 'sku': $string($), 'count': $ }"],
  ['text', '$states.context.Execution.Input.any.thing'],
  ['text', `${I}.note`],
  ['lines', "$states.context.Execution.Input.lines.{ 'sku': sku, 'count': 1 }"],
  ['texts', "$states.context.Execution.Input.lines.(sku & '')"],
  ['whole', '($fact := function($n) { $n < 2 ? 1 : $n * $fact($n - 1) }; $fact(5))'],
  ['whole', '($sum2 := function($n, $all) { $n = 0 ? $all : $sum2($n - 1, $all + $n) }; $sum2(3, 0))'],
  ['flag', `(${EVEN} $odd := function($n) { $n = 0 ? false : $even($n - 1) }; $even(4))`],
  ['text', '($string($f := function($n) { $n = 0 ? 1 : $f($n - 1) }); $string($f(2)))'],
  ['whole', '($f := function() { $k + 1 }; $k := 2; $f())'],
  ['text', "($v := {}; $f := function() { $v.a }; $v := { 'a': 'x' }; $f())"],
  ['text', `($v := { 'a': 'x' }; ${I}.ok ? $v := {} : 0; $v.a)`],
  ['text', `($v := {}; $string($v := { 'a': 'x' }); $v.a)`],
  ['text', `($sum := function($x) { 'a' & $x }; $sum(${I}.id))`],
  ['text', `($__proto__ := { 'a': 1 }; ${I}.id)`],
  ['text', `($constructor := ${I}.address; $constructor.street)`],
];
const WRONG_IN_PATHS: readonly Row[] = [
  ['text', '$.lines[*].sku'],
  ['text', '$.lines[0].skus'],
  ['texts', '$.lines[*].count'],
  ['texts', 'States.Array($.tag)'],
  ['whole', 'States.ArrayLength($.line)'],
  ['text', '$.tags[0].name'],
  ['text', "$['idd']"],
  ['text', '$.lines.sku'],
  ['address', '$.lines[0]'],
];
const RIGHT_IN_PATHS: readonly Row[] = [
  ['whole', '$.lines.length()'],
  ['texts', '$.lines[*].sku'],
  ['lines', '$..lines[*]'],
  ['lines', '$.lines[?(@.count == 1)]'],
  ['lines', '$.lines[-1:]'],
  ['text', "States.Format('{}-{}', $.id, States.ArrayLength($.lines))"],
  ['address', 'States.StringToJson(States.JsonToString($.address))'],
  ['text', "$['address']['street']"],
  ['day', '$$.Execution.StartTime'],
  ['text', '$$.Execution.Input.any.thing'],
];

describe.each([
  ['JSONata', WRONG_IN_JSONATA, RIGHT_IN_JSONATA],
  ['JSONPath', WRONG_IN_PATHS, RIGHT_IN_PATHS],
] as const)('in %s', (language, wrong, right) => {
  test.each(wrong)('a mistake is found once in %s: %s', (key, value) => {
    expect(found(language, key, value)).toHaveLength(1);
  });

  test.each(right)('nothing is found in %s: %s', (key, value) => {
    expect(found(language, key, value)).toEqual([]);
  });
});

test.each([
  ['text', `($f := function($x) { 'x' }; $f(${I}.idd))`],
  ['text', `${I}.idd ~> function($x) { 'x' }`],
  ['texts', `$append(${I}.tag, ['x'])`],
  ['text', `$string($zip(${I}.tag, [1]))`],
])('a path in an expression that has a value without it is advice: %s: %s', (key, value) => {
  expect(findingsIn('JSONata', key, value)).toMatchObject([{ code: 'PATH_LEADS_NOWHERE', level: 'advice' }]);
});

test.each([
  ['$order.id', 'no state before this one assigns $order'],
  ['$upperCase("a")', 'there is no function $upperCase'],
  [`${I}.idd`, "$states.input.idd leads nowhere: there is never a 'idd'"],
])('the finding about %s says what it lacks', (value, what) => {
  expect(findingsIn('JSONata', 'text', value)).toMatchObject([{ what }]);
});
