import { runtimeFailure } from '../expression.js';
import { getOwn, isObject, type Json, type JsonObject, setOwn } from '../values/json.js';
import type { Filter } from './filter.js';

/** One step of a path. `shown` is the step as the error messages of Step Functions show it. */
export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly shown: string }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[]; readonly shown: string }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly shown: string }
  | { readonly kind: 'filter'; readonly filter: Filter; readonly shown: string }
  | { readonly kind: 'every'; readonly shown: string }
  /** `..`: the next step is applied to the current value and to every value nested in it. */
  | { readonly kind: 'descent'; readonly shown: string }
  | FunctionStep;

interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly step: number;
}

/** A function of a path, such as `length()`. */
export interface FunctionStep {
  readonly kind: 'function';
  readonly name: string;
  /** Returns the function's result for a value; undefined if it has none. */
  readonly call: (value: Json) => Json | undefined;
  readonly shown: string;
}

/** Thrown for a part of a path that Step Functions understands, and the local service doesn't. */
export class NotHere extends Error {
  override readonly name = 'NotHere';

  constructor(part: string) {
    super(`the local service does not have ${part}`);
  }
}

/** The most values that a path may visit, which takes about 50 ms. Four characters of a text are counted as one value. */
const MOST = 1_000_000;

/**
 * Counts the values that one path visits, with those that its filters visit. Without a limit, a few characters such as
 * `$..*..*` could keep the service busy for minutes.
 */
export class Visits {
  #left = MOST;

  /** @throws EvaluationFailure if the path has visited too many */
  add(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw runtimeFailure(`The path visits more than ${MOST} values.`);
  }

  addText({ length }: string): void {
    this.add(length >> 2);
  }
}

/** Reads the value, or the list of values, to which steps lead from a value. */
type Reading = (root: Json, visits: Visits) => Json | undefined;

/**
 * Returns the function that follows these steps. It returns one value, or undefined, if they are definite, and otherwise
 * a list.
 */
export function readingOf(steps: readonly Step[]): Reading {
  const last = steps.at(-1);
  if (steps[0]?.kind === 'descent' && last?.kind === 'function') return ofAll(steps.slice(0, -1), last);
  return isDefinite(steps)
    ? (root) => readDefinite(root, steps)
    : (root, visits) => new Search(root, visits).find(steps);
}

/** Returns true if a filter among the steps has a regular expression. */
export const hasPattern = (steps: readonly Step[]): boolean =>
  steps.some((step) => step.kind === 'filter' && step.filter.hasPattern);

/** Returns true if steps lead to at most one value. */
export function isDefinite(steps: readonly Step[]): boolean {
  if (steps[0]?.kind === 'descent' && steps.at(-1)?.kind === 'function') return true;
  return steps.every((step, at) => leadsToOne(step, at === steps.length - 1));
}

/**
 * Returns true if a step leads to at most one value. A step with several names, such as `['a','b']`, leads to one
 * object with these fields if it is the last one, and otherwise to many values (Jayway; recorded/paths.ts).
 */
function leadsToOne(step: Step, last: boolean): boolean {
  if (step.kind === 'names') return last || step.names.length === 1;
  return step.kind === 'function' || (step.kind === 'indexes' && step.indexes.length === 1);
}

/**
 * A function at the end of a path that begins with `$..` gets the list of all values that the path finds. As in Jayway,
 * `length()` counts their items, and `keys()` gets the whole document.
 */
function ofAll(steps: readonly Step[], step: FunctionStep): Reading {
  if (step.name === 'keys') return (root) => step.call(root);
  const counts = step.name === 'length' || step.name === 'size';
  const all: readonly Step[] = counts ? [...steps, { kind: 'every', shown: '[*]' }] : steps;
  return (root, visits) => step.call(new Search(root, visits).find(all));
}

/** Returns the one value to which definite steps lead; undefined if there is none. */
export function readDefinite(root: Json, steps: readonly Step[]): Json | undefined {
  let at: Json | undefined = root;
  for (const step of steps) {
    at = stepInto(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

function stepInto(at: Json, step: Step): Json | undefined {
  if (step.kind === 'indexes') return Array.isArray(at) ? itemAt(at, step.indexes[0] ?? 0) : undefined;
  if (step.kind === 'function') return step.call(at);
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

/** Collects all values to which a path leads, in the order of the document. */
class Search {
  readonly #hits: Json[] = [];

  constructor(
    private readonly root: Json,
    private readonly visits: Visits,
  ) {}

  find(steps: readonly Step[]): Json[] {
    this.#walk(this.root, steps, 0);
    return this.#hits;
  }

  #walk(at: Json | undefined, steps: readonly Step[], index: number): void {
    if (at === undefined) return;
    this.visits.add(1);
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
        for (const item of Array.isArray(at) ? at : [at]) {
          this.visits.add(step.filter.size);
          if (step.filter.holds({ item, root: this.root, visits: this.visits }))
            this.#walk(item, steps, index + 1);
        }
        return;
      case 'every':
        for (const each of childrenOf(at)) this.#walk(each, steps, index + 1);
        return;
      case 'function':
        return this.#walk(step.call(at), steps, index + 1);
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
