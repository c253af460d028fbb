import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';
import type { Reader } from '../definition/reader.js';
import { type Expression, runtimeFailure, type StateData } from '../expression.js';
import {
  batched,
  type BatchRule,
  singly,
  inputOf,
  itemsOf,
  mapContext,
  readerFailure,
  STATE_DATA,
  type Item,
} from '../items/item.js';
import { readItems } from '../items/item-reader.js';
import { ResultFiles, ResultList } from '../items/map-results.js';
import type { Branch } from '../runtime/branch.js';
import type { MapResults, MapRunLimits, MapRunOrder, Processor } from '../runtime/map-run.js';
import { dataLimitFailure } from '../runtime/state-failure.js';
import { isObject, type Json, type JsonObject } from '../values/json.js';
import {
  type ItemBatcher,
  type ItemReader,
  readItemBatcher,
  readItemReader,
  readLabel,
  readResultWriter,
  type ResultWriter,
} from './distributed-fields.js';
import type { StateContext, WorkResult } from './state.js';

/** The fields that a Map has in both modes. */
export interface MapFields {
  readonly items: Expression;
  readonly selector: Expression | undefined;
  readonly concurrency: Expression | undefined;
  readonly toleratedCount: Expression | undefined;
  readonly toleratedPercentage: Expression | undefined;
}

/** A Map in distributed mode: each item, or each batch of items, is the input of a child execution. */
export class DistributedMap {
  readonly #label: string | undefined;
  readonly #reader: ItemReader | undefined;
  readonly #batcher: ItemBatcher | undefined;
  readonly #writer: ResultWriter;

  constructor(
    reader: Reader,
    { language, labels }: StateContext,
    private readonly fields: MapFields,
    private readonly processor: Processor,
  ) {
    this.#label = readLabel(reader, labels);
    this.#reader = readItemReader(reader, language);
    this.#batcher = readItemBatcher(reader, language);
    this.#writer = readResultWriter(reader, language);
  }

  async run(branch: Branch, data: StateData): Promise<WorkResult> {
    const { visit } = branch;
    const { earlierRun } = visit;
    visit.earlierRun = undefined;
    if (earlierRun) {
      branch.record('MapRunRedriven', {
        mapRunArn: earlierRun.arn,
        redriveCount: earlierRun.redriveCount + 1,
      });
      visit.mapRun = earlierRun;
    }
    const order = earlierRun ? undefined : await this.#order(branch, data);
    const { failure } = await branch.scope.wait<{ readonly failure: unknown }>((resolve) => {
      const onEnd = (failure: unknown): void => resolve({ failure });
      if (earlierRun) earlierRun.redrive(onEnd);
      else if (order) {
        visit.mapRun = branch.execution.startMapRun?.({ ...order, onEnd });
        branch.record('MapRunStarted', { mapRunArn: visit.mapRun?.arn });
      }
      return () => visit.mapRun?.abort();
    });
    return { result: this.#result(branch, failure) };
  }

  /** Records the end of the run, and returns the result of the state. @throws StateFailure if there is none */
  #result(branch: Branch, failure: unknown): Json {
    const { visit } = branch;
    const { results } = visit.mapRun ?? {};
    if (failure !== undefined) {
      const known = branch.failureOf(failure);
      branch.record('MapRunFailed', known.details);
      throw known;
    }
    // Recorded from the live service: MapStateSucceeded follows this event, and MapStateExited the one before.
    visit.succeededFrom = branch.execution.record('MapRunSucceeded', branch.previous);
    const result = results?.take();
    if (result !== undefined) return result;
    branch.previous = visit.succeededFrom;
    throw dataLimitFailure(branch.stateName);
  }

  /** Evaluates the fields, and records that the state has started. */
  async #order(branch: Branch, data: StateData): Promise<Omit<MapRunOrder, 'onEnd'>> {
    const { concurrency, items } = this.fields;
    const most = concurrency ? Number(await branch.evaluate(concurrency, data)) : 0;
    const list = this.#reader ? undefined : ((await branch.evaluate(items, data)) as Json[] | JsonObject);
    const length = list && (Array.isArray(list) ? list.length : Object.keys(list).length);
    branch.started({ length: length ?? 0 });
    const limits = {
      ...(await this.#tolerances(branch, data)),
      maxConcurrency: most === 0 ? Infinity : most,
    };
    const open = list ? () => itemsOf(list, STATE_DATA) : await this.#opener(branch, data);
    const rule = await this.#batchRule(branch, data);
    return {
      state: branch.stateName,
      processor: this.processor,
      label: this.#label,
      limits,
      length,
      children: rule ? undefined : length,
      open: (signal) => {
        const inputs = this.#inputs(branch, data, open(signal));
        return rule ? batched(inputs, rule) : singly(inputs);
      },
      results: await this.#results(branch, data),
    };
  }

  async #tolerances(branch: Branch, data: StateData): Promise<Omit<MapRunLimits, 'maxConcurrency'>> {
    const { toleratedCount, toleratedPercentage } = this.fields;
    const count = toleratedCount && Number(await branch.evaluate(toleratedCount, data));
    if (count !== undefined && count < 0) throw runtimeFailure('ToleratedFailureCount cannot be negative.');
    const percentage = toleratedPercentage && Number(await branch.evaluate(toleratedPercentage, data));
    if (percentage !== undefined && !(percentage >= 0 && percentage <= 100))
      throw runtimeFailure('ToleratedFailurePercentage must be between 0 and 100.');
    return { toleratedCount: count, toleratedPercentage: percentage };
  }

  /** Returns the function that opens the data set of the ItemReader. */
  async #opener(branch: Branch, data: StateData): Promise<(signal: AbortSignal) => AsyncIterable<Item>> {
    const reader = this.#reader;
    if (!reader) throw new Error('a Map without items');
    const most = reader.maxItems ? Number(await branch.evaluate(reader.maxItems, data)) : 0;
    const args = await branch.evaluate(reader.args, data);
    const { buckets } = branch.execution.services;
    return (signal) => upTo(most, readItems(reader, args, buckets, signal));
  }

  async #batchRule(branch: Branch, data: StateData): Promise<BatchRule | undefined> {
    const batcher = this.#batcher;
    if (!batcher) return undefined;
    const { maxItems, maxBytes, batchInput } = batcher;
    return {
      maxItems: maxItems ? Number(await branch.evaluate(maxItems, data)) : Infinity,
      maxBytes: maxBytes ? Number(await branch.evaluate(maxBytes, data)) : PAYLOAD_LIMIT_BYTES,
      batchInput: batchInput && (await branch.evaluate(batchInput, data)),
    };
  }

  async #results(branch: Branch, data: StateData): Promise<MapResults> {
    const { args, config } = this.#writer;
    if (!args) return new ResultList(config);
    const given = await branch.evaluate(args, data);
    const { Bucket: bucket, Prefix: prefix = '' } = isObject(given) ? given : {};
    if (typeof bucket !== 'string' || typeof prefix !== 'string')
      throw runtimeFailure("The ResultWriter needs the name of a 'Bucket', as a string.");
    return new ResultFiles({ store: branch.execution.services.buckets, bucket, prefix }, config);
  }

  /** Yields what ItemSelector makes of each item. */
  async *#inputs(
    branch: Branch,
    data: StateData,
    items: AsyncIterable<Item> | Iterable<Item>,
  ): AsyncGenerator<Json> {
    const { selector } = this.fields;
    let index = 0;
    for await (const item of items) {
      yield selector
        ? await branch.evaluate(selector, { ...data, item: mapContext(index, item) })
        : inputOf(item);
      index++;
    }
  }
}

/** Yields the first items. @param most 0 for all @throws StateFailure, with a recorded text, if it is negative */
async function* upTo(most: number, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  if (most < 0) throw readerFailure('field MaxItems must be positive');
  let count = 0;
  for await (const item of items) {
    yield item;
    if (++count === most) return;
  }
}
