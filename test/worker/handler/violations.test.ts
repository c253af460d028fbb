import { expect, test } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMinSize,
  ArrayUnique,
  IsInt,
  IsString,
  Validate,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
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
