import jsonata from 'jsonata';
import type { Environment } from '../expression/state-data.js';
import { HASH_NAMES, hashText } from '../values/hash.js';
import { isObject, readJson } from '../values/json.js';
import { seeded, uuid } from '../values/random.js';
import { LimitReached, type Limits } from './guard.js';
import { MEMBER, RANGE } from './rewrite.js';

const RANGE_LIMIT = 1_000;

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

/** The random numbers and the time that an evaluation takes from its host. */
export type Host = Pick<Environment, 'random' | 'now'>;

/**
 * The functions that Step Functions adds to JSONata or takes away, and JSONata's functions of time, which here follow
 * the execution's clock. AWS page "Transforming data with JSONata in Step Functions".
 */
const STEP_FUNCTIONS: Readonly<Record<string, (host: Host) => unknown>> = {
  eval: () => undefined,
  now: (host) => (picture?: string, timezone?: string) =>
    FROM_MILLIS.evaluate(undefined, { ms: Math.floor(host.now()), picture, timezone }),
  millis: (host) => () => Math.floor(host.now()),
  partition: () => partition,
  range: () => range,
  hash: () => hash,
  random: (host) => (seed?: number) => (seed === undefined ? host.random() : seeded(Math.floor(seed))),
  uuid: (host) => () => uuid(() => host.random()),
  parse: () => (text?: string) => (text === undefined ? undefined : readJson(text)),
};

/** Returns those of STEP_FUNCTIONS that an expression names: binding all of them takes longer than most expressions. */
export function stepFunctionsIn(source: string): (host: Host) => Record<string, unknown> {
  const named = Object.entries(STEP_FUNCTIONS).filter(([name]) => source.includes(`$${name}`));
  return (host) => Object.fromEntries(named.map(([name, make]) => [name, make(host)]));
}

/** Returns the functions that rewritten expressions call (rewrite.ts). */
export function rewrittenFunctions({ items }: Limits): Record<string, unknown> {
  return {
    [RANGE]: (from: unknown, to: unknown) => rangeOperator(from, to, items),
    [MEMBER]: member,
    lookup: (from: unknown, key: unknown) => member(from, String(key)),
  };
}

/** Marks a list as a sequence of the library, which stands for its item where it has only one. */
function sequence(items: unknown[]): unknown[] {
  return Object.defineProperty(items, 'sequence', { value: true, enumerable: false });
}

function rangeOperator(from: unknown, to: unknown, limit: number): unknown {
  if (from !== undefined && !Number.isInteger(from)) throw libraryError('T2003', from);
  if (to !== undefined && !Number.isInteger(to)) throw libraryError('T2004', to);
  if (from === undefined || to === undefined) return undefined;
  const length = Number(to) - Number(from) + 1;
  if (length <= 0) return undefined;
  if (length > limit) throw new LimitReached('size');
  return sequence(Array.from({ length }, (_, at) => Number(from) + at));
}

/** Makes an error of the library: the library words the message by the code. */
function libraryError(code: string, value: unknown): Error {
  return Object.assign(new Error(code), { code, value });
}

/** Reads a field of an object, or of each object of a list. Inherited fields count as absent. */
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

function partition(items: unknown, size: unknown): unknown {
  if (items === undefined || size === undefined) return undefined;
  const list = Array.isArray(items) ? (items as unknown[]) : [items];
  const chunk = Math.floor(Number(size));
  if (!(chunk >= 1)) throw new Error('$partition: the size of a chunk must be 1 or more');
  return Array.from({ length: Math.ceil(list.length / chunk) }, (_, i) =>
    list.slice(i * chunk, (i + 1) * chunk),
  );
}

/**
 * The function `$range`. Recorded from the live service: the result is a sequence, so that a range of one number is
 * that number.
 */
function range(first: unknown, last: unknown, step: unknown): unknown {
  if (first === undefined || last === undefined || step === undefined) return undefined;
  const [from = NaN, to = NaN, by = NaN] = [first, last, step].map((number) => Math.floor(Number(number)));
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(by) || by === 0) {
    throw new Error('$range: expected numbers, and a step that is not 0');
  }
  const length = Math.max(Math.floor((to - from) / by) + 1, 0);
  if (length > RANGE_LIMIT) throw new Error(`$range: the array would have more than ${RANGE_LIMIT} items`);
  return sequence(Array.from({ length }, (_, i) => from + i * by));
}

function hash(data: unknown, algorithm: unknown): unknown {
  if (data === undefined || algorithm === undefined) return undefined;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const digest = hashText(text, typeof algorithm === 'string' ? algorithm : '');
  if (digest === undefined) throw new Error(`$hash: the algorithm must be one of ${HASH_NAMES}`);
  return digest;
}
