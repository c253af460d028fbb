import type { Language, WholeNumber } from '../definition/query-language.js';
import { type Expression, runtimeFailure, type StateData } from '../expression.js';
import { branchFailure, StateFailure } from '../runtime/state-failure.js';
import { mocked, type MockedOutcome, type StateTest } from '../runtime/state-test.js';
import { runBranches } from './branches.js';
import { bareText, isObject, type Json, type JsonObject, parseJson } from '../values/json.js';
import type { Reader } from '../definition/reader.js';
import type { Kind, StateContext, WorkResult } from './state.js';
import type { StateGroup } from '../runtime/interpret.js';
import type { Branch } from '../runtime/branch.js';

/** The most iterations that a Map in inline mode runs at the same time. AWS page "Using Map state in Inline mode". */
const INLINE_LIMIT = 40;

const DISTRIBUTED = ['ItemReader', 'ItemBatcher', 'ResultWriter', 'Label'];
const TOLERATED = ['ToleratedFailureCount', 'ToleratedFailurePercentage'] as const;

/**
 * The numbers that MaxConcurrency may have. Recorded from the live service: a string that contains a number is accepted
 * too, and any other value fails with this message.
 */
const CONCURRENCY: WholeNumber = {
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  inText: true,
  wrong: (path, value) =>
    `The MaxConcurrencyPath field refers to value "${bareText(value)}" which is not a valid integer: ${path}`,
};

/**
 * The Map state. It runs the same states once for each item of a list. Its result is the list of the iterations'
 * outputs.
 */
export const mapKind: Kind = {
  events: {
    started: 'MapStateStarted',
    succeeded: 'MapStateSucceeded',
    failed: 'MapStateFailed',
    aborted: 'MapStateAborted',
  },
  parts: { arguments: false, result: true, selector: true },
  recovers: true,
  leaves: 'next',
  compile(reader, context) {
    const map = new MapState(reader, context);
    return (branch, data) => map.run(branch, data);
  },
};

/** Recorded from the live service. */
const EXCEEDED = 'The specified tolerated failure threshold was exceeded';

/** The compiled fields of a Map. */
class MapState {
  readonly #tolerances: ReadonlyMap<(typeof TOLERATED)[number], Expression>;
  readonly #group: StateGroup | undefined;
  readonly #items: Expression;
  readonly #selector: Expression | undefined;
  readonly #concurrency: Expression | undefined;
  /** The field ItemReader, which has an effect only if the Map is tested by itself. */
  readonly #itemReader: Json | undefined;

  constructor(reader: Reader, context: StateContext) {
    const { language } = context;
    this.#tolerances = readTolerances(reader, language);
    refuseDistributed(reader, context);
    this.#group = readProcessor(reader, context);
    this.#items = language.items(reader);
    this.#selector = language.itemSelector(reader);
    this.#concurrency = language.integer(reader, 'MaxConcurrency', CONCURRENCY);
    this.#itemReader = reader.source['ItemReader'];
  }

  async run(branch: Branch, data: StateData): Promise<WorkResult> {
    const { stateTest } = branch.execution;
    if (stateTest?.mock) return { result: await this.#test(branch, data, stateTest, stateTest.mock) };
    const list = await branch.evaluate(this.#items, data);
    if (!Array.isArray(list))
      throw runtimeFailure(`The items of a Map must be an array, got ${JSON.stringify(list)}.`);
    branch.json.checkSize(list, branch.stateName);
    const asked = this.#concurrency ? Number(await branch.evaluate(this.#concurrency, data)) : 0;
    const inputs = this.#selector ? await this.#inputs(branch, data, list, this.#selector) : list;
    return { result: await this.#iterate(branch, list, inputs, asked) };
  }

  /** Reports the fields to the test, and returns the mocked result of the iterations. */
  async #test(branch: Branch, data: StateData, stateTest: StateTest, mock: MockedOutcome): Promise<Json> {
    const isRead = this.#itemReader !== undefined;
    const list = isRead ? this.#read(stateTest) : await branch.evaluate(this.#items, data);
    if (!isRead) stateTest.see('afterItemsPath', list);
    if (this.#selector && Array.isArray(list))
      stateTest.see('afterItemSelector', await this.#inputs(branch, data, list, this.#selector));
    stateTest.see('maxConcurrency', this.#concurrency ? await branch.evaluate(this.#concurrency, data) : 0);
    const tolerated: Partial<Record<(typeof TOLERATED)[number], number>> = {};
    for (const [field, expression] of this.#tolerances) {
      const value = Number(await branch.evaluate(expression, data));
      const isCount = field === 'ToleratedFailureCount';
      stateTest.see(isCount ? 'toleratedFailureCount' : 'toleratedFailurePercentage', value);
      tolerated[field] = value;
    }
    const result = mocked(mock);
    const { failedIterations: failed = 0 } = stateTest;
    const { ToleratedFailureCount: most = Infinity, ToleratedFailurePercentage: share = Infinity } =
      tolerated;
    const total = Array.isArray(list) ? list.length : 0;
    if (failed > most || (total > 0 && (failed / total) * 100 > share))
      throw new StateFailure('States.ExceedToleratedFailureThreshold', EXCEEDED);
    return result;
  }

  /** Finds the items in the mocked data of the ItemReader. */
  #read(stateTest: StateTest): Json[] {
    if (stateTest.itemData === undefined) return [];
    const { items, pointed } = itemsIn(stateTest.itemData, this.#itemReader);
    if (pointed !== undefined) stateTest.see('afterItemsPointer', pointed);
    return items;
  }

  /** Evaluates ItemSelector once for each item. */
  async #inputs(branch: Branch, data: StateData, list: Json[], selector: Expression): Promise<Json[]> {
    const inputs: Json[] = [];
    for (const [index, value] of list.entries()) {
      const input = await branch.evaluate(selector, { ...data, item: mapContext(index, value) });
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
        const context = mapContext(index, list[index] ?? null);
        const fork = branch.fork(scope, from, { context, index, name, aborted: 'MapIterationAborted' });
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

function mapContext(index: number, value: Json): JsonObject {
  return { Item: { Index: index, Value: value, Source: 'STATE_DATA' } };
}

/** Compiles the states in the field ItemProcessor, or in Iterator, which is the older name of that field. */
function readProcessor(reader: Reader, { nested, name }: StateContext): StateGroup | undefined {
  const field = reader.has('Iterator') ? 'Iterator' : 'ItemProcessor';
  if (reader.has('Iterator') && reader.has('ItemProcessor')) {
    reader.exclusive('Iterator', 'ItemProcessor');
    reader.json('ItemProcessor');
  }
  const source = reader.object(field);
  if (!source) {
    reader.problem("The field 'ItemProcessor' is missing");
    return undefined;
  }
  const config = source.object('ProcessorConfig');
  const mode = config?.string('Mode') ?? 'INLINE';
  if (config && mode === 'DISTRIBUTED')
    unsupported(config, 'Mode', `The state '${name}' is a Map in DISTRIBUTED mode`);
  else if (mode !== 'INLINE')
    config?.problem("Expected 'Mode' to be INLINE or DISTRIBUTED", 'Mode', 'write INLINE');
  config?.json('ExecutionType');
  config?.finish();
  const group = nested(source);
  source.finish();
  return group;
}

/** Returns true if a Map is in distributed mode. */
function isDistributed({ source: { ItemProcessor: processor } }: Reader): boolean {
  const config = isObject(processor) && processor['ProcessorConfig'];
  return isObject(config) && config['Mode'] === 'DISTRIBUTED';
}

/** Adds the problem that a field of a Map needs Distributed Map, which only Step Functions itself has. */
function unsupported(reader: Reader, field: string, what: string): void {
  reader.report({
    path: `${reader.path}/${field}`,
    text: `${what}: the local service runs inline Maps only`,
    fix: "nothing is wrong with it for AWS; to run the machine here, make it an inline Map ('Mode': 'INLINE', no ItemReader, ItemBatcher, ResultWriter and Label)",
    unsupported: true,
  });
}

/** Compiles the tolerances, which have an effect only if the Map is tested by itself. */
function readTolerances(reader: Reader, language: Language): Map<(typeof TOLERATED)[number], Expression> {
  const tolerances = new Map<(typeof TOLERATED)[number], Expression>();
  // Recorded from the live service: a Map in inline mode accepts these fields and ignores them.
  for (const field of TOLERATED) {
    const fixed = reader.json(field);
    if (language.name === 'JSONata') {
      const template = language.template(reader, field);
      if (template) tolerances.set(field, template);
      continue;
    }
    reader.exclusive(field, `${field}Path`);
    reader.json(`${field}Path`);
    if (fixed !== undefined) tolerances.set(field, () => fixed);
  }
  return tolerances;
}

function refuseDistributed(reader: Reader, { name, language }: StateContext): void {
  for (const field of DISTRIBUTED) {
    if (!reader.has(field)) continue;
    reader.json(field);
    if (language.name === 'JSONata') checkExpressions(reader, field, language);
    // The mode itself is then the problem.
    if (isDistributed(reader)) continue;
    unsupported(reader, field, `The state '${name}' has '${field}', which belongs to Distributed Map`);
  }
}

/** Adds the mistakes in the JSONata expressions of a field that belongs to Distributed Map. */
function checkExpressions(reader: Reader, field: string, language: Language): void {
  if (field === 'ItemBatcher') language.template(reader, field);
  else if (field === 'ItemReader' || field === 'ResultWriter') {
    const inner = reader.object(field);
    if (inner) language.template(inner, 'Arguments');
  }
}

/** The items in what an ItemReader reads, and the value to which its ItemsPointer leads, if it has one. */
interface ReadItems {
  readonly items: Json[];
  readonly pointed?: Json;
}

/** AWS page "ItemReader (Map)": the delimiters of CSV files by their names. */
const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  SPACE: ' ',
  TAB: '\t',
};

/**
 * Finds the items in a text as its source has it: a list in JSON, JSON Lines, or CSV, as the ReaderConfig says.
 * @throws StateFailure States.ItemReaderFailed if the text is none of that kind
 */
function itemsIn(text: string, reader: Json | undefined): ReadItems {
  const config = isObject(reader) && isObject(reader['ReaderConfig']) ? reader['ReaderConfig'] : {};
  const { items, ...others } = readAs(text, config);
  const { MaxItems: most } = config;
  return { ...others, items: typeof most === 'number' && most > 0 ? items.slice(0, most) : items };
}

function readAs(text: string, config: JsonObject): ReadItems {
  switch (config['InputType']) {
    case 'CSV':
      return { items: fromCsv(text, config) };
    case 'JSONL':
      return { items: text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [parsed(line)])) };
    default:
      return fromJson(parsed(text), config['ItemsPointer']);
  }
}

function parsed(text: string): Json {
  const value = parseJson(text);
  if (value === undefined) throw failed('The data that the ItemReader reads is not valid JSON.');
  return value;
}

function fromJson(value: Json, pointer: Json | undefined): ReadItems {
  const isPointed = typeof pointer === 'string' && pointer !== '';
  const pointed = isPointed ? valueAt(value, pointer) : value;
  if (!Array.isArray(pointed)) throw failed('The data that the ItemReader reads is not a JSON array.');
  return { items: pointed, ...(isPointed && { pointed }) };
}

/** Returns the value to which a JSON Pointer (RFC 6901) leads; null if there is none. */
function valueAt(value: Json, pointer: string): Json {
  let at: Json = value;
  for (const step of pointer.slice(1).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return null;
    at = (at as JsonObject)[key] ?? null;
  }
  return at;
}

/** Each row is an object. Its keys are in the first row, or in CSVHeaders. */
function fromCsv(text: string, config: JsonObject): Json[] {
  const { CSVDelimiter: delimiter, CSVHeaderLocation: location, CSVHeaders: given } = config;
  const rows = rowsOf(text, (typeof delimiter === 'string' && DELIMITERS[delimiter]) || ',');
  const isGiven = location === 'GIVEN' && Array.isArray(given);
  const names = isGiven ? given.map(bareText) : (rows.shift() ?? []);
  return rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? ''])));
}

/** Reads the rows of a CSV text (RFC 4180). Empty lines are left out. */
function rowsOf(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = new RegExp(`("(?:[^"]|"")*"|[^"${delimiter}\\r\\n]*)(\\${delimiter}|\\r?\\n|$)`, 'gy');
  for (let at = 0; at < text.length; at = cell.lastIndex) {
    const found = cell.exec(text);
    if (!found) throw failed('The data that the ItemReader reads is not valid CSV.');
    const [, field = '', end] = found;
    row.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === delimiter && cell.lastIndex < text.length) continue;
    if (end === delimiter) row.push('');
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}

const failed = (cause: string): StateFailure => new StateFailure('States.ItemReaderFailed', cause);
