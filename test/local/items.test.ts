import { expect, test } from '@jest/globals';
import { rowsOf } from '../../src/framework/asl/items/csv.js';

async function rows(...chunks: string[]): Promise<string[][]> {
  async function* text(): AsyncGenerator<string> {
    yield* chunks;
  }
  const found: string[][] = [];
  for await (const some of rowsOf(text(), ',')) found.push(...some);
  return found;
}

test('the rows of a CSV file are the same wherever its chunks end', async () => {
  const text = 'a,b\r\n"1\r\n""x""",2\r\r3,\\"4\n\n"5,6","\r7"\r';
  const expected = [
    ['a', 'b'],
    ['1\n"x"', '2'],
    ['3', '"4'],
    ['5,6', '\n7'],
  ];
  expect(await rows(text)).toEqual(expected);
  expect(await rows(...text.split(''))).toEqual(expected);
  for (let at = 0; at <= text.length; at++)
    expect(await rows(text.slice(0, at), text.slice(at))).toEqual(expected);
});

test('a line that never ends fails, and so does a quoted cell', async () => {
  const part = 'x'.repeat(1024 * 1024);
  await expect(rows(...Array<string>(9).fill(part))).rejects.toThrow('A line of the file has more than');
  await expect(rows('"', ...Array<string>(9).fill(`${part}\n`))).rejects.toThrow(
    'A row of the file has more',
  );
});
