import { runtimeFailure } from '../expression.js';
import { getOwn, isObject, type Json, type JsonObject, setOwn } from '../values/json.js';

/** One step of a path. `shown` is the step as the error messages of Step Functions show it. */
export type PathStep =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly shown: string }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[]; readonly shown: string }
  | { readonly kind: 'slice'; readonly slice: Slice; readonly shown: string }
  | { readonly kind: 'filter'; readonly filter: Filter; readonly shown: string }
  | { readonly kind: 'every'; readonly shown: string }
  /** `..`: the next step is applied to the current value and to every value nested in it. */
  | { readonly kind: 'descent'; readonly shown: string }
  | FunctionStep;

/** The values that a filter tests. `root` is the value at which the whole path starts (`$`). */
export interface Place {
  readonly item: Json;
  readonly root: Json;
  readonly visits: Visits;
}

/** A filter in a path, such as `[?(@.price < 10)]`. Returns true if an item passes it. */
export type Filter = (place: Place) => boolean;

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
  /** True if it reads all items of a list, so that it takes longer for a long one. */
  readonly readsAll: boolean;
  readonly shown: string;
}

/** Thrown for a part of a path that Step Functions understands, and the local service doesn't. */
export class NotHere extends Error {
  override readonly name = 'NotHere';

  constructor(part: string) {
    super(`the local service does not have ${part}`);
  }
}

/** The most values that a path may visit, which takes about 100 ms. */
const MOST = 1_000_000;

/**
 * Counts the values that one path visits, with those that its filters visit and the comparisons that they make. Four
 * characters of a text, or four items that a function reads, are counted as one value, since they take as long. Without a
 * limit, a few characters such as `$..*..*` could keep the service busy for minutes.
 */
export class Visits {
  #left = MOST;

  /** @throws EvaluationFailure if the path has visited too many */
  add(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw runtimeFailure(`The path visits more than ${MOST} values.`);
  }
}

/** Reads the value, or the list of values, to which steps lead from a value. */
type Reading = (root: Json, visits: Visits) => Json | undefined;

/**
 * Returns the function that follows these steps. It returns one value, or undefined, if they are definite, and otherwise
 * a list.
 */
export function readingOf(steps: readonly PathStep[]): Reading {
  const last = steps.at(-1);
  if (steps[0]?.kind === 'descent' && last?.kind === 'function') return ofAll(steps.slice(0, -1), last);
  return isDefinite(steps)
    ? (root, visits) => findOne(root, steps, visits)
    : (root, visits) => find(root, steps, visits);
}

/** Returns true if steps lead to at most one value. */
export function isDefinite(steps: readonly PathStep[]): boolean {
  if (steps[0]?.kind === 'descent' && steps.at(-1)?.kind === 'function') return true;
  return steps.every((step, at) => leadsToOne(step, at === steps.length - 1));
}

/**
 * Returns true if a step leads to at most one value. A step with several names, such as `['a','b']`, leads to one
 * object with these fields if it is the last one, and otherwise to many values (Jayway; recorded/paths.ts).
 */
function leadsToOne(step: PathStep, last: boolean): boolean {
  if (step.kind === 'names') return last || step.names.length === 1;
  return step.kind === 'function' || (step.kind === 'indexes' && step.indexes.length === 1);
}

/**
 * A function at the end of a path that begins with `$..` gets the list of all values that the path finds. As in Jayway,
 * `length()` counts their items, and `keys()` gets the whole document.
 */
function ofAll(steps: readonly PathStep[], step: FunctionStep): Reading {
  if (step.name === 'keys') return (root) => step.call(root);
  const counts = step.name === 'length' || step.name === 'size';
  const all: readonly PathStep[] = counts ? [...steps, { kind: 'every', shown: '[*]' }] : steps;
  return (root, visits) => step.call(find(root, all, visits));
}

/** Returns the value to which a definite path leads. It makes no lists, since most paths are definite. */
function findOne(root: Json, steps: readonly PathStep[], visits: Visits): Json | undefined {
  let at: Json | undefined = root;
  for (const step of steps) {
    if (at === undefined) return undefined;
    at = stepToOne(at, step, visits);
  }
  return at;
}

/** Returns all values to which a path leads, in the order of the document. */
function find(root: Json, steps: readonly PathStep[], visits: Visits): Json[] {
  let found: Json[] = [root];
  for (const [index, step] of steps.entries()) {
    const starts = found;
    const isOne = leadsToOne(step, index === steps.length - 1);
    found = [];
    for (const at of starts) {
      const values = isOne ? [stepToOne(at, step, visits)] : stepToMany(at, step, root, visits);
      visits.add(1 + values.length);
      for (const value of values) if (value !== undefined) found.push(value);
    }
  }
  return found;
}

/** Takes a step of which `leadsToOne` is true. */
function stepToOne(at: Json, step: PathStep, visits: Visits): Json | undefined {
  visits.add(1);
  if (step.kind === 'function') {
    if (isObject(at)) visits.add(Object.keys(at).length);
    else if (step.readsAll) visits.add(childrenOf(at).length >> 2);
    return step.call(at);
  }
  if (step.kind === 'indexes') return Array.isArray(at) ? at.at(step.indexes[0] ?? 0) : undefined;
  if (step.kind !== 'names' || !isObject(at)) return undefined;
  if (step.names.length === 1) return getOwn(at, step.names[0] ?? '');
  visits.add(step.names.length);
  return pick(at, step.names);
}

/** Takes another step. Returns undefined in place of a value that isn't there. `root` is where the path starts. */
function stepToMany(at: Json, step: PathStep, root: Json, visits: Visits): readonly (Json | undefined)[] {
  const list = Array.isArray(at) ? at : [];
  switch (step.kind) {
    case 'names':
      return isObject(at) ? step.names.map((name) => getOwn(at, name)) : [];
    case 'indexes':
      return step.indexes.map((index) => list.at(index));
    case 'slice': {
      const { from, to, step: by } = step.slice;
      return list.slice(from, to).filter((_, index) => index % by === 0);
    }
    case 'filter':
      return (Array.isArray(at) ? at : [at]).filter((item) => step.filter({ item, root, visits }));
    case 'every':
      return childrenOf(at);
    default:
      return nestedIn(at);
  }
}

function pick(source: JsonObject, names: readonly string[]): JsonObject {
  const made: JsonObject = {};
  for (const name of names) {
    const value = getOwn(source, name);
    if (value !== undefined) setOwn(made, name, value);
  }
  return made;
}

function childrenOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** Returns a value and all values inside it, each before those inside it. */
function nestedIn(value: Json, found: Json[] = []): Json[] {
  found.push(value);
  for (const each of childrenOf(value)) nestedIn(each, found);
  return found;
}
