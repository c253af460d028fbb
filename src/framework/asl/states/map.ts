import type { Reader } from '../definition/reader.js';
import { type Expression, runtimeFailure, type StateData } from '../expression.js';
import { inputOf, mapContext, STATE_DATA } from '../items/item.js';
import { itemsIn } from '../items/item-reader.js';
import type { Branch } from '../runtime/branch.js';
import type { StateGroup } from '../runtime/interpret.js';
import { exceeded, type Processor } from '../runtime/map-run.js';
import { branchFailure } from '../runtime/state-failure.js';
import { mocked, type MockedOutcome, type StateTest } from '../runtime/state-test.js';
import { isObject, type Json } from '../values/json.js';
import { runBranches } from './branches.js';
import { numberIn } from './distributed-fields.js';
import { DistributedMap, type MapFields } from './distributed-map.js';
import type { Compile, StateContext, WorkResult } from './state.js';

/** The most iterations that a Map in inline mode runs at the same time. AWS page "Using Map state in Inline mode". */
const INLINE_LIMIT = 40;

const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The Map state. It runs the same states once for each item of a list. Its result is the list of the iterations'
 * outputs.
 */
export const compileMap: Compile = (reader, context) => {
  const map = new MapState(reader, context);
  return (branch, data) => map.run(branch, data);
};

/** The compiled fields of a Map. */
class MapState {
  readonly #fields: MapFields;
  readonly #group: StateGroup | undefined;
  /** Undefined in inline mode. */
  readonly #distributed: DistributedMap | undefined;
  /** The field ItemReader, which a test of the state by itself reads. */
  readonly #itemReader: Json | undefined;

  constructor(reader: Reader, context: StateContext) {
    const { language } = context;
    const { group, distributed } = readProcessor(reader, context);
    const number = (field: string, min: number, max: number, kind?: string): Expression | undefined =>
      language.integer(reader, field, numberIn(field, min, max, kind));
    this.#fields = {
      items: language.items(reader, distributed !== undefined),
      selector: language.itemSelector(reader),
      concurrency: number('MaxConcurrency', 0, MOST),
      // Recorded from the live service: a Map in inline mode accepts the tolerances, and ignores them.
      toleratedCount: number('ToleratedFailureCount', -MOST, MOST),
      toleratedPercentage: number('ToleratedFailurePercentage', -Infinity, Infinity, 'float'),
    };
    this.#group = group;
    if (distributed) this.#distributed = new DistributedMap(reader, context, this.#fields, distributed);
    else refuseDistributed(reader);
    this.#itemReader = reader.source['ItemReader'];
  }

  async run(branch: Branch, data: StateData): Promise<WorkResult> {
    const { stateTest } = branch.execution;
    if (stateTest?.mock) return { result: await this.#test(branch, data, stateTest, stateTest.mock) };
    if (this.#distributed) return this.#distributed.run(branch, data);
    const { items, concurrency, selector } = this.#fields;
    const list = await branch.evaluate(items, data);
    if (!Array.isArray(list))
      throw runtimeFailure(`The items of a Map must be an array, got ${JSON.stringify(list)}.`);
    branch.json.checkSize(list, branch.stateName);
    const asked = concurrency ? Number(await branch.evaluate(concurrency, data)) : 0;
    const inputs = selector ? await this.#inputs(branch, data, list, selector) : list;
    return { result: await this.#iterate(branch, list, inputs, asked) };
  }

  /** Reports the fields to the test, and returns the mocked result of the iterations. */
  async #test(branch: Branch, data: StateData, stateTest: StateTest, mock: MockedOutcome): Promise<Json> {
    const { items, concurrency, selector, toleratedCount, toleratedPercentage } = this.#fields;
    const isRead = this.#itemReader !== undefined;
    const list = isRead ? await this.#read(stateTest) : await branch.evaluate(items, data);
    if (!isRead) stateTest.see('afterItemsPath', list);
    if (selector && Array.isArray(list))
      stateTest.see('afterItemSelector', await this.#inputs(branch, data, list, selector));
    stateTest.see('maxConcurrency', concurrency ? await branch.evaluate(concurrency, data) : 0);
    const most = toleratedCount && Number(await branch.evaluate(toleratedCount, data));
    if (most !== undefined) stateTest.see('toleratedFailureCount', most);
    const share = toleratedPercentage && Number(await branch.evaluate(toleratedPercentage, data));
    if (share !== undefined) stateTest.see('toleratedFailurePercentage', share);
    const result = mocked(mock);
    const { failedIterations: failed = 0 } = stateTest;
    const total = Array.isArray(list) ? list.length : 0;
    if (failed > (most ?? Infinity) || (total > 0 && (failed / total) * 100 > (share ?? Infinity)))
      throw exceeded();
    return result;
  }

  /** Finds the items in the mocked data of the ItemReader. */
  async #read(stateTest: StateTest): Promise<Json[]> {
    const { itemData } = stateTest;
    if (itemData === undefined) return [];
    const reader = this.#itemReader;
    const config = isObject(reader) && isObject(reader['ReaderConfig']) ? reader['ReaderConfig'] : {};
    const items: Json[] = [];
    for await (const item of itemsIn(() => only(itemData), config, STATE_DATA)) items.push(inputOf(item));
    const { MaxItems: most, ItemsPointer: pointer } = config;
    if (typeof pointer === 'string' && pointer !== '') stateTest.see('afterItemsPointer', items);
    return typeof most === 'number' && most > 0 ? items.slice(0, most) : items;
  }

  /** Evaluates ItemSelector once for each item. */
  async #inputs(branch: Branch, data: StateData, list: Json[], selector: Expression): Promise<Json[]> {
    const inputs: Json[] = [];
    for (const [index, value] of list.entries()) {
      const input = await branch.evaluate(selector, {
        ...data,
        item: mapContext(index, { value, source: STATE_DATA }),
      });
      branch.json.checkSize(input, branch.stateName);
      inputs.push(input);
    }
    return inputs;
  }

  async #iterate(branch: Branch, list: Json[], inputs: Json[], asked: number): Promise<Json> {
    const name = branch.stateName;
    const { execution } = branch;
    const started = branch.started({ length: list.length });
    const outcome = await runBranches(branch, {
      length: list.length,
      atOnce: asked === 0 ? INLINE_LIMIT : Math.min(asked, INLINE_LIMIT),
      group: () => this.#group,
      begin: (index, scope, after = started) => {
        const from = execution.record('MapIterationStarted', after, { index, name });
        const context = mapContext(index, { value: list[index] ?? null, source: STATE_DATA });
        const fork = branch.fork(scope, from, { context, index, name });
        return { branch: fork, input: inputs[index] ?? null };
      },
      onDone: (index, { previous }) => execution.record('MapIterationSucceeded', previous, { index, name }),
    });
    if (!outcome.failure) {
      branch.json.checkSize(outcome.results, name);
      return outcome.results;
    }
    // Measured at the live service: a States.Runtime in an iteration ends the execution without any event between.
    if (outcome.failure.options.fatal === true) throw branchFailure(outcome.failure);
    execution.record('MapIterationFailed', branch.previous, { index: outcome.failedIndex, name });
    const [failed, ...others] = outcome.unfinished;
    failed?.abortStates(branch.previous);
    for (const other of others) other.abort(branch.previous);
    throw branchFailure(outcome.failure);
  }
}

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}

/** The states of each iteration. */
interface ReadProcessor {
  readonly group: StateGroup | undefined;
  /** Undefined in inline mode. */
  readonly distributed?: Processor;
}

/** Compiles the states in the field ItemProcessor, or in Iterator, which is the older name of that field. */
function readProcessor(reader: Reader, { nested, inherited }: StateContext): ReadProcessor {
  const field = reader.has('Iterator') ? 'Iterator' : 'ItemProcessor';
  if (reader.has('Iterator') && reader.has('ItemProcessor')) {
    reader.exclusive('Iterator', 'ItemProcessor');
    reader.json('ItemProcessor');
  }
  const source = reader.object(field);
  if (!source) {
    reader.problem("The field 'ItemProcessor' is missing");
    return { group: undefined };
  }
  const config = source.object('ProcessorConfig');
  const mode = config?.string('Mode') ?? 'INLINE';
  if (mode !== 'INLINE' && mode !== 'DISTRIBUTED')
    config?.problem("Expected 'Mode' to be INLINE or DISTRIBUTED", 'Mode', 'write INLINE or DISTRIBUTED');
  const type = config?.string('ExecutionType') ?? 'STANDARD';
  if (type !== 'STANDARD' && type !== 'EXPRESS')
    config?.problem("Expected 'ExecutionType' to be STANDARD or EXPRESS", 'ExecutionType');
  config?.finish();
  const isDistributed = mode === 'DISTRIBUTED';
  const group = nested(source, isDistributed);
  source.finish();
  if (!isDistributed) return { group };
  const { StartAt, States } = source.source;
  const definition = JSON.stringify({ QueryLanguage: inherited, StartAt, States });
  return { group, distributed: { definition, isExpress: type === 'EXPRESS' } };
}

const DISTRIBUTED = ['ItemReader', 'ItemBatcher', 'ResultWriter', 'Label'];

/** Adds a problem for each field that only a Map in distributed mode has. */
function refuseDistributed(reader: Reader): void {
  for (const field of DISTRIBUTED) {
    if (!reader.has(field)) continue;
    reader.json(field);
    const fix = 'write "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}';
    reader.problem(`The field '${field}' belongs to a Map in DISTRIBUTED mode`, field, fix);
  }
}
