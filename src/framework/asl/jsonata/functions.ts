import jsonata from 'jsonata';
import { HASH_NAMES, hashText, javaRandom, uuid } from '../values/functions.js';
import { isObject, type Json, parseJson } from '../values/json.js';
import { LimitReached } from './limits.js';
import { FIRST, libraryError, MEMBER } from './guard.js';
import { eachName } from '../values/json-scan.js';

/** The most numbers in a list that `$range` returns. Seen in responses of the live service. */
const RANGE_LIMIT = 360_145;

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

/** The time of one job, in epoch milliseconds, and its source of random numbers. The time stands still meanwhile. */
export interface Host {
  readonly now: number;
  readonly random: () => number;
}

type StepFunction = readonly [name: string, signature: string, call: (...args: unknown[]) => unknown];

/**
 * Returns the functions that Step Functions adds to JSONata (AWS page "Transforming data with JSONata in Step
 * Functions"), and `$now` and `$millis`, which must return the time on the execution's clock. The library checks the
 * arguments against the signature.
 * @param host returns that of the job which is done at present
 */
export const stepFunctions = (host: () => Host): readonly StepFunction[] => [
  [
    'now',
    '<s?s?:s>',
    (picture, timezone) => FROM_MILLIS.evaluate(undefined, { ms: Math.floor(host().now), picture, timezone }),
  ],
  ['millis', '<:n>', () => Math.floor(host().now)],
  ['partition', '<xn?:a>', (items, size) => partition(items, size)],
  ['range', '<nnn?:a>', (first, last, step) => range(first, last, step)],
  ['hash', '<ss?:s>', (data, algorithm) => hash(data, algorithm)],
  ['random', '<n?:n>', (seed) => (seed === undefined ? host().random() : javaRandom(Number(seed)))],
  ['uuid', '<:s>', () => uuid(host().random)],
  ['parse', '<s?:x>', (text) => (typeof text === 'string' ? parse(text) : undefined)],
];

/**
 * Registers those of the functions with an expression whose names occur in it. Registering all of them would take longer
 * than most evaluations.
 */
export function addStepFunctions(
  expression: jsonata.Expression,
  source: string,
  functions: readonly StepFunction[],
): void {
  for (const [name, signature, call] of functions)
    if (source.includes(`$${name}`)) expression.registerFunction(name, call, signature);
  if (source.includes('$eval')) expression.assign('eval', undefined);
}

/** What rewritten expressions call: the library would read inherited fields of an object, and never end a range. */
export const REWRITTEN: Readonly<Record<string, unknown>> = {
  [MEMBER]: member,
  [FIRST]: (first: unknown) => {
    // The library would count from such a number for ever: one more is the same number.
    if (Number.isInteger(first) && !Number.isSafeInteger(first)) throw new LimitReached('size');
    return first;
  },
  lookup: (from: unknown, key: unknown) => member(from, String(key)),
};

/**
 * Marks an array as a "sequence", as the JSONata library calls it. The library treats a sequence with one item like
 * that item.
 */
function sequence(items: unknown[]): unknown[] {
  return Object.defineProperty(items, 'sequence', { value: true, enumerable: false });
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

/**
 * The function `$parse`. At the live service it refuses an object with the same key twice, and a number that is too large
 * for a JavaScript number.
 */
function parse(text: string): Json {
  const value = parseJson(text);
  if (value === undefined || hasRepeatedKey(text) || !isFinite(value)) throw refusal('Invalid JSON');
  return value;
}

/** Returns true if an object in a JSON text has the same key twice. */
function hasRepeatedKey(text: string): boolean {
  const paths = new Set<string>();
  let names = 0;
  eachName(text, (keys) => {
    paths.add(JSON.stringify(keys));
    names++;
  });
  return paths.size < names;
}

function isFinite(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'number' || Number.isFinite(value);
  return Object.values(value).every(isFinite);
}
