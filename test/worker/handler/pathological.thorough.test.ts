import { expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Activity, ActivityFailure, Handle } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';

class Item {
  @IsInt() n!: number;
}
class Dto {
  @IsString() who!: string;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @IsString({ each: true }) tags?: string[];
}
class Receipt {
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  @IsOptional() @IsString() text?: string;
}

let made: () => unknown = () => 'done';

@Activity('large')
class Large {
  @Handle() run(_input: Dto): string {
    return 'done';
  }
}
@Activity('list')
class List {
  @Handle({ input: [Item] }) run(_input: Item[]): string {
    return 'done';
  }
}
@Activity('returning')
class Returning {
  @Handle() run(): unknown {
    return made();
  }
}
@Activity('typed')
class Typed {
  @Handle({ output: Receipt }) run(): Receipt {
    return made() as Receipt;
  }
}

const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => make(index));
const keys = (count: number): object => Object.fromEntries(list(count, (index) => [`key${index}`, index]));
const many = (part: string, count: number): string => `[${list(count, () => part).join()}]`;

/** The longest that one task may block the loop, and with it every other task and heartbeat. */
const LIMIT_MS = 1_000;

/** Returns the processor time of a task: on an idle machine it can't have blocked the loop for longer. */
async function timed(activity: Constructor<object>, json: string): Promise<[TaskResult, number]> {
  const bed = await createTestBed(activity);
  const before = process.cpuUsage();
  const result = await bed.runText(json);
  const { user, system } = process.cpuUsage(before);
  const tookMs = (user + system) / 1_000;
  if (process.env['PRINT_BLOCKS'] !== undefined) process.stdout.write(`${tookMs.toFixed(0)} ms\n`);
  return [result, tookMs];
}

const items = (part: string, count: number): string => `{"who":"a","items":${many(part, count)}}`;

test.each<[string, Constructor<object>, string, string]>([
  ['fifteen thousand unknown keys', Large, JSON.stringify({ who: 'a', ...keys(15_000) }), 'succeeded'],
  [
    'ten thousand items',
    Large,
    JSON.stringify({ who: 'a', items: list(10_000, (n) => ({ n })) }),
    'succeeded',
  ],
  ['thirty thousand items', Large, items('{"n":1}', 30_000), 'succeeded'],
  ['twenty thousand wrong items', Large, items('{"n":"x"}', 20_000), 'failed'],
  ['fifty thousand nulls for items', Large, items('null', 50_000), 'failed'],
  ['eighty-seven thousand empty items', Large, items('{}', 87_000), 'failed'],
  ['a hundred and thirty thousand numbers for items', Large, items('1', 130_000), 'failed'],
  ['eighty-seven thousand empty texts', Large, `{"who":"a","tags":${many('""', 87_000)}}`, 'succeeded'],
  ['eighty-seven thousand empty objects at the top', List, many('{}', 87_000), 'failed'],
  [
    'nine hundred wrong shapes among wrong items',
    Large,
    `{"items":[${list(20_000, (n) => (n < 900 ? '1' : '{}')).join()}]}`,
    'failed',
  ],
])('an input of %s', async (_, activity, json, status) => {
  const [result, tookMs] = await timed(activity, json);
  expect(result).toMatchObject({ status });
  expect(tookMs).toBeLessThan(LIMIT_MS);
});

const thrower = (data: unknown) => () => {
  throw new ActivityFailure('Large', 'm', data);
};
const shared = (levels: number): Error =>
  list(levels, () => 10).reduce<Error>(
    (inner, width) =>
      new AggregateError(
        list(width, () => inner),
        'm',
      ),
    new Error('leaf'),
  );
const objects = list(2_000_000, (n) => ({ n }));
const TWENTY_MB = 'x'.repeat(20_000_000);

test.each<[string, Constructor<object>, () => unknown, string]>([
  ['returned: a text of 20 MB', Returning, () => TWENTY_MB, 'Stepwright.OutputTooLarge'],
  ['returned: two million objects', Returning, () => objects, 'Stepwright.OutputTooLarge'],
  [
    'returned, with a class: a text of 20 MB',
    Typed,
    () => ({ text: TWENTY_MB }),
    'Stepwright.OutputTooLarge',
  ],
  [
    'returned, with a class: two million objects',
    Typed,
    () => ({ items: objects }),
    'Stepwright.OutputTooLarge',
  ],
  [
    'returned, with a class: as many as could nearly fit',
    Typed,
    () => ({ items: list(80_000, () => ({ n: 1 })) }),
    'Stepwright.OutputTooLarge',
  ],
  ['thrown: data of 20 MB', Returning, thrower(TWENTY_MB), 'Large'],
  ['thrown: two million objects as data', Returning, thrower(objects), 'Large'],
  [
    'thrown: ten levels of ten errors each',
    Returning,
    () => {
      throw shared(10);
    },
    'AggregateError',
  ],
])('%s', async (_, activity, make, error) => {
  made = make;
  const [result, tookMs] = await timed(activity, '{}');
  expect(result).toMatchObject({ error });
  expect(tookMs).toBeLessThan(LIMIT_MS);
});

test.each([
  ['broken rules', items('{}', 5_000), 'n must be an integer number (and at least 999 more)'],
  ['wrong shapes', items('1', 5_000), 'items[0] must be an object (and at least 999 more)'],
])('more %s than a cause can hold are not looked for, and it says so', async (_, json, message) => {
  const [result] = await timed(Large, json);
  expect(result).toMatchObject({ cause: expect.stringContaining(message) });
});

test('of data that has no room in a cause, the rest is not written', async () => {
  let written = 0;
  const line = {
    toJSON(): string {
      written++;
      return 'x'.repeat(100);
    },
  };
  made = thrower(list(100_000, () => line));
  const [result] = await timed(Returning, '{}');
  expect(result).toMatchObject({ cause: expect.stringContaining('"data":"(too long for a cause)"') });
  expect(written).toBeLessThan(1_000);
});
