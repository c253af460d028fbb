import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { instanceToPlain, plainToInstance, Type } from 'class-transformer';
import { Allow, IsArray, IsDate, IsEmpty, IsInt, IsString, validate, ValidateNested } from 'class-validator';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { Item, taking } from './kinds/field.js';

/** True where NestJS's ValidationPipe takes an input: `transform` and `whitelist` are these two calls. */
async function nestTakes(type: Constructor<object>, json: string, transform = {}): Promise<boolean> {
  const instance = plainToInstance(type, JSON.parse(json) as object, transform);
  return (
    (await validate(instance, { whitelist: true })).length === 0 && instanceToPlain(instance) !== undefined
  );
}

class Day {
  @IsDate() @Type(() => Date) at!: Date;
}
class Open {
  @Allow() text!: string;
}
class Empty {
  @IsEmpty() gone!: string;
}
class Unasked {
  @IsInt({ validateIf: () => false }) count!: number;
}
class Nested {
  @ValidateNested() @Type(() => Item) item!: Item;
}
class Grid {
  @ValidateNested({ each: true }) @Type(() => Item) rows!: Item[][];
}
class List {
  @IsArray() @IsString({ each: true }) tags!: string[];
}

/** Inputs that the pipe takes and a handler refuses, by the row of the table in docs/handlers.md. */
const ROWS: [row: string, type: Constructor<object>, json: string][] = [
  ['a date-time without an offset', Day, '{"at":"2026-01-31T12:00:00"}'],
  ['a day that does not exist', Day, '{"at":"2026-02-30"}'],
  ['`null` for `@Allow() text: string`', Open, '{"text":null}'],
  ['a missing key that has `@IsEmpty()`', Empty, '{}'],
  ['`validateIf: () => false` of a rule', Unasked, '{"count":"a"}'],
  ['a missing key that has `@ValidateNested()`', Nested, '{}'],
  ['arrays of arrays (`Item[][]`) without `@IsArray({ each: true })`', Grid, '{"rows":[[{"name":"tea"}]]}'],
];

test.each(ROWS)(
  '%s: the pipe takes it, a handler refuses it, and the page says so',
  async (row, type, json) => {
    expect(await nestTakes(type, json)).toBe(true);
    expect(await (await taking(type))(json)).toMatchObject({ error: 'Stepwright.InvalidInput' });
    expect(readFileSync('docs/handlers.md', 'utf8')).toContain(`\n- ${row}`);
  },
);

test('both refuse a broken rule, and take a right input', async () => {
  const run = await taking(List);
  for (const [json, taken] of [
    ['{"tags":[7]}', false],
    ['{"tags":["a"]}', true],
  ] as const) {
    expect(await nestTakes(List, json)).toBe(taken);
    expect((await run(json)).status === 'succeeded').toBe(taken);
  }
});
