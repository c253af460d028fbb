import { isObject, type Json } from '../values/json.js';
import { Scanner } from '../values/scanner.js';
import { type FunctionStep, NotHere, readingOf, type PathStep, Visits } from './steps.js';
import { FilterReader } from './filter.js';
import { limited } from './pattern.js';

/** A compiled JSONPath. */
export interface Path {
  readonly steps: readonly PathStep[];
  /**
   * Returns the value to which the path leads from `root`; undefined if there is none. If the path can lead to more than
   * one value, returns a list of them.
   * @throws EvaluationFailure if it visits too many values
   */
  read(root: Json): Json | undefined;
  /** Returns the reason why a definite path leads to no value, in the wording of Step Functions. */
  explain(root: Json): string;
}

/**
 * Compiles a JSONPath that begins with `$`. Nothing in it is ever run as code.
 * @throws Error if the text isn't a path; NotHere if it uses a feature that the local service doesn't have
 */
export function compilePath(text: string): Path {
  if (!text.startsWith('$')) throw new Error(`a path starts with '$'`);
  const scanner = new Scanner(text, 1);
  const steps = readSteps(scanner);
  if (!scanner.atEnd) throw new Error(`it cannot be read from '${scanner.rest}' on`);
  const reading = readingOf(steps);
  const read = (root: Json): Json | undefined => reading(root, new Visits());
  return {
    steps,
    // Only a filter with this operator has a regular expression.
    read: text.includes('=~') ? (root) => limited(() => read(root)) : read,
    explain: (root) => explain(root, steps),
  };
}

function shown(steps: readonly PathStep[]): string {
  return `$${steps.map((step) => step.shown).join('')}`;
}

/**
 * Returns the reason why a path leads to no value. Recorded from the live service: the text is "No results" if only the
 * last step fails, and "Missing property" if an earlier one does.
 */
function explain(root: Json, steps: readonly PathStep[]): string {
  const isPlain = steps.every(({ kind }) => kind === 'names' || kind === 'indexes');
  const found = isPlain
    ? steps.findIndex((_, at) => readingOf(steps.slice(0, at + 1))(root, new Visits()) === undefined)
    : -1;
  return found < 0 || found === steps.length - 1
    ? `No results for path: ${shown(steps)}`
    : `Missing property in path ${shown(steps.slice(0, found + 1))}`;
}

/**
 * Reads a reference path, which leads to one value: `$.a['b'][0]` becomes `['a', 'b', 0]`.
 * @throws Error if the path could lead to more than one value
 */
export function referenceSteps(text: string): (string | number)[] {
  return compilePath(text).steps.map((step) => {
    if (step.kind === 'names' && step.names.length === 1) return step.names[0] ?? '';
    if (step.kind === 'indexes' && step.indexes.length === 1) return step.indexes[0] ?? 0;
    throw new Error('a reference path names one place only');
  });
}

const NAME = /[^\s.[\]()'"?*@,:^~`$=!<>&|]+/y;
const QUOTED = /\s*(?:'([^']*)'|"([^"]*)")\s*/y;
const INDEX = /\s*(-?\d+)\s*/y;
const SLICE = /\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(\d+))?\s*\]/y;

/**
 * Parses the steps of a path as Jayway JsonPath does: a dot may precede a bracket, and a backslash in a quoted name
 * is an ordinary character (recorded/paths.ts). Stops where no step begins.
 * @throws Error if a step begins but can't be parsed
 */
function readSteps(scanner: Scanner): PathStep[] {
  return new StepReader(scanner).steps();
}

/**
 * Takes a path from a text: one into the state's data, the context object or a variable. Undefined if none begins there.
 * @throws Error if a path begins but can't be parsed
 */
export function takePath(scanner: Scanner): string | undefined {
  const from = scanner.at;
  if (scanner.take(/\$(?:\$|\p{ID_Start}\p{ID_Continue}*)?/uy) === undefined) return undefined;
  readSteps(scanner);
  return scanner.text.slice(from, scanner.at);
}

class StepReader {
  readonly #steps: PathStep[] = [];

  constructor(private readonly scanner: Scanner) {}

  steps(): PathStep[] {
    while (this.#step());
    return this.#steps;
  }

  #step(): boolean {
    const { text, at } = this.scanner;
    if (text[at] === '[') this.#brackets();
    else if (text[at] === '.') this.#dotted();
    else return false;
    return true;
  }

  #dotted(): void {
    const { scanner } = this;
    if (scanner.take(/\.\./y) !== undefined) this.#steps.push({ kind: 'descent', shown: '..' });
    else scanner.at++;
    if (scanner.text[scanner.at] === '[') return this.#brackets();
    if (scanner.take(/\*/y) !== undefined) {
      this.#steps.push({ kind: 'every', shown: '[*]' });
      return;
    }
    const name = scanner.take(NAME) ?? this.#fail();
    if (scanner.text[scanner.at] === '(') {
      this.#steps.push(readFunction(name, scanner));
      return;
    }
    this.#steps.push({ kind: 'names', names: [name], shown: `['${name}']` });
  }

  #brackets(): void {
    const from = this.scanner.at++;
    const step =
      this.#everything() ??
      this.#filter() ??
      this.#slice() ??
      this.#names() ??
      this.#indexes() ??
      this.#fail();
    this.#steps.push({ ...step, shown: step.shown || this.scanner.text.slice(from, this.scanner.at) });
  }

  #everything(): PathStep | undefined {
    return this.scanner.match(/\s*\*\s*\]/y) && { kind: 'every', shown: '[*]' };
  }

  #filter(): PathStep | undefined {
    const { scanner } = this;
    const [whole, opening = ''] = scanner.match(/\s*(\?\s*\()/y) ?? [];
    if (whole === undefined) return undefined;
    const from = scanner.at;
    const filter = new FilterReader(scanner, readSteps).filter();
    const inner = scanner.text.slice(from, scanner.at);
    if (scanner.take(/\s*\)\s*\]/y) === undefined) this.#fail();
    return { kind: 'filter', filter, shown: `[${opening}${inner})]` };
  }

  #slice(): PathStep | undefined {
    const [whole, from, to, step = '1'] = this.scanner.match(SLICE) ?? [];
    if (whole === undefined) return undefined;
    const slice = { from: numberOf(from), to: numberOf(to), step: Math.max(Number(step), 1) };
    return { kind: 'slice', slice, shown: '' };
  }

  #names(): PathStep | undefined {
    const names = this.#list(QUOTED);
    if (names.length === 0) return undefined;
    return { kind: 'names', names, shown: `[${names.map((name) => `'${name}'`).join(',')}]` };
  }

  #indexes(): PathStep | undefined {
    const indexes = this.#list(INDEX).map(Number);
    return indexes.length === 0 ? undefined : { kind: 'indexes', indexes, shown: `[${indexes.join(',')}]` };
  }

  /**
   * Parses items that are separated by commas, and the closing bracket. Returns an empty list if the first item can't
   * be parsed.
   */
  #list(item: RegExp): string[] {
    const items: string[] = [];
    do {
      const found = this.scanner.match(item);
      if (!found) return items.length === 0 ? items : this.#fail();
      items.push(found[1] ?? found[2] ?? '');
    } while (this.scanner.match(/,/y));
    if (!this.scanner.match(/\]/y)) this.#fail();
    return items;
  }

  #fail(): never {
    throw new Error(`it cannot be read from '${this.scanner.rest}' on`);
  }
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

type PathFunction = (value: Json, args: readonly Json[]) => Json | undefined;

/**
 * The functions that a path can end in, as in Jayway JsonPath. `length()` of a list or an object is the number of its
 * items or fields, and null of anything else.
 */
const FUNCTIONS: Readonly<Record<string, PathFunction>> = {
  length: size,
  size,
  keys: (value) => (isObject(value) ? Object.keys(value) : null),
  min: ofNumbers((numbers) => numbers.reduce((a, b) => Math.min(a, b))),
  max: ofNumbers((numbers) => numbers.reduce((a, b) => Math.max(a, b))),
  sum: ofNumbers(sum),
  avg: ofNumbers((numbers) => sum(numbers) / numbers.length),
  stddev: ofNumbers(deviation),
  concat: (value, args) => [...listOf(value), ...args].filter((each) => typeof each === 'string').join(''),
  append: (value, args) => (Array.isArray(value) ? [...value, ...args] : value),
  first: (value) => listOf(value).at(0),
  last: (value) => listOf(value).at(-1),
  index: (value, [at]) => (typeof at === 'number' ? listOf(value).at(Math.trunc(at)) : undefined),
};

/** The functions that find their result without a look at all items of a list. */
const QUICK = new Set(['length', 'size', 'first', 'last', 'index']);

function size(value: Json): Json {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** Returns a function of the numbers in a list. Without any number, there is no result. */
function ofNumbers(compute: (numbers: readonly number[]) => number): PathFunction {
  return (value, args) => {
    const numbers = [...listOf(value), ...args].filter((each) => typeof each === 'number');
    return numbers.length === 0 ? undefined : compute(numbers);
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function deviation(numbers: readonly number[]): number {
  const mean = sum(numbers) / numbers.length;
  return Math.sqrt(sum(numbers.map((each) => (each - mean) ** 2)) / numbers.length);
}

const ARGUMENT = /\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\]|\\.)*")\s*/y;

/**
 * Parses a call of a function, from its opening bracket on.
 * @throws Error if there is no such function, or its arguments can't be parsed
 */
function readFunction(name: string, scanner: Scanner): FunctionStep {
  const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!call) throw new Error(`a path has no function '${name}()'`);
  const from = scanner.at;
  const args = readArguments(name, scanner);
  const shown = `.${name}${scanner.text.slice(from, scanner.at)}`;
  return { kind: 'function', name, call: (value) => call(value, args), readsAll: !QUICK.has(name), shown };
}

function readArguments(name: string, scanner: Scanner): Json[] {
  const args: Json[] = [];
  if (scanner.take(/\(\s*\)/y) !== undefined) return args;
  scanner.at++;
  do {
    const [, text] = scanner.match(ARGUMENT) ?? [];
    if (text === undefined) throw new NotHere(`arguments of ${name}() that are neither numbers nor strings`);
    args.push(JSON.parse(text) as Json);
  } while (scanner.take(/,/y) !== undefined);
  if (scanner.take(/\)/y) === undefined) throw new Error(`the arguments of ${name}() are not closed`);
  return args;
}
