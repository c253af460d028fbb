import type { Json } from '../../values/json.js';
import { readSteps } from './path-parser.js';
import { Scanner } from './scanner.js';
import { readDefinite, readingOf, Visits } from './search.js';
import type { Step } from './steps.js';

/** A compiled JSONPath. */
export interface Path {
  readonly steps: readonly Step[];
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
  const read = readingOf(steps);
  return { steps, read: (root) => read(root, new Visits()), explain: (root) => explain(root, steps) };
}

function shown(steps: readonly Step[]): string {
  return `$${steps.map((step) => step.shown).join('')}`;
}

/**
 * Returns the reason why a path leads to no value. Recorded from the live service: the text is "No results" if only the
 * last step fails, and "Missing property" if an earlier one does.
 */
function explain(root: Json, steps: readonly Step[]): string {
  const isPlain = steps.every(({ kind }) => kind === 'names' || kind === 'indexes');
  const found = isPlain
    ? steps.findIndex((_, at) => readDefinite(root, steps.slice(0, at + 1)) === undefined)
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
