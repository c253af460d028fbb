import jsonata from 'jsonata';
import { HASH_NAMES, hashText } from '../values/hash.js';
import { seeded, uuid } from '../values/random.js';
import type { StateData } from '../runtime/state-data.js';

const RANGE_LIMIT = 1_000;

const FROM_MILLIS = jsonata('$fromMillis($ms, $picture, $timezone)');

/**
 * The functions that Step Functions adds to JSONata or takes away, and those of JSONata that tell the time, on the
 * execution's clock. AWS page "Transforming data with JSONata in Step Functions".
 */
export function jsonataFunctions(data: StateData): Record<string, unknown> {
  const { random, now } = data;
  return {
    eval: undefined,
    now: (picture?: string, timezone?: string) =>
      FROM_MILLIS.evaluate(undefined, { ms: Math.floor(now()), picture, timezone }),
    millis: () => Math.floor(now()),
    partition,
    range,
    hash,
    random: (seed?: number) => (seed === undefined ? random() : seeded(seed)),
    uuid: () => uuid(random),
    parse: (text?: string) => (text === undefined ? undefined : (JSON.parse(text) as unknown)),
  };
}

function partition(items: unknown, size: unknown): unknown {
  if (items === undefined || size === undefined) return undefined;
  const list = Array.isArray(items) ? (items as unknown[]) : [items];
  const chunk = Math.round(Number(size));
  if (!(chunk >= 1)) throw new Error('$partition: the size of a chunk must be 1 or more');
  return Array.from({ length: Math.ceil(list.length / chunk) }, (_, i) =>
    list.slice(i * chunk, (i + 1) * chunk),
  );
}

function range(first: unknown, last: unknown, step: unknown): unknown {
  if (first === undefined || last === undefined || step === undefined) return undefined;
  const [from, to, by] = [Number(first), Number(last), Number(step)];
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(by) || by === 0) {
    throw new Error('$range: expected numbers, and a step that is not 0');
  }
  const length = Math.max(Math.floor((to - from) / by) + 1, 0);
  if (length > RANGE_LIMIT) throw new Error(`$range: the array would have more than ${RANGE_LIMIT} items`);
  return Array.from({ length }, (_, i) => from + i * by);
}

function hash(data: unknown, algorithm: unknown): unknown {
  if (data === undefined || algorithm === undefined) return undefined;
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const digest = hashText(text, typeof algorithm === 'string' ? algorithm : '');
  if (digest === undefined) throw new Error(`$hash: the algorithm must be one of ${HASH_NAMES}`);
  return digest;
}
