import { BOOLEAN, ListOf, NUMBER, type Shape, TEXT, UNKNOWN } from './shape.js';

const of = (shape: Shape, names: string): [string, Shape][] =>
  names.split(/\s+/).map((name) => [name, shape]);

/** The functions of JSONata 2.0.6 and those that Step Functions adds, with the types of their results. */
export const FUNCTIONS: ReadonlyMap<string, Shape> = new Map([
  ...of(
    TEXT,
    `string substring substringBefore substringAfter lowercase uppercase trim pad join replace now fromMillis
    formatNumber formatBase formatInteger base64encode base64decode type uuid hash encodeUrl encodeUrlComponent
    decodeUrl decodeUrlComponent`,
  ),
  ...of(NUMBER, 'number length sum max min average count power sqrt abs floor ceil round random millis'),
  ...of(NUMBER, 'toMillis parseInteger'),
  ...of(BOOLEAN, 'boolean not exists contains'),
  ...of(new ListOf(TEXT), 'split'),
  ...of(
    UNKNOWN,
    `append assert clone distinct each error filter keys lookup map match merge parse partition range reduce reverse
    shuffle sift single sort spread zip`,
  ),
]);

/** The functions that call a function with each item of a list. */
export const OF_ITEMS: ReadonlySet<unknown> = new Set(['map', 'filter', 'single']);

/** The functions that may have a result even if their first argument has no value. */
export const LENIENT: ReadonlySet<unknown> = new Set(['append', 'count', 'exists', 'now', 'random', 'zip']);

export const OPERATORS: ReadonlyMap<unknown, Shape> = new Map([
  ...of(TEXT, '&'),
  ...of(NUMBER, '+ - * / %'),
  ...of(BOOLEAN, '= != < <= > >= and or in'),
]);

/** The operators that have no value if one of their sides has none. */
export const STRICT: ReadonlySet<unknown> = new Set(['+', '-', '*', '/', '%', '<', '<=', '>', '>=']);
