import { runInNewContext } from 'node:vm';
import { Expose, Transform, Type } from 'class-transformer';
import { IsDate, IsInt, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { HandleOptions, OutputOption } from '../../../../src/framework/declare/handler-options.js';
import type { Row, Expected } from './row.js';

function row(name: string, returned: () => unknown, expected: Expected, more: HandleOptions = {}): Row {
  return { name, options: { input: 'any', ...more }, json: '{}', run: returned, interceptors: [], expected };
}

const writes = (name: string, returned: () => unknown, output: string): Row =>
  row(name, returned, { output });

const refuses = (name: string, returned: () => unknown, errorMessage: string): Row =>
  row(name, returned, invalid(errorMessage));

function invalid(errorMessage: string, violations?: readonly object[]): Expected {
  const error = 'Stepwright.InvalidOutput';
  return { error, cause: { errorType: error, errorMessage, ...(violations && { violations }) } };
}

const at = (path: string, fault: string): string => `the output can't be JSON: ${path} ${fault}`;

class Money {
  constructor(readonly cents: number) {}
  get euros(): number {
    return this.cents / 100;
  }
  add(): void {}
}
class Speaking {
  toJSON(): string {
    return 'spoken';
  }
}
class Basket {
  constructor(readonly items: string[]) {}
  [Symbol.iterator](): Iterator<string> {
    return this.items.values();
  }
}
class Idle {
  work(): void {}
}
class Sealed {
  readonly #cents = 150;
  get cents(): number {
    return this.#cents;
  }
}
class Note {
  @IsOptional() @IsString() declare text?: string;
}
const hollow = (type: string): string =>
  `is an instance of ${type} without fields of its own, of which JSON would be {}`;
const circular = (): unknown => {
  const ring: Record<string, unknown> = { name: 'a' };
  ring['inner'] = { list: [ring] };
  return ring;
};
const shared = { a: 1 };
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};

const plain: Row[] = [
  writes('an object', () => ({ message: 'Hello' }), '{"message":"Hello"}'),
  writes('a promise of it', () => Promise.resolve({ a: 1 }), '{"a":1}'),
  writes('a thenable', () => ({ then: (done: (value: number) => void) => done(7) }), '7'),
  writes('nothing', () => undefined, 'null'),
  writes('null', () => null, 'null'),
  writes('true', () => true, 'true'),
  writes('a string', () => 'a"b', '"a\\"b"'),
  writes('an empty string', () => '', '""'),
  writes('a number', () => 0.1, '0.1'),
  writes('minus zero', () => -0, '0'),
  writes('an array', () => [1, 'a', null], '[1,"a",null]'),
  writes('undefined in an object leaves the key out', () => ({ a: undefined, b: 1 }), '{"b":1}'),
  writes('undefined in an array is null', () => [undefined, 1], '[null,1]'),
  writes('a hole in an array is null', () => Object.assign([1], { 2: 3 }), '[1,null,3]'),
  writes('a Date', () => ({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}'),
  writes('a bare Date', () => new Date(0), '"1970-01-01T00:00:00.000Z"'),
  writes("a class's own fields", () => new Money(150), '{"cents":150}'),
  writes('a toJSON of its own', () => [new Speaking()], '["spoken"]'),
  writes('a Map with a toJSON of its own', () => Object.assign(new Map(), { toJSON: () => 1 }), '1'),
  writes(
    'an object without a prototype',
    () => Object.assign(Object.create(null) as object, { a: 1 }),
    '{"a":1}',
  ),
  writes(
    'an object that is shared, not circular',
    () => [shared, shared, { shared }],
    '[{"a":1},{"a":1},{"shared":{"a":1}}]',
  ),
  writes('boxed primitives', () => [Object('a'), Object(''), Object(1), Object(true)], '["a","",1,true]'),
  writes('an empty object', () => [{}, Object.create(null)], '[{},{}]'),
  writes('an empty object of another realm', () => runInNewContext('({})'), '{}'),
  writes('an instance of a class with rules, of which none is set', () => new Note(), '{}'),
  writes("an iterable's own fields", () => new Basket(['a']), '{"items":["a"]}'),
  writes('a lone surrogate', () => '\ud800', '"\\ud800"'),
  writes('a key __proto__', () => JSON.parse('{"__proto__":1}') as unknown, '{"__proto__":1}'),
  writes('symbols as keys are left out', () => ({ [Symbol('a')]: 1 }), '{}'),
  writes('an output at the limit', () => 'x'.repeat(262_142), `"${'x'.repeat(262_142)}"`),
];

const impossible: Row[] = [
  refuses(
    'a BigInt',
    () => 1n,
    'the output is a BigInt; return it as a string, or as a number where it is small enough',
  ),
  refuses(
    'a BigInt inside',
    () => ({ a: [{ b: 1n }] }),
    at('a[0].b', 'is a BigInt; return it as a string, or as a number where it is small enough'),
  ),
  refuses('NaN', () => NaN, 'the output is NaN, which JSON has no number for'),
  refuses(
    'Infinity inside',
    () => ({ 'a b': Infinity }),
    at('["a b"]', 'is Infinity, which JSON has no number for'),
  ),
  refuses('an invalid Date', () => ({ at: new Date('soon') }), at('at', 'is an invalid Date')),
  refuses('a Map', () => new Map([['a', 1]]), 'the output is a Map; return Object.fromEntries(map)'),
  refuses('a Set inside', () => ({ tags: new Set(['a']) }), at('tags', 'is a Set; return [...set]')),
  refuses(
    'a Buffer',
    () => Buffer.from('a'),
    'the output is binary; return it as text, for example in base64',
  ),
  refuses(
    'a typed array inside',
    () => [new Uint8Array(1)],
    at('[0]', 'is binary; return it as text, for example in base64'),
  ),
  refuses(
    'an ArrayBuffer',
    () => new ArrayBuffer(1),
    'the output is binary; return it as text, for example in base64',
  ),
  refuses('a function', () => () => 1, 'the output is a function'),
  refuses('a function inside', () => ({ run: () => 1 }), at('run', 'is a function')),
  refuses('a symbol', () => Symbol('a'), 'the output is a symbol'),
  refuses('a promise inside', () => ({ later: Promise.resolve(1) }), at('later', 'is a promise; await it')),
  refuses('an Error', () => new Error('a'), 'the output is an Error; throw it, or return its message'),
  refuses(
    'an Error among results',
    () => Promise.allSettled([Promise.reject(new Error('a'))]),
    at('[0].reason', 'is an Error; throw it, or return its message'),
  ),
  refuses('a RegExp', () => [/a/], at('[0]', 'is a RegExp; return its source')),
  refuses('a WeakMap', () => new WeakMap(), 'the output is a weak collection'),
  refuses(
    'a generator',
    () =>
      (function* () {
        yield 1;
      })(),
    'the output is a generator; collect it into an array',
  ),
  ...(
    [
      ['of the keys of a Map', () => new Map([['a', 1]]).keys()],
      ['of the values of a Set', () => new Set([1]).values()],
      ['of an array', () => [1].values()],
      ['of matches', () => 'aa'.matchAll(/a/g)],
      ['of a URL', () => new URLSearchParams('a=1')],
      ['of headers', () => new Headers({ a: '1' })],
      ['of a stream', () => new Blob(['a']).stream()],
    ] as const
  ).map(([name, make]) =>
    refuses(
      `an iterable ${name}`,
      () => ({ parts: make() }),
      at('parts', 'is an iterable without fields of its own; collect it into an array'),
    ),
  ),
  refuses('a WeakRef', () => [new WeakRef({})], at('[0]', 'is a weak reference; return what it refers to')),
  ...(
    [
      ['a response of fetch', () => new Response('{"a":1}'), 'Response', 'await response.json()'],
      ['a request', () => new Request('http://localhost'), 'Request', 'await request.json()'],
      ['a Blob', () => new Blob(['a']), 'Blob', 'await blob.text()'],
    ] as const
  ).map(([name, make, type, way]) =>
    refuses(
      name,
      () => ({ items: [{ got: make() }] }),
      at('items[0].got', `${hollow(type)}; return its content, as in \`${way}\``),
    ),
  ),
  ...(
    [
      ['an instance with private fields alone', () => new Sealed(), 'Sealed'],
      ['an instance of a class with methods alone', () => new Idle(), 'Idle'],
      ['an instance of a class without a name', () => new (class extends Idle {})(), 'a class'],
      ['a signal', () => new AbortController().signal, 'AbortSignal'],
    ] as const
  ).map(([name, make, type]) =>
    refuses(
      name,
      make,
      `the output ${hollow(type)}; return its data in a plain object, or give its class a toJSON`,
    ),
  ),
  refuses('a boxed NaN', () => Object(NaN), 'the output is NaN, which JSON has no number for'),
  refuses('a boxed symbol', () => Object(Symbol('a')), 'the output is a symbol'),
  refuses(
    'a boxed BigInt',
    () => Object(1n),
    'the output is a BigInt; return it as a string, or as a number where it is small enough',
  ),
  refuses(
    'a circle',
    circular,
    at(
      'inner.list[0]',
      'refers back to an object that contains it; return a copy without that field, or give its class a toJSON',
    ),
  ),
  refuses(
    'a getter that throws',
    () => ({
      ok: 1,
      get bad(): never {
        throw new RangeError('no');
      },
    }),
    "the output can't be read: no",
  ),
  refuses(
    'a toJSON that throws',
    () => ({
      toJSON: () => {
        throw new Error('not now');
      },
    }),
    "the output can't be read: not now",
  ),
  refuses(
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable([], {});
      revoke();
      return { proxy };
    },
    "the output can't be read: Cannot perform 'get' on a proxy that has been revoked",
  ),
  row('nesting at the limit of an input', () => deep(256), { output: JSON.stringify(deep(256)) }),
  refuses(
    'nesting beyond the limit of an input',
    () => deep(257),
    at('[0]'.repeat(66) + '[0', 'is nested deeper than 256 levels'),
  ),
  row('far above the limit', () => Array<number>(10_000_000).fill(0), {
    error: 'Stepwright.OutputTooLarge',
    cause: {
      errorType: 'Stepwright.OutputTooLarge',
      errorMessage:
        "the output has more than 524288 bytes as JSON; Step Functions accepts 262144. Return less, or store it yourself and return its key; or set payloads: { store: s3({ bucket: '…' }) } in the config (docs/payloads.md)",
    },
  }),
  refuses(
    'nesting that overflows the stack',
    () => deep(20_000),
    at('[0]'.repeat(66) + '[0', 'is nested deeper than 256 levels'),
  ),
  row('an output above the limit', () => 'x'.repeat(262_143), {
    error: 'Stepwright.OutputTooLarge',
    cause: {
      errorType: 'Stepwright.OutputTooLarge',
      errorMessage:
        "the output has 262145 bytes as JSON; Step Functions accepts 262144. Return less, or store it yourself and return its key; or set payloads: { store: s3({ bucket: '…' }) } in the config (docs/payloads.md)",
    },
  }),
  row('an output above the limit in bytes only', () => 'é'.repeat(131_072), {
    error: 'Stepwright.OutputTooLarge',
    cause: {
      errorType: 'Stepwright.OutputTooLarge',
      errorMessage:
        "the output has 262146 bytes as JSON; Step Functions accepts 262144. Return less, or store it yourself and return its key; or set payloads: { store: s3({ bucket: '…' }) } in the config (docs/payloads.md)",
    },
  }),
];

class Line {
  @IsString() name!: string;
  @IsNumber() price!: number;
}
class Receipt {
  @IsString() @Expose({ name: 'receipt_id' }) id!: string;
  @IsOptional() @IsDate() at?: Date;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
}
class Priced {
  #cents = 0;
  static of(cents: number): Priced {
    const priced = new Priced();
    priced.#cents = cents;
    return priced;
  }
  @IsString() currency = 'EUR';
  @Expose() get total(): string {
    return `${this.#cents / 100}`;
  }
}
class Rounded {
  @IsNumber()
  @Transform(({ value }: { value: number }) => value.toFixed(2), { toPlainOnly: true })
  value!: number;
}
class Views {
  @IsInt({ groups: ['admin'] }) @Expose({ groups: ['admin'] }) cost!: number;
  @IsString({ groups: ['admin', 'all'] }) name!: string;
}
class Dot {
  @IsNumber() x!: number;
}
class Drawn {
  @ValidateNested()
  @Type(() => Object, { discriminator: { property: 'kind', subTypes: [{ name: 'dot', value: Dot }] } })
  main!: Dot;
}
class Open {
  @Expose() @IsOptional() meta?: unknown;
}
class Chain {
  @IsOptional() @ValidateNested() @Type(() => Chain) next?: Chain;
}
const circularChain = (): object => {
  const chain: Record<string, unknown> = {};
  chain['next'] = chain;
  return chain;
};
const full = { id: 'r1', at: new Date(0), lines: [{ name: 'tea', price: 2, secret: 1 }], secret: 's' };

const typed = (
  name: string,
  output: OutputOption,
  returned: () => unknown,
  expected: Expected,
  more: HandleOptions = {},
): Row => row(`output: ${name}`, returned, expected, { output, ...more });

const outputs: Row[] = [
  typed('a plain object, cut to its fields and renamed', Receipt, () => full, {
    output: '{"receipt_id":"r1","at":"1970-01-01T00:00:00.000Z","lines":[{"name":"tea","price":2}]}',
  }),
  typed('an instance', Receipt, () => Object.assign(new Receipt(), { id: 'r1', extra: 1 }), {
    output: '{"receipt_id":"r1"}',
  }),
  typed(
    'an instance with plain objects in it',
    Receipt,
    () => Object.assign(new Receipt(), { id: 'r1', lines: [{ name: 'a', price: 1, secret: 1 }] }),
    { output: '{"receipt_id":"r1","lines":[{"name":"a","price":1}]}' },
  ),
  typed('an exposed accessor on private state', Priced, () => Priced.of(150), {
    output: '{"currency":"EUR","total":"1.5"}',
  }),
  typed('a @Transform on the way out runs once', Rounded, () => ({ value: 1.005 }), {
    output: '{"value":"1.00"}',
  }),
  typed(
    'an array',
    [Line],
    () => [{ name: 'a', price: 1, x: 1 }, Object.assign(new Line(), { name: 'b', price: 2 })],
    { output: '[{"name":"a","price":1},{"name":"b","price":2}]' },
  ),
  typed('an empty array', [Line], () => [], { output: '[]' }),
  typed(
    'groups',
    Views,
    () => ({ cost: 1, name: 'a' }),
    { output: '{"cost":1,"name":"a"}' },
    { groups: ['admin'] },
  ),
  typed(
    'groups that expose less',
    Views,
    () => ({ cost: 1, name: 'a' }),
    { output: '{"name":"a"}' },
    { groups: ['all'] },
  ),
  typed(
    'a broken rule',
    Line,
    () => ({ name: 'a', price: '1' }),
    invalid('the output is not a valid Line: price must be a number', [
      {
        path: 'price',
        rule: 'isNumber',
        message: 'price must be a number',
      },
    ]),
  ),
  typed(
    'a broken rule deep inside',
    Receipt,
    () => ({
      id: 'r1',
      lines: [
        { name: 'a', price: 1 },
        { name: 7, price: 1 },
      ],
    }),
    invalid('the output is not a valid Receipt: lines[1].name must be a string', [
      { path: 'lines[1].name', rule: 'isString', message: 'lines[1].name must be a string' },
    ]),
  ),
  typed(
    'what is not of its declared type',
    Line,
    () => ({ name: 7, price: Infinity }),
    invalid('the output is not a valid Line: name must be a string (and 1 more)', [
      { path: 'name', rule: 'isString', message: 'name must be a string' },
      { path: 'price', rule: 'isNumber', message: 'price must be a number' },
    ]),
  ),
  typed('a subtype keeps its discriminator', Drawn, () => ({ main: Object.assign(new Dot(), { x: 1 }) }), {
    output: '{"main":{"x":1,"kind":"dot"}}',
  }),
  typed(
    'one that holds itself',
    Chain,
    circularChain,
    invalid(
      at(
        'next',
        'refers back to an object that contains it; return a copy without that field, or give its class a toJSON',
      ),
    ),
  ),
  typed('an instance whose fields are all unset', Note, () => new Note(), { output: '{}' }),
  typed(
    'a response of fetch where all fields may be unset',
    Note,
    () => new Response('{"text":"a"}'),
    invalid(`the output ${hollow('Response')}; return its content, as in \`await response.json()\``),
  ),
  typed(
    'a response of fetch in a field that no class describes',
    Open,
    () => ({ meta: new Response('') }),
    invalid(at('meta', `${hollow('Response')}; return its content, as in \`await response.json()\``)),
  ),
  typed(
    'nothing',
    Line,
    () => undefined,
    invalid('the output is not a valid Line: the value must be an object', [
      { path: '', rule: 'isObject', message: 'the value must be an object' },
    ]),
  ),
  typed(
    'an array for an object',
    Line,
    () => [],
    invalid('the output is not a valid Line: the value must be an object', [
      { path: '', rule: 'isObject', message: 'the value must be an object' },
    ]),
  ),
  typed(
    'an object for an array',
    [Line],
    () => ({}),
    invalid('the output is not a valid Line: the value must be an array', [
      { path: '', rule: 'isArray', message: 'the value must be an array' },
    ]),
  ),
  typed(
    'a wrong element',
    [Line],
    () => [{ name: 'a', price: 1 }, null],
    invalid('the output is not a valid Line: [1] must be an object', [
      { path: '[1]', rule: 'isObject', message: '[1] must be an object' },
    ]),
  ),
];

/** Results, each with what is reported. */
export const resultRows: Row[] = [...plain, ...impossible, ...outputs];
