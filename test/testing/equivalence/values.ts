import { ActivityFailure } from 'stepwright';
import * as fc from 'fast-check';

/** Makes a value anew for each run, since a run may keep or change it. */
export type Make = () => unknown;

class Money {
  constructor(readonly cents: number) {}
  toJSON(): string {
    return (this.cents / 100).toFixed(2);
  }
}
class Plain {
  readonly a = 1;
  readonly b?: string = undefined;
  get c(): string {
    return 'c';
  }
}
class PaymentDeclined extends Error {}
class Named extends Error {
  override readonly name = 'Named';
}

const circle = (): unknown => {
  const round: Record<string, unknown> = { a: 1 };
  round['self'] = round;
  return round;
};

/** Values that JSON holds in its own way, or not at all. */
const SPECIAL: readonly Make[] = [
  () => undefined,
  () => new URL('https://example.test/a?b'),
  () => new Money(150),
  () => new Plain(),
  () => new Error('inner'),
  () => /a+/g,
  () => new Uint8Array([0, 1]),
  () => Buffer.from('ab'),
  () => new Date(0),
  () => new Date(Number.NaN),
  () => new Map([['a', 1]]),
  () => new Set([1]),
  () => 10n,
  () => Symbol('s'),
  () => () => 1,
  () => Money,
  () => ({ toJSON: () => ({ cents: 1 }) }),
  () => ({
    toJSON: () => {
      throw new TypeError('no JSON');
    },
  }),
  circle,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => '\ud800',
  () => 'é'.repeat(140_000),
  () => Object.create(null),
  () => Object.assign(Object.create({ inherited: 1 }), { own: 2 }) as unknown,
  () => new Proxy({ a: 1 }, {}),
  () => Promise.resolve(1),
  () => new Number(5),
  () => [, 1], // oxlint-disable-line no-sparse-arrays -- a handler may return one
  () => ({ [Symbol('key')]: 1 }),
  () => JSON.parse('{"__proto__":{"a":1}}') as unknown,
  () => ({
    get throws(): number {
      throw new RangeError('a getter');
    },
  }),
];

const json: fc.Arbitrary<Make> = fc.jsonValue({ maxDepth: 2 }).map((value) => () => structuredClone(value));
const special = fc.constantFrom(...SPECIAL);

/** Anything that a handler may return. */
export const values: fc.Arbitrary<Make> = fc.letrec<{ value: Make }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    json,
    special,
    fc.array(tie('value'), { maxLength: 3 }).map((makes) => () => makes.map((make) => make())),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'toJSON', 'constructor'), tie('value'), { maxKeys: 3 })
      .map((makes) => () => Object.fromEntries(Object.entries(makes).map(([key, make]) => [key, make()]))),
  ),
})).value;

/** Anything that a handler may throw. */
export const thrown: fc.Arbitrary<Make> = fc.oneof(
  fc.constantFrom<Make>(
    () => new Error('plain'),
    () => new TypeError('a type'),
    () => new PaymentDeclined('no'),
    () => new Named('named'),
    () => new Error('outer', { cause: new ActivityFailure('Inner', 'deep', { a: 1 }) }),
    () => new AggregateError([new Error('one')], 'many'),
    () => new DOMException('gone', 'AbortError'),
    () => Object.assign(new Error('long'), { name: 'N'.repeat(300) }),
    () => new Error('m'.repeat(50_000)),
    () => new ActivityFailure('Circle', 'no', { data: circle() }),
    () => Object.assign(new Error('no stack'), { stack: undefined }),
  ),
  values,
  fc
    .tuple(fc.constantFrom('Declined', 'A.B', 'x'.repeat(300)), fc.string(), fc.jsonValue({ maxDepth: 1 }))
    .map(
      ([name, message, data]) =>
        () =>
          new ActivityFailure(name, message, { data }),
    ),
);
