import jsonata from 'jsonata';
import { HASH_NAMES, hashText } from '../values/hash.js';
import { isObject } from '../values/json.js';
import { javaRandom, uuid } from '../values/random.js';
import type { Frame } from './guard.js';
import { LimitReached } from './limits.js';
import { parseStrictly } from './parse.js';
import { MEMBER, RANGE } from './rewrite.js';

/**
 * The most numbers in a list that `$range` returns. This limit and the next were seen in responses of the live service.
 */
const RANGE_LIMIT = 360_145;
/** The most numbers in a list that the operator `..` returns. */
const OPERATOR_LIMIT = 873_782;

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

/** The time of one evaluation, in epoch milliseconds, and its source of random numbers. The time stands still meanwhile. */
export interface Host {
  readonly now: number;
  readonly random: () => number;
}

/**
 * The name of the JSONata variable through which the functions below find the {@link Host} of the current evaluation.
 * An expression can't read the variable, since the name contains a NUL character.
 */
export const HOST = '\u0000host';

/**
 * The type of `this` in a function that the JSONata library calls. `environment` contains the variables that are
 * visible where the function is called.
 */
interface Caller {
  readonly environment: Frame;
}

type Implementation = (this: Caller, ...args: unknown[]) => unknown;

const hostOf = ({ environment }: Caller): Host => environment.lookup(HOST) as Host;

/**
 * The functions that Step Functions adds to JSONata (AWS page "Transforming data with JSONata in Step Functions"), and
 * `$now` and `$millis`, which must return the time on the execution's clock. The library checks the arguments against
 * the signature.
 */
const STEP_FUNCTIONS: readonly [name: string, signature: string, implementation: Implementation][] = [
  [
    'now',
    '<s?s?:s>',
    function (picture, timezone) {
      return FROM_MILLIS.evaluate(undefined, { ms: Math.floor(hostOf(this).now), picture, timezone });
    },
  ],
  [
    'millis',
    '<:n>',
    function () {
      return Math.floor(hostOf(this).now);
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
 * Registers the functions of the table above with an expression, but only those whose names occur in it. Registering
 * all of them would take longer than most evaluations.
 */
export function addStepFunctions(expression: jsonata.Expression, source: string): void {
  for (const [name, signature, implementation] of STEP_FUNCTIONS) {
    if (source.includes(`$${name}`)) expression.registerFunction(name, implementation as never, signature);
  }
  if (source.includes('$eval')) expression.assign('eval', undefined);
}

/**
 * Replacements for operations of the library that have no limit or give access to JavaScript's own objects. rewrite.ts
 * changes expressions so that they call these functions.
 */
export const REWRITTEN: Readonly<Record<string, unknown>> = {
  [RANGE]: rangeOperator,
  [MEMBER]: member,
  lookup: (from: unknown, key: unknown) => member(from, String(key)),
};

/**
 * Marks an array as a "sequence", as the JSONata library calls it. The library treats a sequence with one item like
 * that item.
 */
function sequence(items: unknown[]): unknown[] {
  return Object.defineProperty(items, 'sequence', { value: true, enumerable: false });
}

function rangeOperator(from: unknown, to: unknown): unknown {
  if (from !== undefined && !Number.isInteger(from)) throw libraryError('T2003', { value: from });
  if (to !== undefined && !Number.isInteger(to)) throw libraryError('T2004', { value: to });
  if (from === undefined || to === undefined) return undefined;
  const length = Number(to) - Number(from) + 1;
  if (length <= 0) return undefined;
  if (length > OPERATOR_LIMIT) throw new LimitReached('size');
  return sequence(Array.from({ length }, (_, at) => Number(from) + at));
}

/** Creates an error with a code of the JSONata library. The library adds the message that belongs to the code. */
function libraryError(code: string, details: object): Error {
  return Object.assign(new Error(code), { code, ...details });
}

/**
 * Creates the error for an argument that has the right type but a value that isn't allowed. The code is the one that
 * the live service shows.
 */
const refusal = (message: string): Error => Object.assign(new Error(message), { code: 'D3137', message });

/**
 * Reads a field of an object. From an array, reads the field of each of its objects. An inherited property, such as
 * `constructor`, is treated as absent.
 */
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
 * The function `$partition`. A fractional size is rounded towards zero. Without a size, all items are in one group.
 * Returns nothing if the size is 0 or there are no items. Seen in responses of the live service.
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
 * The function `$range`. The arguments are rounded towards zero. Recorded from the live service: a range of one number
 * returns that number, not a list, and an empty range returns nothing.
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
