import type { WorkBudget } from '../expression/work-budget.js';
import { getOwn, isObject, setOwn, type Json, type JsonObject } from '../values/json.js';
import { readSteps, type Slice, type Step } from './path-parser.js';
import { Scanner } from './scanner.js';

/** A compiled JSONPath. */
export interface Path {
  readonly text: string;
  /** The path with every step in brackets, as the error messages of Step Functions show it. */
  readonly normal: string;
  /**
   * True if the path can lead to at most one value, which `read` then returns. For any other path `read` returns a list
   * of values.
   */
  readonly definite: boolean;
  readonly steps: readonly Step[];
  /**
   * Returns the value to which the path leads from `root`; undefined if the path is definite and leads to no value.
   * @throws EvaluationFailure if the budget of work is used up
   */
  read(root: Json, budget: WorkBudget): Json | undefined;
  /** Returns the reason why a definite path leads to no value, in the wording of Step Functions. */
  explain(root: Json): string;
}

/**
 * Compiles a JSONPath that begins with `$`. Nothing in it is ever run as code.
 * @throws Error if the text isn't a path, or uses a feature that isn't supported
 */
export function compilePath(text: string): Path {
  if (!text.startsWith('$')) throw new Error(`a path starts with '$'`);
  const scanner = new Scanner(text, 1);
  const steps = readSteps(scanner);
  if (!scanner.atEnd) throw new Error(`it cannot be read from '${scanner.rest}' on`);
  const definite = steps.every((step, at) => isDefinite(step, at === steps.length - 1));
  const read = definite
    ? (root: Json): Json | undefined => readDefinite(root, steps)
    : (root: Json, budget: WorkBudget): Json => new Search(root, budget).find(steps);
  return { text, normal: shown(steps), definite, steps, read, explain: (root) => explain(root, steps) };
}

function shown(steps: readonly Step[]): string {
  return `$${steps.map((step) => step.shown).join('')}`;
}

/**
 * Returns true if a step leads to at most one value. A step with several names, such as `['a','b']`, is a special case:
 * as the last step it leads to one object with these fields, and before another step it leads to many values (Jayway;
 * recorded/paths.ts).
 */
function isDefinite(step: Step, last: boolean): boolean {
  if (step.kind === 'names') return last || step.names.length === 1;
  return step.kind === 'indexes' && step.indexes.length === 1;
}

/** Returns the one value to which a definite path leads; undefined if there is none. */
function readDefinite(root: Json, steps: readonly Step[]): Json | undefined {
  let at: Json | undefined = root;
  for (const step of steps) {
    at = stepInto(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

function stepInto(at: Json, step: Step): Json | undefined {
  if (step.kind === 'indexes') return Array.isArray(at) ? itemAt(at, step.indexes[0] ?? 0) : undefined;
  if (step.kind !== 'names') throw new Error(`not one value: ${step.shown}`);
  if (!isObject(at)) return undefined;
  const [name = '', ...others] = step.names;
  return others.length === 0 ? getOwn(at, name) : pick(at, step.names);
}

function itemAt(list: Json[], index: number): Json | undefined {
  return list[index < 0 ? list.length + index : index];
}

function pick(source: JsonObject, names: readonly string[]): JsonObject {
  const made: JsonObject = {};
  for (const name of names) {
    const value = getOwn(source, name);
    if (value !== undefined) setOwn(made, name, value);
  }
  return made;
}

/**
 * Returns the reason why a path leads to no value. Recorded from the live service: the text is "No results" if only the
 * last step fails, and "Missing property" if an earlier one does.
 */
function explain(root: Json, steps: readonly Step[]): string {
  const found = steps.findIndex((_, at) => readDefinite(root, steps.slice(0, at + 1)) === undefined);
  return found < 0 || found === steps.length - 1
    ? `No results for path: ${shown(steps)}`
    : `Missing property in path ${shown(steps.slice(0, found + 1))}`;
}

/** Collects all values to which a path leads, in the order of the document. */
class Search {
  readonly #hits: Json[] = [];

  constructor(
    private readonly root: Json,
    private readonly budget: WorkBudget,
  ) {}

  find(steps: readonly Step[]): Json[] {
    this.#walk(this.root, steps, 0);
    return this.#hits;
  }

  #walk(at: Json | undefined, steps: readonly Step[], index: number): void {
    if (at === undefined) return;
    this.budget.spend(1);
    const step = steps[index];
    if (!step) this.#hits.push(at);
    else this.#take(at, step, steps, index);
  }

  #take(at: Json, step: Step, steps: readonly Step[], index: number): void {
    switch (step.kind) {
      case 'names':
        return this.#names(at, step.names, steps, index);
      case 'indexes':
        if (Array.isArray(at))
          for (const each of step.indexes) this.#walk(itemAt(at, each), steps, index + 1);
        return;
      case 'slice':
        if (Array.isArray(at)) for (const each of sliced(at, step.slice)) this.#walk(each, steps, index + 1);
        return;
      case 'filter':
        for (const each of Array.isArray(at) ? at : [at]) {
          this.budget.spend(step.filter.size);
          if (step.filter.holds(each, this.root)) this.#walk(each, steps, index + 1);
        }
        return;
      case 'every':
        for (const each of childrenOf(at)) this.#walk(each, steps, index + 1);
        return;
      case 'descent':
        this.#walk(at, steps, index + 1);
        for (const each of childrenOf(at)) this.#walk(each, steps, index);
    }
  }

  #names(at: Json, names: readonly string[], steps: readonly Step[], index: number): void {
    if (!isObject(at)) return;
    if (names.length > 1 && index === steps.length - 1) return this.#walk(pick(at, names), steps, index + 1);
    for (const name of names) this.#walk(getOwn(at, name), steps, index + 1);
  }
}

function childrenOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function sliced(list: Json[], { from, to, step }: Slice): Json[] {
  const part = list.slice(from, to);
  return step === 1 ? part : part.filter((_, at) => at % step === 0);
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
