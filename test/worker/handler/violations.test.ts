import { expect, test } from '@jest/globals';
import { Expose, Transform, Type, type TransformFnParams } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  ArrayUnique,
  IsInt,
  IsOptional,
  IsString,
  MinLength,
  Validate,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import { Activity, createLog, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { taking } from './kinds/field.js';

/** Returns the violations of an input, as `path: rule`; undefined where there is none. */
async function broken(type: Constructor<object>, input: unknown): Promise<string[] | undefined> {
  const result = await (await taking(type))(JSON.stringify(input));
  if (result.status === 'succeeded') return undefined;
  if (result.status !== 'failed' || result.error !== 'Stepwright.InvalidInput')
    throw new Error(JSON.stringify(result));
  const { violations } = JSON.parse(result.cause) as { violations: { path: string; rule: string }[] };
  return violations.map(({ path, rule }) => `${path}: ${rule}`);
}

class Line {
  @IsString() @Transform(({ value }: { value: string }) => value.trim()) note!: string;
  @IsString() sku!: string;
}
class Order {
  @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
  @IsInt() count!: number;
}

test('a @Transform that throws is reported by its own path, beside the others', async () => {
  const lines = [
    { note: ' a ', sku: 's' },
    { note: 7, sku: 5 },
  ];
  expect(await broken(Order, { lines, count: 'x' })).toEqual([
    'count: isNumber',
    'lines[1].note: transform',
    'lines[1].sku: isString',
  ]);
});

class Item {
  @IsString() sku!: string;
}
class Cart {
  @ArrayUnique() @ArrayMinSize(3) @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
  @IsInt() count!: number;
}

test('refused elements do not count as the same, and their number still counts', async () => {
  expect(await broken(Cart, { items: ['x', 'y'], count: 'x' })).toEqual([
    'count: isNumber',
    'items: arrayMinSize',
    'items[0]: isObject',
    'items[1]: isObject',
  ]);
});

class Keyed {
  @ArrayUnique((item: Item) => item.sku.toLowerCase())
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
  @IsString({ each: true }) @ArrayMinSize(1) tags!: string[];
}

test('a rule that throws at a refused part takes no other rule with it', async () => {
  expect(await broken(Keyed, { items: ['x', { sku: 5 }], tags: [] })).toEqual([
    'items[0]: isObject',
    'items[1].sku: isString',
    'tags: arrayMinSize',
  ]);
});

@ValidatorConstraint({ name: 'throwing' })
class Throwing {
  validate(): boolean {
    throw new RangeError('no verdict');
  }
}
@ValidatorConstraint({ name: 'rejecting', async: true })
class Rejecting {
  validate(): Promise<boolean> {
    return Promise.reject(new RangeError('no verdict'));
  }
}
class Careless {
  @Validate(Throwing) first!: string;
  @Validate(Rejecting) second!: string;
  @IsString({ each: true }) @ArrayMinSize(1) last!: string[];
}

test('an input that breaks a rule is refused, whatever another rule throws', async () => {
  expect(await broken(Careless, { first: 'a', second: 'b', last: [] })).toEqual(['last: arrayMinSize']);
  const result = await (await taking(Careless))('{"first":"a","second":"b","last":["c"]}');
  expect(result).toMatchObject({ status: 'failed', error: 'RangeError' });
});

@ValidatorConstraint({ name: 'complete' })
class Complete {
  validate({ sku }: Item): boolean {
    return (sku as string | undefined) !== undefined;
  }
}
class Filled {
  @Validate(Complete) @ValidateNested() @Type(() => Item) item!: Item;
}

test('a rule above a refused value does not tell of what is left of it', async () => {
  expect(await broken(Filled, { item: { sku: 5 } })).toEqual(['item.sku: isString']);
});

class Totals {
  @Transform(({ value }: { value: number[] }) => value.map((each) => each.toFixed(2)))
  @ArrayMinSize(2)
  @Type(() => Number)
  parts!: unknown[];
}

test('a @Transform gets no value in which @Type has refused a part', async () => {
  expect(await broken(Totals, { parts: [1, 'x', 2] })).toEqual(['parts[1]: isNumber']);
});

class Parts {
  @IsOptional() @MinLength(2, { each: true }) @Type(() => String) names?: Set<string>;
  @IsOptional() @MinLength(2, { each: true }) @Type(() => String) byKey?: Map<string, string>;
  @IsOptional() @MinLength(2, { each: true }) @IsString({ each: true }) list?: string[];
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Set<Item>;
}

test('a rule for each part names the part that breaks it, by its place in the JSON', async () => {
  expect(await broken(Parts, { list: ['ab', 'c', 'de', 7] })).toEqual([
    'list[1]: minLength',
    'list[3]: isString',
    'list[3]: minLength',
  ]);
  expect(await broken(Parts, { names: ['ab', 'ab', 'c'] })).toEqual(['names[2]: minLength']);
  expect(await broken(Parts, { byKey: { first: 'ab', second: 'c' } })).toEqual(['byKey.second: minLength']);
  expect(await broken(Parts, { items: [7, 8, { sku: 9 }] })).toEqual([
    'items[0]: isObject',
    'items[1]: isObject',
    'items[2].sku: isString',
  ]);
});

@ValidatorConstraint({ name: 'wordless' })
class Wordless {
  validate(): boolean {
    return false;
  }
}
class Speechless {
  @Validate(Wordless) name!: string;
  @IsInt({ message: () => '' }) count!: number;
}

test('a rule without a message is named', async () => {
  const result = await (await taking(Speechless))('{"name":"a","count":1.5}');
  if (result.status !== 'failed') throw new Error(result.status);
  expect(JSON.parse(result.cause)).toMatchObject({
    violations: [{ message: 'count breaks the rule isInt' }, { message: 'name breaks the rule wordless' }],
  });
});

class Person {
  @Expose({ name: 'full_name' })
  @Transform(({ obj, value, key, options }: TransformFnParams) =>
    [obj.first, obj.last, Object.keys(obj).join('+'), value, key, options.exposeUnsetFields].join(' '),
  )
  @IsString()
  fullName!: string;
}

test('a @Transform sees every key of the object in the input, but __proto__', async () => {
  const run = await taking(Person);
  expect(await run('{"first":"Ann","last":"Lee","__proto__":{"x":1},"full_name":7}')).toMatchObject({
    output: { Person: { fullName: 'Ann Lee first+last+full_name 7 fullName true' } },
  });
});

class Known {
  @IsInt() count!: number;
  @IsOptional() @ValidateNested() @Type(() => Item) item?: Item;
  @Allow() any: unknown;
}

test('the keys that are dropped are logged once, at debug, and counted', async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  @Activity('dropping')
  class Dropping {
    @Handle() run(_input: Known): void {}
  }
  const bed = await createTestBed(Dropping, { log: createLog({ destination: { write }, level: 'debug' }) });
  const input = { count: 1, tip: 'secret', item: { sku: 'a', tip: 2 }, any: { more: 1 } };
  for (const json of [input, input, { count: 1, late: 3 }]) await bed.runText(JSON.stringify(json));
  const dropped = lines.filter(({ msg }) => String(msg).startsWith('a key is dropped'));
  expect(dropped).toMatchObject([
    { level: 'debug', handler: 'Dropping.run', class: 'Item', key: 'tip', dropped: 1 },
    { level: 'debug', handler: 'Dropping.run', class: 'Known', key: 'tip', dropped: 2 },
    { level: 'debug', handler: 'Dropping.run', class: 'Known', key: 'late', dropped: 3 },
  ]);
  expect(JSON.stringify(dropped)).not.toContain('secret');
  const before = lines.length;
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, index]));
  await bed.runText(JSON.stringify({ count: 1, ...many }));
  expect(lines.slice(before).filter(({ key }) => key !== undefined)).toHaveLength(97);
});

@Activity('Whatever')
class Whatever {
  @Handle({ input: 'any' }) take(): void {}
}

test('the depth of an input is counted behind a text that ends in a backslash', async () => {
  const bed = await createTestBed(Whatever);
  const text = `["\\\\",${'['.repeat(300)}${']'.repeat(300)}]`;
  expect(await bed.runText(text)).toMatchObject({
    status: 'failed',
    error: 'Stepwright.InvalidInput',
    cause: expect.stringContaining('nested deeper than 256 levels'),
  });
});
