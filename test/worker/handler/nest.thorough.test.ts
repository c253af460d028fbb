import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { ValidationPipe } from '@nestjs/common';
import * as transformerPackage from 'class-transformer';
import * as validatorPackage from 'class-validator';
import { Type } from 'class-transformer';
import {
  Allow,
  IsDate,
  IsEmpty,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNotIn,
  IsNumber,
  IsOptional,
  ValidateNested,
} from 'class-validator';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import {
  drawDto,
  drawInput,
  randomOf,
  SHAPES_OF_FIELDS,
  START,
  WHOLE,
  type DrawnDto,
} from './kinds/drawn-dtos.js';
import { Item } from './kinds/field.js';
import { seen } from './rows/row.js';

const PAGE = readFileSync('docs/handlers.md', 'utf8');
/** SEED=7 draws other classes and inputs. */
const SEED = Number(process.env['SEED'] ?? 42);
const DTOS = 300;
const INPUTS = 24;

interface Violation {
  readonly path: string;
  readonly rule: string;
}

/** What became of an input: the instance, as `seen` shows it; or why it was refused. */
interface Verdict {
  readonly took?: unknown;
  readonly refused?: string;
  readonly violations?: readonly Violation[];
  readonly messages?: readonly string[];
}

async function pipeTakes(metatype: Constructor<object>, json: string, refuse: boolean): Promise<Verdict> {
  const pipe = new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: refuse,
    validatorPackage,
    transformerPackage,
  });
  try {
    return { took: seen(await pipe.transform(JSON.parse(json), { type: 'body', metatype })) };
  } catch (error) {
    if (!(error instanceof Error)) return { refused: typeof error };
    const { message } = ('response' in error ? error.response : {}) as { message?: string[] };
    return { refused: error.message, ...(Array.isArray(message) && { messages: message }) };
  }
}

async function handlerOf(
  input: Constructor<object>,
  unknownKeys: 'drop' | 'refuse',
): Promise<(json: string) => Promise<Verdict>> {
  @Activity('drawn')
  class Drawing {
    @Handle({ input, unknownKeys }) run(dto: object): unknown {
      return seen(dto);
    }
  }
  const bed = await createTestBed(Drawing);
  return async (json) => {
    const result = await bed.runText(json);
    if (result.status === 'succeeded') return { took: result.output };
    if (result.status !== 'failed') throw new Error(result.status);
    const { violations = [] } = JSON.parse(result.cause) as { violations?: Violation[] };
    return { refused: `${result.error} ${result.cause}`, violations };
  };
}

/** The rows of docs/handlers.md that name the differences: how each of them begins. */
const ROW = {
  type: "a value that is not of its field's type",
  null: '`null`, where only the type forbids it',
  missing: 'a missing key that no rule refuses',
  subtype: 'a subtype that the `discriminator` does not name',
  whole: '`null` in place of the object',
  depth: 'more than 256 levels',
  refused: "with `unknownKeys: 'refuse'`",
  exposed: 'a missing key of a field with `@Expose()` and an initial value',
  decimals: 'numbers such as `1e-7`',
  inherited: 'keys such as `constructor`',
  kept: "the discriminator's key",
  map: 'subtypes in a `Map`',
  excluded: 'the initial value of a field with `@Exclude()`',
} as const;
type Reason = keyof typeof ROW;

interface Compared {
  readonly drawn: DrawnDto;
  readonly input: unknown;
  readonly ours: Verdict;
  readonly theirs: Verdict;
}

/** Returns why the two differ: nothing if they don't, undefined if the page doesn't say it. */
function reasons(compared: Compared): (Reason | undefined)[] {
  const { drawn, input, ours, theirs } = compared;
  if (ours.refused !== undefined && theirs.refused !== undefined) return [];
  if (theirs.refused === undefined && ours.refused !== undefined) {
    if (ours.refused.includes('nested deeper than 256 levels')) return ['depth'];
    return (ours.violations ?? []).map((each) => refusedBecause(each, drawn, input));
  }
  if (theirs.refused !== undefined)
    return (theirs.messages ?? [theirs.refused]).map((each) => takenBecause(each, drawn, input));
  return otherwise(ours.took, theirs.took, drawn);
}

const steps = (path: string): string[] =>
  [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[]+)/g)].map(
    ([, quoted, index, name]) => quoted ?? index ?? name ?? '',
  );

const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

const isInherited = (key: string): boolean => key in Object.prototype || key === 'prototype';

function fieldAt(drawn: DrawnDto, key: string | undefined): DrawnDto['fields'][string] | undefined {
  return Object.entries(drawn.fields).find(([name, field]) => (field.key ?? name) === key)?.[1];
}

function refusedBecause({ path, rule }: Violation, drawn: DrawnDto, input: unknown): Reason | undefined {
  if (path === '' && input === null) return 'whole';
  const at = steps(path);
  const [key = ''] = at;
  const field = fieldAt(drawn, key);
  if (rule === 'unknownKey') return at.some(isInherited) ? 'refused' : undefined;
  if (field?.declared === Map && field.shape.includes('subtypes')) return 'map';
  if (rule === 'discriminator') return 'subtype';
  const value = at.reduce(own, input);
  if (value === undefined) return 'missing';
  if (value === null && at.length === 1) return 'null';
  return field && !field.takes(own(input, key)) ? 'type' : undefined;
}

function takenBecause(message: string, drawn: DrawnDto, input: unknown): Reason | undefined {
  const [name = ''] = /\b(one|two|three)\b/.exec(message) ?? [];
  const field = drawn.fields[name];
  if (field?.shape.includes('subtypes') && field.declared === Map) return 'map';
  if (field?.shape.includes('subtypes') && message.includes('kind')) return 'kept';
  if (field?.shape === 'an initial value, with @Expose' && own(input, name) === undefined) return 'exposed';
  if (field?.shape === 'a field that no input sets') return 'excluded';
  const isSmall = Object.entries(drawn.fields).some(
    ([key, each]) => each.shape === 'number, decimal places' && String(own(input, key)).includes('e-'),
  );
  return isSmall ? 'decimals' : undefined;
}

/** Each changes what a handler took to what the pipe took. */
const CHANGES: readonly (readonly [Reason, (value: unknown, drawn: DrawnDto) => unknown])[] = [
  [
    'map',
    (value, { fields }) =>
      without(value, (key) => fields[key]?.declared === Map && fields[key].shape.includes('subtypes')),
  ],
  ['kept', (value) => without(value, (key) => key === 'kind')],
  ['excluded', (value, { fields }) => without(value, (key) => fields[key]?.initial === 'kept')],
  ['inherited', (value) => without(value, isInherited)],
];

/** Returns a value without some keys of its objects and maps, and without `constructor` in a list of keys. */
function without(value: unknown, drops: (key: string) => boolean): unknown {
  if (typeof value === 'string') return drops('constructor') ? value.replace('constructor,', '') : value;
  if (Array.isArray(value)) return value.map((each) => without(each, drops));
  if (typeof value !== 'object' || value === null) return value;
  const map: unknown = Reflect.get(value, 'Map');
  if (Array.isArray(map))
    return {
      Map: (map as [string, unknown][]).flatMap(([key, each]) =>
        drops(key) ? [] : [[key, without(each, drops)]],
      ),
    };
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (drops(key) ? [] : [[key, without(each, drops)]])),
  );
}

function otherwise(ours: unknown, theirs: unknown, drawn: DrawnDto): (Reason | undefined)[] {
  const found: Reason[] = [];
  let [left, right] = [ours, theirs];
  for (const [reason, change] of CHANGES) {
    if (JSON.stringify(left) === JSON.stringify(right)) return found;
    const before = JSON.stringify(left);
    [left, right] = [change(left, drawn), change(right, drawn)];
    if (JSON.stringify(left) !== before) found.push(reason);
  }
  return JSON.stringify(left) === JSON.stringify(right) ? found : [undefined];
}

function failsAtStart(shape: string, { fields }: DrawnDto): boolean {
  const keys = Object.entries(fields).map(([name, { key }]) => key ?? name);
  const isEmpty = Object.values(fields).every(({ initial }) => initial === 'kept');
  return START.has(shape) || isEmpty || new Set(keys).size < keys.length;
}

class Quoted {
  @IsOptional() @IsNumber() @Type(() => Number) number?: number;
  @IsOptional() @IsDate() @Type(() => Date) date?: Date;
  @IsOptional() @IsNotEmpty() text?: string;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
}
class Allowing {
  @Allow() text!: string;
}
class Listed {
  @IsIn(['a', null]) text!: string;
}
class Missing {
  @IsEmpty() empty!: string;
  @IsNotIn(['x']) other!: string;
  @ValidateNested() @Type(() => Item) item!: Item;
  @IsInt({ validateIf: () => false }) count!: number;
}

const LOCAL = new Date('2026-01-31T12:00:00').toISOString();

test.each<[json: string, type: Constructor<object>, took: object]>([
  ['{"number":""}', Quoted, { number: 0 }],
  ['{"date":"2026-02-30"}', Quoted, { date: { Date: '2026-03-02T00:00:00.000Z' } }],
  ['{"date":"2026-01-31T12:00:00"}', Quoted, { date: { Date: LOCAL } }],
  ['{"text":7}', Quoted, { text: 7 }],
  ['{"items":{"name":"tea"}}', Quoted, { items: { Item: { name: 'tea' } } }],
  ['{"items":[[{"name":"tea"}]]}', Quoted, { items: [[{ Item: { name: 'tea' } }]] }],
  ['{"text":null}', Allowing, { text: null }],
  ['{"text":null}', Listed, { text: null }],
  ['{}', Missing, {}],
])('an example of the page: the pipe takes %s, a handler refuses it', async (json, type, took) => {
  expect(await pipeTakes(type, json, false)).toEqual({ took: { [type.name]: took } });
  expect(await (await handlerOf(type, 'drop'))(json)).toMatchObject({ refused: expect.any(String) });
});

test('300 drawn classes: the pipe and a handler agree, or the start fails, or the page says why not', async () => {
  const counts = { start: 0, inputs: 0, same: 0, taken: 0 };
  const rows = new Map<Reason, number>();
  const silent: string[] = [];
  const shapes = Object.keys(SHAPES_OF_FIELDS);
  for (let index = 0; index < DTOS; index++) {
    const random = randomOf(SEED * 1_000 + index);
    const shape = shapes[index % shapes.length] ?? '';
    const drawn = drawDto(random, shape);
    const refuse = random.below(4) === 0;
    const run = await handlerOf(drawn.type, refuse ? 'refuse' : 'drop').catch(({ name }: Error) => name);
    if ((run === 'StartError') !== failsAtStart(shape, drawn)) silent.push(`${shape}: ${String(run)}`);
    if (typeof run === 'string') {
      counts.start++;
      continue;
    }
    for (const json of [...WHOLE, ...Array.from({ length: INPUTS }, () => drawInput(random, drawn))]) {
      const compared = {
        drawn,
        input: JSON.parse(json) as unknown,
        ours: await run(json),
        theirs: await pipeTakes(drawn.type, json, refuse),
      };
      const why = reasons(compared);
      counts.inputs++;
      if (compared.ours.took !== undefined && compared.theirs.took !== undefined) counts.taken++;
      if (why.length === 0) counts.same++;
      for (const each of why) if (each !== undefined) rows.set(each, (rows.get(each) ?? 0) + 1);
      const names = Object.values(drawn.fields).map((field) => field.shape);
      const { ours, theirs } = compared;
      if (why.includes(undefined)) silent.push(JSON.stringify({ index, names, json, why, ours, theirs }));
    }
  }
  if (process.env['PRINT_ROWS'] !== undefined) console.log(counts, Object.fromEntries(rows));
  expect(silent).toEqual([]);
  for (const [reason, row] of Object.entries(ROW)) {
    expect({ reason, seen: rows.has(reason as Reason) }).toEqual({ reason, seen: true });
    expect(PAGE).toContain(`\n- ${row}`);
  }
  expect(Math.min(counts.same, counts.taken)).toBeGreaterThan(counts.inputs / 4);
}, 300_000);
