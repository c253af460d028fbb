import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
import type { ChildInput } from '../runtime/map-run.js';
import type { Json, JsonObject } from '../values/json.js';
import { StateFailure } from '../runtime/state-failure.js';

/** An item of a data set, over which a Map iterates. */
export interface Item {
  readonly value: Json;
  /** The key of an item of a JSON object; undefined for any other item. */
  readonly key?: string | undefined;
  /** Where the item is from, as `Map.Item.Source` in the context object shows it. */
  readonly source: string;
}

/** The source of an item of the state's input. AWS page "Context object data for Map states". */
export const STATE_DATA = 'STATE_DATA';

/** Returns the value of `Map` in the context object for an item. The key is that of {@link Item}. */
export function mapContext(index: number, { value, key, source }: Item): JsonObject {
  return { Item: { Index: index, ...(key !== undefined && { Key: key }), Value: value, Source: source } };
}

/** Yields the items of an array, or those of an object. */
export function* itemsOf(value: Json[] | JsonObject, source: string): Generator<Item> {
  if (Array.isArray(value)) for (const each of value) yield { value: each, source };
  else for (const [key, each] of Object.entries(value)) yield { value: each, key, source };
}

/**
 * Returns the input of an iteration that no ItemSelector makes. AWS page "ItemsPath (Map)": an iteration over an object
 * gets the pair. The form of that pair isn't recorded.
 */
export const inputOf = ({ value, key }: Item): Json =>
  key === undefined ? value : { Key: key, Value: value };

/** Returns the failure of a Map whose data set can't be read. */
export const readerFailure = (cause: string): StateFailure =>
  new StateFailure('States.ItemReaderFailed', cause);

/** The evaluated fields of an ItemBatcher. */
export interface BatchRule {
  /** @default no limit */
  readonly maxItems: number;
  /** The most bytes of a child's input. */
  readonly maxBytes: number;
  /** Undefined if the field BatchInput is absent. */
  readonly batchInput: Json | undefined;
}

/** Yields an input for each item. */
export async function* singly(items: AsyncIterable<Json>): AsyncGenerator<ChildInput> {
  for await (const value of items) yield { value, items: 1 };
}

/**
 * Groups items: each group is the input of a child execution. Recorded from the live service: `BatchInput` is in front.
 * @throws StateFailure if an item alone is larger than a batch may be
 */
export async function* batched(items: AsyncIterable<Json>, rule: BatchRule): AsyncGenerator<ChildInput> {
  const { maxItems, batchInput } = rule;
  const make = (batch: Json[]): ChildInput => ({
    value: { ...(batchInput !== undefined && { BatchInput: batchInput }), Items: batch },
    items: batch.length,
  });
  const empty = bytesOf(make([]).value);
  const most = Math.min(rule.maxBytes, PAYLOAD_LIMIT_BYTES);
  let [batch, bytes]: [Json[], number] = [[], empty];
  for await (const item of items) {
    const more = bytesOf(item);
    if (empty + more > most)
      throw readerFailure(`An item of ${more} bytes does not fit into a batch of at most ${most} bytes.`);
    if (batch.length > 0 && (batch.length >= maxItems || bytes + 1 + more > most)) {
      yield make(batch);
      [batch, bytes] = [[], empty];
    }
    bytes += more + (batch.length > 0 ? 1 : 0);
    batch.push(item);
  }
  if (batch.length > 0) yield make(batch);
}

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));
