import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
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
    const { visit, execution } = branch;
    const { earlierRun: earlier } = visit;
    visit.earlierRun = undefined;
    const order = earlier ? undefined : await this.#order(branch, data);
    const { failure } = await branch.scope.wait<{ readonly failure: unknown }>((resolve) => {
      const onEnd = (failure: unknown): void => resolve({ failure });
      visit.mapRun = order ? execution.startMapRun?.({ ...order, onEnd }) : earlier;
      earlier?.redrive(onEnd);
      const { arn: mapRunArn, redriveCount } = visit.mapRun ?? {};
      if (earlier) branch.record('MapRunRedriven', { mapRunArn, redriveCount });
      else branch.record('MapRunStarted', { mapRunArn });
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
    const numberOf = async (field: Expression | undefined): Promise<number | undefined> =>
      field && Number(await branch.evaluate(field, data));
    const most = await numberOf(this.fields.concurrency);
    const list = this.#reader
      ? undefined
      : ((await branch.evaluate(this.fields.items, data)) as Json[] | JsonObject);
    const length = list && (Array.isArray(list) ? list.length : Object.keys(list).length);
    branch.started({ length: length ?? 0 });
    const limits = { ...(await this.#tolerances(numberOf)), maxConcurrency: most || Infinity };
    const maxItems = (await numberOf(this.#reader?.maxItems)) ?? 0;
    const args = this.#reader && (await branch.evaluate(this.#reader.args, data));
    const items = (signal: AbortSignal): AsyncIterable<Item> | Iterable<Item> =>
      this.#reader
        ? readItems(this.#reader, args ?? null, branch.execution.services.buckets, signal)
        : itemsOf(list ?? [], STATE_DATA);
    const rule = await this.#batchRule(numberOf, branch, data);
    return {
      state: branch.stateName,
      processor: this.processor,
      label: this.#label,
      limits,
      length,
      children: rule ? undefined : length,
      open: (signal) => {
        const inputs = this.#inputs(branch, data, items(signal), maxItems);
        return rule ? batched(inputs, rule) : singly(inputs);
      },
      results: await this.#results(branch, data),
    };
  }

  async #tolerances(numberOf: NumberOf): Promise<Omit<MapRunLimits, 'maxConcurrency'>> {
    const toleratedCount = await numberOf(this.fields.toleratedCount);
    if ((toleratedCount ?? 0) < 0) throw runtimeFailure('ToleratedFailureCount cannot be negative.');
    const toleratedPercentage = await numberOf(this.fields.toleratedPercentage);
    const share = toleratedPercentage ?? 0;
    if (!(share >= 0 && share <= 100))
      throw runtimeFailure('ToleratedFailurePercentage must be between 0 and 100.');
    return { toleratedCount, toleratedPercentage };
  }

  async #batchRule(numberOf: NumberOf, branch: Branch, data: StateData): Promise<BatchRule | undefined> {
    if (!this.#batcher) return undefined;
    const { maxItems, maxBytes, batchInput } = this.#batcher;
    return {
      maxItems: (await numberOf(maxItems)) ?? Infinity,
      maxBytes: (await numberOf(maxBytes)) ?? PAYLOAD_LIMIT_BYTES,
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
    return new ResultFiles(branch.execution.services.buckets, bucket, prefix, config);
  }

  /**
   * Yields what ItemSelector makes of each item.
   * @param most the number of items; 0 for all
   * @throws StateFailure, with a recorded text, if `most` is negative
   */
  async *#inputs(
    branch: Branch,
    data: StateData,
    items: AsyncIterable<Item> | Iterable<Item>,
    most: number,
  ): AsyncGenerator<Json> {
    const { selector } = this.fields;
    if (most < 0) throw readerFailure('field MaxItems must be positive');
    let index = 0;
    for await (const item of items) {
      yield selector
        ? await branch.evaluate(selector, { ...data, item: mapContext(index, item) })
        : inputOf(item);
      if (++index === most) return;
    }
  }
}

/** Evaluates a field; undefined if it is absent. */
type NumberOf = (field: Expression | undefined) => Promise<number | undefined>;
