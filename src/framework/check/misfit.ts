import type { JsonSchema } from '../declare/schema/input-schema.js';
import { isPlainObject, show } from '../base/errors.js';
import { didYouMean, nearest } from '../local/index.js';
import type { Step } from './source/json-text.js';

/** Stands for a value that is only known when it runs: it fits everywhere. */
export const UNKNOWN = Symbol('unknown');

/** Why a value can't be what a schema takes. */
export interface Misfit {
  readonly steps: readonly Step[];
  readonly what: string;
  readonly fix: string;
}

/**
 * Compares a value, parts of which may be {@link UNKNOWN}, with a schema of `inputSchema`. Reads what that one writes,
 * and no more of JSON Schema.
 */
export function misfits(value: unknown, schema: JsonSchema): Misfit[] {
  const definitions = isPlainObject(schema['$defs']) ? schema['$defs'] : {};
  return new Comparison(definitions).of(value, schema, []);
}

class Comparison {
  readonly #definitions: Record<string, unknown>;

  constructor(definitions: Record<string, unknown>) {
    this.#definitions = definitions;
  }

  of(value: unknown, schema: JsonSchema, steps: readonly Step[]): Misfit[] {
    if (value === UNKNOWN) return [];
    const wrong = (what: string, fix: string): Misfit[] => [{ steps, what, fix }];
    const { $ref, anyOf, allOf, type, enum: values } = schema;
    const found = [
      ...(typeof $ref === 'string' ? this.of(value, this.#definition($ref), steps) : []),
      ...(Array.isArray(allOf) ? allOf.flatMap((each: JsonSchema) => this.of(value, each, steps)) : []),
      ...(Array.isArray(anyOf) ? this.#anyOf(value, anyOf as JsonSchema[], steps) : []),
    ];
    if (found.length > 0) return found;
    if (typeof type === 'string' && !isOf(value, type))
      return wrong(`must be ${NAMES[type] ?? type}, and is ${show(value)}`, `write ${NAMES[type] ?? type}`);
    const choices = Array.isArray(values) ? values : 'const' in schema ? [schema['const']] : undefined;
    if (choices && !choices.includes(value))
      return wrong(
        `must be one of ${choices.map((each) => JSON.stringify(each)).join(', ')}, and is ${show(value)}`,
        'write one of them',
      );
    const limit = brokenLimit(value, schema);
    if (limit) return wrong(`must ${limit}, and is ${show(value)}`, 'write a value within the limit');
    if (Array.isArray(value)) return this.#items(value, schema, steps);
    return isPlainObject(value) ? this.#keys(value, schema, steps) : [];
  }

  #definition(ref: string): JsonSchema {
    const name = ref.replace('#/$defs/', '').replaceAll('~1', '/').replaceAll('~0', '~');
    const found: unknown = this.#definitions[name];
    return isPlainObject(found) ? found : {};
  }

  /** The misfits of the alternative that fits best. */
  #anyOf(value: unknown, alternatives: readonly JsonSchema[], steps: readonly Step[]): Misfit[] {
    // What is not null was not meant to be.
    const meant = alternatives.filter(({ type }) => value === null || type !== 'null');
    const all = meant.map((each) => this.of(value, each, steps));
    return all.toSorted((a, b) => a.length - b.length || depthOf(b) - depthOf(a))[0] ?? [];
  }

  #items(value: readonly unknown[], { items }: JsonSchema, steps: readonly Step[]): Misfit[] {
    return isPlainObject(items)
      ? value.flatMap((each, index) => this.of(each, items, [...steps, index]))
      : [];
  }

  #keys(value: Record<string, unknown>, schema: JsonSchema, steps: readonly Step[]): Misfit[] {
    const properties = isPlainObject(schema['properties']) ? schema['properties'] : {};
    const required: unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
    const spare = Object.keys(value).filter((key) => !Object.hasOwn(properties, key));
    const misspelt = new Set<string>();
    const missing = required.flatMap((key): Misfit[] => {
      if (typeof key !== 'string' || Object.hasOwn(value, key)) return [];
      const written = nearest(key, spare) ?? spare.find((each) => bare(each) === bare(key));
      if (written !== undefined) misspelt.add(written);
      const fix = written ? `did you mean '${key}' by '${written}'?` : `give it a '${key}'`;
      return [{ steps, what: `lacks '${key}'`, fix }];
    });
    const additional: unknown = schema['additionalProperties'];
    const inner = Object.entries(value).flatMap(([key, each]): Misfit[] => {
      const own: unknown = Object.hasOwn(properties, key) ? properties[key] : additional;
      if (isPlainObject(own)) return this.of(each, own, [...steps, key]);
      if (own !== false || misspelt.has(key)) return [];
      const meant = nearest(key, Object.keys(properties));
      return [
        {
          steps: [...steps, key],
          what: `has the key '${key}', which is refused`,
          fix: meant ? didYouMean(meant) : 'take it out',
        },
      ];
    });
    return [...missing, ...inner];
  }
}

const bare = (key: string): string => key.toLowerCase().replaceAll(/[_-]/g, '');
const depthOf = (found: readonly Misfit[]): number => Math.max(0, ...found.map(({ steps }) => steps.length));

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function isOf(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isPlainObject(value);
  return type === 'null' ? value === null : typeof value === type;
}

function brokenLimit(value: unknown, schema: JsonSchema): string | undefined {
  const limit = (key: string): number => (typeof schema[key] === 'number' ? schema[key] : Number.NaN);
  if (typeof value === 'number') {
    if (value < limit('minimum')) return `be at least ${limit('minimum')}`;
    if (value > limit('maximum')) return `be at most ${limit('maximum')}`;
    if (value <= limit('exclusiveMinimum')) return `be more than ${limit('exclusiveMinimum')}`;
    if (value >= limit('exclusiveMaximum')) return `be less than ${limit('exclusiveMaximum')}`;
  }
  if (typeof value === 'string') {
    // By code points, as JSON Schema counts.
    const { length } = Array.from(value);
    if (length < limit('minLength')) return `have ${limit('minLength')} characters or more`;
    if (length > limit('maxLength')) return `have ${limit('maxLength')} characters or fewer`;
    const { pattern } = schema;
    if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) return `match /${pattern}/`;
  }
  if (Array.isArray(value)) {
    if (value.length < limit('minItems')) return `have ${limit('minItems')} elements or more`;
    if (value.length > limit('maxItems')) return `have ${limit('maxItems')} elements or fewer`;
  }
  return undefined;
}
