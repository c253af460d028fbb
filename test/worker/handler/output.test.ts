import { describe, expect, test } from '@jest/globals';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Allow, IsArray, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import type { OutputOption } from '../../../src/framework/declare/handler-options.js';

/** Runs a handler that returns this, with `output:` where it is given. */
async function returning(made: () => unknown, output?: OutputOption): Promise<TaskResult> {
  @Activity('returning')
  class Returning {
    @Handle({ output }) run(): object {
      return made() as object;
    }
  }
  return (await createTestBed(Returning)).run({});
}

const outputOf = async (made: () => unknown, output?: OutputOption): Promise<unknown> => {
  const result = await returning(made, output);
  return result.status === 'succeeded' ? result.output : result;
};

class Money {
  readonly cents = 150;
  toJSON(): string {
    return '1.50';
  }
}
const circle = (): object => {
  const ring: Record<string, unknown> = {};
  ring['list'] = [ring];
  return ring;
};

class Open {
  @Allow() field: unknown;
}
class Nested {
  @ValidateNested() @Type(() => Open) open!: Open;
}

describe('with `output:` or without, one value has one outcome', () => {
  test.each<[string, () => unknown, unknown]>([
    ['a URL', () => new URL('https://a.example/b'), 'https://a.example/b'],
    ['a toJSON of its own', () => new Money(), '1.50'],
    ['a Date', () => new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a boxed text', () => Object('a'), 'a'],
    ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    [
      'a class instance',
      () =>
        new (class Point {
          x = 1;
        })(),
      { x: 1 },
    ],
  ])('%s is written', async (_, field, written) => {
    expect(await outputOf(() => ({ field: field() }))).toEqual({ field: written });
    expect(await outputOf(() => ({ field: field() }), Open)).toEqual({ field: written });
    expect(await outputOf(() => ({ open: { field: [field()] } }), Nested)).toEqual({
      open: { field: [written] },
    });
  });

  test.each<[string, () => unknown]>([
    ['an Error', () => new Error('a')],
    ['a RegExp', () => /a/],
    ['bytes', () => new Uint8Array([1, 2])],
    ['a Buffer', () => Buffer.from('a')],
    ['a Map that no declaration takes', () => new Map([['a', 1]])],
    ['a Set that no declaration takes', () => new Set([1])],
    ['a function', () => () => 'secret'],
    ['a circle', circle],
    ['a promise', () => Promise.resolve(1)],
    [
      'a generator',
      () =>
        (function* () {
          yield 1;
        })(),
    ],
    ['URL parameters', () => new URLSearchParams('a=1')],
    ['NaN', () => NaN],
  ])('%s is refused, by the same words', async (_, field) => {
    const bare = await returning(() => ({ field: field() }));
    expect(bare).toMatchObject({
      error: 'Stepwright.InvalidOutput',
      cause: expect.stringContaining(': field'),
    });
    expect(await returning(() => ({ field: field() }), Open)).toEqual(bare);
    const inner = await returning(() => ({ open: { field: { a: field() } } }));
    expect(inner).toMatchObject({ cause: expect.stringContaining(': open.field.a') });
    expect(await returning(() => ({ open: { field: { a: field() } } }), Nested)).toEqual(inner);
  });
});

test('nothing that a handler returned is called but toJSON', async () => {
  let calls = 0;
  const spy = (): number => ++calls;
  const values = [{ field: spy }, { field: { inner: spy } }, { field: [spy] }];
  for (const value of values) {
    const result = await returning(() => value, Open);
    expect(result).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidOutput' });
  }
  expect(calls).toBe(0);
});

test('a getter of an output is read once', async () => {
  let reads = 0;
  class Total {
    @IsInt() @Expose() get total(): number {
      return ++reads;
    }
    @Allow() field: unknown = {
      get inner(): number {
        return ++reads;
      },
    };
  }
  expect(await outputOf(() => new Total(), Total)).toEqual({ field: { inner: 2 }, total: 1 });
  reads = 0;
  const plain = {
    get field(): number {
      return ++reads;
    },
  };
  expect(await outputOf(() => plain, Open)).toEqual({ field: 1 });
  expect(await outputOf(() => plain)).toEqual({ field: 2 });
});

class Opt {
  @IsOptional() @IsString() name?: string;
}

test('a value that JSON would turn into {} is refused where a class is declared, too', async () => {
  for (const value of [new Map(), new Set(), /a/, new Error('a'), new Uint8Array(1)]) {
    const bare = await returning(() => value);
    expect(bare).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidOutput' });
    expect(await returning(() => value, Opt)).toEqual(bare);
  }
});

test('the toJSON of a value that is no instance of the declared class is asked first', async () => {
  class Row {
    toJSON(): object {
      return { name: 'tea', secret: 1 };
    }
  }
  expect(await outputOf(() => new Row(), Opt)).toEqual({ name: 'tea' });
});

class Priced {
  @IsInt() cents!: number;
  toJSON(): object {
    return { euros: this.cents / 100 };
  }
}

test('the toJSON of a declared class is asked once its rules hold', async () => {
  expect(await outputOf(() => ({ cents: 150 }), Priced)).toEqual({ euros: 1.5 });
  expect(await returning(() => ({ cents: 'a' }), Priced)).toMatchObject({ status: 'failed' });
});

class User {
  name = 'ann';
  @Exclude() password = 'secret';
  @Expose({ name: 'born' }) @Transform(({ value }: { value: number }) => `in ${value}`) year = 1990;
}

test('a class without rules in an output keeps its @Exclude, @Expose and @Transform', async () => {
  const written = { name: 'ann', born: 'in 1990' };
  expect(await outputOf(() => ({ field: [new User()] }), Open)).toEqual({ field: [written] });
});

class Collections {
  @IsString({ each: true }) tags!: Set<string>;
  @ValidateNested() @Type(() => Opt) byName!: Map<string, Opt>;
}

test('a Set and a Map are written where they are declared', async () => {
  const made = (): object => ({ tags: new Set(['a']), byName: new Map([['k', { name: 'tea', secret: 1 }]]) });
  expect(await outputOf(made, Collections)).toEqual({ tags: ['a'], byName: { k: { name: 'tea' } } });
});

class Grid {
  @IsArray({ each: true }) @ValidateNested({ each: true }) @Type(() => Opt) rows!: Opt[][];
}

test('an array of arrays is checked and cut element by element', async () => {
  expect(await outputOf(() => ({ rows: [[{ name: 'tea', secret: 1 }]] }), Grid)).toEqual({
    rows: [[{ name: 'tea' }]],
  });
  expect(await returning(() => ({ rows: [[{ name: 7 }]] }), Grid)).toMatchObject({
    cause: expect.stringContaining('rows[0][0].name must be a string'),
  });
});

test('a getter, a toJSON or a @Transform that throws is refused as without a class', async () => {
  const field = {
    get inner(): never {
      throw new RangeError('no');
    },
  };
  const bare = await returning(() => ({ field }));
  expect(bare).toMatchObject({ cause: expect.stringContaining("field can't be read: no") });
  expect(await returning(() => ({ field }), Open)).toEqual(bare);
  class Sad {
    @Allow() @Expose() get bad(): never {
      throw new RangeError('no');
    }
  }
  expect(await returning(() => new Sad(), Sad)).toMatchObject({
    error: 'Stepwright.InvalidOutput',
    cause: expect.stringContaining("can't be read: no"),
  });
});

test.each([
  ['with `output:`', Open],
  ['without', undefined],
])('binary data is refused before its toJSON lists each byte, %s', async (_, output) => {
  let listed = 0;
  const file = Object.assign(Buffer.from('a file'), { toJSON: () => void listed++ });
  expect(await returning(() => ({ field: file }), output)).toMatchObject({
    cause: expect.stringContaining('field is binary'),
  });
  expect(listed).toBe(0);
});

test('a getter that throws is named by its own object, also after a nested one', async () => {
  const made = (): object => ({
    outer: {
      before: { deep: {} },
      get bad(): never {
        throw new RangeError('no');
      },
    },
  });
  expect(await returning(made)).toMatchObject({ cause: expect.stringContaining("outer can't be read: no") });
});

test('an output that is too large names its largest field', async () => {
  const result = await returning(() => ({ id: 1, rows: 'x'.repeat(300_000), note: 'short' }));
  expect(JSON.stringify(result)).toContain(
    "bytes as JSON, of which 'rows' has 300002; Step Functions accepts",
  );
});
