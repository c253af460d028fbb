import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';
import type { ChildInput } from '../runtime/map-run.js';
import type { Json } from '../values/json.js';
import { readerFailure } from './item.js';

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
