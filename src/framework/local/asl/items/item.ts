import { StateFailure } from '../runtime/state-failure.js';
import type { Json, JsonObject } from '../values/json.js';

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
