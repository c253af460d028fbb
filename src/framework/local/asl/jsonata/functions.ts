import jsonata from 'jsonata';
import type { Environment } from '../expression/state-data.js';
import { HASH_NAMES, hashText } from '../values/hash.js';
import { isObject } from '../values/json.js';
import { javaRandom, uuid } from '../values/random.js';
import { LimitReached, type Frame, type Limits } from './limits/guard.js';
import { parseStrictly } from './parse.js';
import { MEMBER, RANGE } from './rewrite.js';

/** The most numbers that `$range` makes. This limit and the next were seen in answers of the live service. */
const RANGE_LIMIT = 360_145;
/** The most numbers that the operator `..` makes. */
const OPERATOR_LIMIT = 873_782;

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

/** The random numbers and the time that an evaluation uses. They are those of the execution. */
export type Host = Pick<Environment, 'random' | 'now'>;

/** The name of the variable that contains an evaluation's host. An expression can't contain this name. */
export const HOST = '\u0000host';

/** The value of `this` in a function that the library calls: the frame of variables of the caller. */
interface Caller {
  readonly environment: Frame;
}

type Implementation = (this: Caller, ...args: unknown[]) => unknown;

const hostOf = ({ environment }: Caller): Host => environment.lookup(HOST) as Host;

/**
 * The functions that Step Functions adds to JSONata, and JSONata's functions of time, which here use the execution's
 * clock. The signature checks the arguments. AWS page "Transforming data with JSONata in Step Functions".
 */
const STEP_FUNCTIONS: readonly [name: string, signature: string, implementation: Implementation][] = [
  [
    'now',
    '<s?s?:s>',
    function (picture, timezone) {
      return FROM_MILLIS.evaluate(undefined, { ms: Math.floor(hostOf(this).now()), picture, timezone });
    },
  ],
  [
    'millis',
    '<:n>',
    function () {
      return Math.floor(hostOf(this).now());
    },
  ],
  ['partition', '<xn?:a>', (items, size) => partition(items, size)],
  ['range', '<nnn?:a>', (first, last, step) => range(first, last, step)],
  ['hash', '<ss?:s>', (data, algorithm) => hash(data, algorithm)],
  [
    'random',
    '<n?:n>',
    function (seed) {
      return seed === undefined ? hostOf(this).random() : javaRandom(Number(seed));
    },
  ],
  [
    'uuid',
    '<:s>',
    function () {
      return uuid(() => hostOf(this).random());
    },
  ],
  ['parse', '<s?:x>', (text) => (typeof text === 'string' ? parse(text) : undefined)],
];

/**
 * Adds those functions that occur in the expression, since adding all of them would take longer than most evaluations.
 */
export function addStepFunctions(expression: jsonata.Expression, source: string): void {
  for (const [name, signature, implementation] of STEP_FUNCTIONS) {
    if (source.includes(`$${name}`)) expression.registerFunction(name, implementation as never, signature);
  }
  if (source.includes('$eval')) expression.assign('eval', undefined);
}

/** Returns the functions that a rewritten expression calls (see rewrite.ts). */
export function rewrittenFunctions({ bytes }: Limits): Record<string, unknown> {
  return {
    [RANGE]: (from: unknown, to: unknown) =>
      rangeOperator(from, to, Math.min(OPERATOR_LIMIT, Math.floor(bytes / 8))),
    [MEMBER]: member,
    lookup: (from: unknown, key: unknown) => member(from, String(key)),
  };
}

/** Marks a list as a sequence in the sense of the library. A sequence with only one item is equal to the item. */
function sequence(items: unknown[]): unknown[] {
  return Object.defineProperty(items, 'sequence', { value: true, enumerable: false });
}

function rangeOperator(from: unknown, to: unknown, limit: number): unknown {
  if (from !== undefined && !Number.isInteger(from)) throw libraryError('T2003', { value: from });
  if (to !== undefined && !Number.isInteger(to)) throw libraryError('T2004', { value: to });
  if (from === undefined || to === undefined) return undefined;
  const length = Number(to) - Number(from) + 1;
  if (length <= 0) return undefined;
  if (length > limit) throw new LimitReached('size');
  return sequence(Array.from({ length }, (_, at) => Number(from) + at));
}

/** Makes an error of the library. The library finds the message by the code. */
function libraryError(code: string, details: object): Error {
  return Object.assign(new Error(code), { code, ...details });
}

/** Makes the error of an argument that the function itself rejects. The code was seen at the live service. */
const refusal = (message: string): Error => Object.assign(new Error(message), { code: 'D3137', message });

/** Reads a field of an object, or of each object in a list. Inherited fields are treated as absent. */
function member(from: unknown, key: string): unknown {
  if (Array.isArray(from)) {
    return sequence(
      from
        .map((each: unknown) => member(each, key))
        .filter((found) => found !== undefined)
        .flat(),
    );
  }
  return isObject(from) && Object.hasOwn(from, key) ? from[key] : undefined;
}

/**
 * The function `$partition`. A size with a fraction is rounded towards zero. Without a size, the result is one group of
 * all items. If the size is 0 or there are no items, the result is nothing. Seen in answers of the live service.
 */
function partition(items: unknown, size: unknown): unknown {
  if (items === undefined) return undefined;
  if (items === null) throw libraryError('T0412', { index: 1, value: items, type: 'items' });
  const list = Array.isArray(items) ? (items as unknown[]) : [items];
  const chunk = size === undefined ? list.length : Math.trunc(Number(size));
  if (chunk < 0) throw refusal('Second argument must be zero or greater');
  if (chunk === 0 || list.length === 0) return undefined;
  return Array.from({ length: Math.ceil(list.length / chunk) }, (_, i) =>
    list.slice(i * chunk, (i + 1) * chunk),
  );
}

/**
 * The function `$range`. Its arguments are rounded towards zero. Recorded from the live service: the result is a
 * sequence, so a range of one number is that number, and a range without numbers is nothing.
 */
function range(first: unknown, last: unknown, step: unknown): unknown {
  if (first === undefined || last === undefined || step === undefined) return undefined;
  const [from = NaN, to = NaN, by = NaN] = [first, last, step].map((number) => Math.trunc(Number(number)));
  const length = by === 0 ? 0 : Math.floor((to - from) / by) + 1;
  if (!(length > 0)) return undefined;
  if (length > RANGE_LIMIT) throw new LimitReached('size');
  return sequence(Array.from({ length }, (_, i) => from + i * by));
}

function hash(data: unknown, algorithm: unknown): unknown {
  if (typeof data !== 'string' || typeof algorithm !== 'string') return undefined;
  const digest = hashText(data, algorithm);
  if (digest === undefined) throw refusal(`The algorithm must be one of ${HASH_NAMES}`);
  return digest;
}

function parse(text: string): unknown {
  const value = parseStrictly(text);
  if (value === undefined) throw refusal('Invalid JSON');
  return value;
}
