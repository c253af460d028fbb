import { expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';

class Item {
  @IsInt() n!: number;
}
class Dto {
  @IsString() who!: string;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
}
@Activity('large')
class Large {
  @Handle() run(_input: Dto): string {
    return 'done';
  }
}

const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index));
const keys = (count: number): object => Object.fromEntries(list(count, (index) => [`key${index}`, index]));

/** Far above what each takes; an algorithm that grows with the square would take minutes. */
const LIMIT_MS = 5_000;

test.each<[string, unknown, string]>([
  ['fifteen thousand unknown keys', { who: 'a', ...keys(15_000) }, 'succeeded'],
  ['ten thousand items', { who: 'a', items: list(10_000, (n) => ({ n })) }, 'succeeded'],
  ['ten thousand wrong items', { who: 'a', items: list(10_000, () => ({ n: 'x' })) }, 'failed'],
  ['fifty thousand nulls for items', { who: 'a', items: list(50_000, () => null) }, 'failed'],
  ['eighty thousand empty items', { who: 'a', items: list(80_000, () => ({})) }, 'failed'],
  [
    'nine hundred wrong shapes among wrong items',
    { items: list(20_000, (n) => (n < 900 ? 1 : {})) },
    'failed',
  ],
])('%s', async (_, input, status) => {
  const bed = await createTestBed(Large);
  const began = performance.now();
  expect(await bed.runText(JSON.stringify(input))).toMatchObject({ status });
  expect(performance.now() - began).toBeLessThan(LIMIT_MS);
});
