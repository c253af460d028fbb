import { expect, test } from '@jest/globals';
import { rowsOf } from '../../src/framework/asl/items/csv.js';
import { pointedItems } from '../../src/framework/asl/items/json-items.js';
import { textOf } from '../../src/framework/asl/items/lines.js';
import { mulberry32 } from '../support/random.js';

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

type Drawn =
  | string
  | number
  | boolean
  | null
  | readonly Drawn[]
  | { readonly pairs: readonly [string, Drawn][] };

/** Draws JSON texts, laid out in odd ways, and pointers into them. */
class Drawing {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = mulberry32(seed);
  }

  below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  one<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  value(depth = 0): Drawn {
    const kind = this.below(depth > 4 ? 3 : 8) + (depth === 0 ? 3 : 0);
    if (kind < 3)
      return this.one(['', '"]}', '\\\\"', 'é😀', ' , ', 0, -1.5e-7, 12345678901234567000, true, null]);
    const inner = Array.from({ length: this.below(5) }, () => this.value(depth + 1));
    return kind < 5 ? inner : { pairs: inner.map((each): [string, Drawn] => [this.key(), each]) };
  }

  /** Few keys, so that some come twice. */
  key(): string {
    return this.one(['a', 'b', '0', '1', '', 'a/b', '~', '~1', '"', 'é', '__proto__', 'length', '{']);
  }

  text(value: Drawn): string {
    const space = (): string => this.one(['', '', ' ', '\n\t', '\r\n']);
    const around = (text: string): string => space() + text + space();
    if (Array.isArray(value)) return `[${space()}${value.map((each) => around(this.text(each))).join()}]`;
    if (typeof value === 'object' && value !== null && 'pairs' in value)
      return `{${space()}${value.pairs.map(([key, each]) => `${around(this.#string(key))}:${around(this.text(each))}`).join()}}`;
    return typeof value === 'string' ? this.#string(value) : JSON.stringify(value);
  }

  /** A character may be written as an escape. */
  #string(text: string): string {
    const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const chars = text
      .split('')
      .map((char) => (this.below(3) > 0 ? JSON.stringify(char).slice(1, -1) : escaped(char)));
    return `"${chars.join('')}"`;
  }

  /** Most pointers lead to a list. */
  pointer(value: object): string {
    const lists = Object.entries(value).filter(([, each]) => typeof each === 'object' && each !== null);
    const [key, inner] = this.one(this.below(9) > 0 ? lists : Object.entries(value)) ?? ['x', 0];
    const goesOn = typeof inner === 'object' && inner !== null && this.below(3) > 0;
    return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${goesOn ? this.pointer(inner as object) : ''}`;
  }

  async *chunks(text: string): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(this.below(4) === 0 ? `\ufeff${text}` : text);
    for (let at = 0; at < bytes.length;) yield bytes.subarray(at, (at += 1 + this.below(9)));
  }
}

function at(value: unknown, pointer: string): unknown {
  const steps = pointer.slice(1).split('/');
  const keys = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : null,
    value,
  );
}

test('what a JSON Pointer leads to is what JSON.parse has there', async () => {
  let found = 0;
  for (let seed = 0; seed < 2_000; seed++) {
    const drawing = new Drawing(seed);
    const text = drawing.text(drawing.value());
    const parsed = JSON.parse(text) as object;
    const pointer = drawing.pointer(parsed);
    const wanted = at(parsed, pointer);
    const read = async (): Promise<unknown> => {
      const parts: object[] = [];
      for await (const part of pointedItems(() => textOf(drawing.chunks(text)), pointer)) parts.push(part);
      if (!Array.isArray(wanted)) return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
      return parts.flat();
    };
    const got = await read().catch((error: Error) => error.message);
    const isList = typeof wanted === 'object' && wanted !== null;
    if (isList) found++;
    expect([text, pointer, got]).toEqual([
      text,
      pointer,
      isList ? wanted : 'States.ItemReaderFailed: Attempting to map over non-iterable node.',
    ]);
  }
  expect(found).toBeGreaterThan(600);
});

test.each(['{"a":[1', '{"a":[1]', '{"a":[1]}]', '{"a":[1,]}', '{"a":{"b":}}', '{"a":{"b"}}'])(
  'a JSON Pointer into %s finds no JSON',
  async (text) => {
    const read = async (): Promise<void> => {
      for await (const _ of pointedItems(() => textOf(new Drawing(1).chunks(text)), '/a'));
    };
    await expect(read()).rejects.toThrow('is not valid JSON');
  },
);
