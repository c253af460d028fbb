import { definitionName, type JsonSchema, NUMBER_TEXT } from '../declare/schema/dto-schema.js';
import { isDateString, isISO8601, isRFC3339 } from 'class-validator';
import { isPlainObject } from '../base/json.js';
import { meantName, proposal, show } from '../base/show.js';
import { conversionTo } from '../declare/dto/kinds.js';
import { parseTimestamp } from '../asl/values/functions.js';
import {
  common,
  type ObjectShape,
  isUnknown,
  ListOf,
  OneOf,
  othersOf,
  type Shape,
  Typed,
} from './flow/shape.js';
import type { JsonStep } from './source/json-text.js';

/**
 * A value, or a part of it, that the schema rejects. `steps` are the keys and indexes that lead from the value to the
 * part.
 */
export interface SchemaMismatch extends Mismatch {
  readonly steps: readonly JsonStep[];
  /** False for the result of a JSONata path over a list, which fits if the list has exactly one element. */
  readonly isSure: boolean;
}

interface Mismatch {
  readonly what: string;
  readonly fix: string;
}

/**
 * Compares what is known of a value with a schema that `inputSchema` made. Only the keywords of JSON Schema that
 * `inputSchema` writes are understood. What isn't known matches every schema.
 */
export function schemaMismatches(value: Shape, schema: JsonSchema): SchemaMismatch[] {
  const definitions = isPlainObject(schema['$defs']) ? schema['$defs'] : {};
  return new SchemaComparison(definitions).of(value, schema, []);
}

class SchemaComparison {
  constructor(private readonly definitions: Record<string, unknown>) {}

  of(value: unknown, schema: JsonSchema, steps: readonly JsonStep[]): SchemaMismatch[] {
    if (isUnknown(value)) return [];
    if (value instanceof OneOf) return this.#oneOf(value, schema, steps);
    if (value instanceof ListOf && value.isSequence) return this.#sequence(value, schema, steps);
    const inherited = this.#inherited(value, schema, steps);
    if (inherited.length > 0) return inherited;
    const fault = wrongType(value, schema) ?? wrongChoice(value, schema) ?? wrongLimit(value, schema);
    return fault ? [{ steps, isSure: true, ...fault }] : this.#parts(value, schema, steps);
  }

  /** Returns the mismatches of what several values have in common, or else of the first, if all of them have some. */
  #oneOf({ shapes }: OneOf, schema: JsonSchema, steps: readonly JsonStep[]): SchemaMismatch[] {
    const shared = this.of(shapes.reduce(common), schema, steps);
    if (shared.length > 0) return shared;
    const all = shapes.map((each) => this.of(each, schema, steps));
    const isSure = all.every((each) => each.some((mismatch) => mismatch.isSure));
    if (all.some((each) => each.length === 0)) return [];
    return (all[0] ?? []).map((each) => ({ ...each, isSure: each.isSure && isSure }));
  }

  /** A sequence of one element is that element. Returns its mismatches as a list, unless the element fits. */
  #sequence({ item }: ListOf, schema: JsonSchema, steps: readonly JsonStep[]): SchemaMismatch[] {
    const asList = this.of(new ListOf(item), schema, steps);
    const isSure = this.of(item, schema, steps).length > 0;
    return asList.map((each) => ({ ...each, isSure: each.isSure && isSure }));
  }

  /** Returns the mismatches with the schemas that this schema refers to in `$ref`, `allOf` and `anyOf`. */
  #inherited(
    value: unknown,
    { $ref, allOf, anyOf }: JsonSchema,
    steps: readonly JsonStep[],
  ): SchemaMismatch[] {
    return [
      ...(typeof $ref === 'string' ? this.of(value, this.#definition($ref), steps) : []),
      ...(Array.isArray(allOf) ? allOf.flatMap((each: JsonSchema) => this.of(value, each, steps)) : []),
      ...(Array.isArray(anyOf) ? this.#anyOf(value, anyOf as JsonSchema[], steps) : []),
    ];
  }

  #definition(ref: string): JsonSchema {
    const found: unknown = this.definitions[definitionName(ref)];
    return isPlainObject(found) ? found : {};
  }

  /** Returns the mismatches with that alternative of `anyOf` that has the fewest. */
  #anyOf(value: unknown, alternatives: readonly JsonSchema[], steps: readonly JsonStep[]): SchemaMismatch[] {
    // `@Type(() => Number)` reads a number from a text, and the rules are about the number.
    const numbers = alternatives.filter(({ pattern }) => pattern !== NUMBER_TEXT);
    if (numbers.length < alternatives.length && typeof value === 'string' && RegExp(NUMBER_TEXT).test(value))
      return this.#anyOf(Number(value), numbers, steps);
    // If the value isn't null, the alternative that allows only null wasn't meant.
    const meant = alternatives.filter(({ type }) => value === null || type !== 'null');
    const all = meant.map((each) => this.of(value, each, steps));
    return all.toSorted((a, b) => a.length - b.length || depthOf(b) - depthOf(a))[0] ?? [];
  }

  #parts(value: unknown, schema: JsonSchema, steps: readonly JsonStep[]): SchemaMismatch[] {
    if (value instanceof ListOf) return this.#items([value.item], schema, steps, () => steps);
    if (Array.isArray(value)) return this.#items(value, schema, steps);
    return isPlainObject(value) ? this.#keys(value, schema, steps) : [];
  }

  #items(
    value: readonly unknown[],
    { items }: JsonSchema,
    steps: readonly JsonStep[],
    stepsOf = (index: number): readonly JsonStep[] => [...steps, index],
  ): SchemaMismatch[] {
    return isPlainObject(items) ? value.flatMap((each, index) => this.of(each, items, stepsOf(index))) : [];
  }

  #keys(value: Record<string, unknown>, schema: JsonSchema, steps: readonly JsonStep[]): SchemaMismatch[] {
    const properties = isPlainObject(schema['properties']) ? schema['properties'] : {};
    const missing = othersOf(value as ObjectShape) ? [] : missingKeys(value, schema, Object.keys(properties));
    const misspelt = new Set(missing.map(({ written }) => written));
    const inner = Object.entries(value).flatMap(([key, each]): SchemaMismatch[] => {
      const known = Object.hasOwn(properties, key);
      const own: unknown = known ? properties[key] : schema['additionalProperties'];
      if (isPlainObject(own)) return this.of(each, own, [...steps, key]);
      if (own !== false || misspelt.has(key)) return [];
      return [{ steps: [...steps, key], isSure: true, ...refusedKey(key, Object.keys(properties)) }];
    });
    return [...missing.map((each) => ({ steps, isSure: true, ...missingKey(each) })), ...inner];
  }
}

/**
 * A required key that a value lacks. `written` is the key that was probably written in its place; undefined if there is
 * none.
 */
interface MissingKey {
  readonly key: string;
  readonly written: string | undefined;
}

function missingKeys(
  value: Record<string, unknown>,
  { required }: JsonSchema,
  known: readonly string[],
): MissingKey[] {
  const spare = Object.keys(value).filter((key) => !known.includes(key));
  const keys: unknown[] = Array.isArray(required) ? required : [];
  return keys.flatMap((key): MissingKey[] => {
    if (typeof key !== 'string' || Object.hasOwn(value, key)) return [];
    return [{ key, written: meantName(key, spare) ?? spare.find((each) => bare(each) === bare(key)) }];
  });
}

const missingKey = ({ key, written }: MissingKey): Mismatch => ({
  what: `lacks '${key}'`,
  fix: written ? `did you mean '${key}' by '${written}'?` : `give it a '${key}'`,
});

function refusedKey(key: string, known: readonly string[]): Mismatch {
  const meant = meantName(key, known);
  return {
    what: `has the key '${key}', which is refused`,
    fix: meant ? proposal(meant) : 'remove it',
  };
}

const bare = (key: string): string => key.toLowerCase().replaceAll(/[_-]/g, '');
const depthOf = (found: readonly SchemaMismatch[]): number =>
  Math.max(0, ...found.map(({ steps }) => steps.length));

const NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function wrongType(value: unknown, { type }: JsonSchema): Mismatch | undefined {
  if (typeof type !== 'string' || isOf(value, type)) return undefined;
  const name = NAMES[type] ?? type;
  return { what: `must be ${name}, and is ${shown(value)}`, fix: `write ${name}` };
}

/** Returns a text for a value of a wrong type. Of a value that is computed, only the type is known. */
function shown(value: unknown): string {
  if (value instanceof ListOf) return 'a list';
  return value instanceof Typed ? (NAMES[value.type] ?? value.type) : show(value);
}

function isOf(value: unknown, type: string): boolean {
  if (value instanceof Typed) return value.type === (type === 'integer' ? 'number' : type);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value) || value instanceof ListOf;
  if (type === 'object') return isPlainObject(value);
  return type === 'null' ? value === null : typeof value === type;
}

function wrongChoice(value: unknown, schema: JsonSchema): Mismatch | undefined {
  const choices = choicesOf(schema);
  if (!choices || choices.includes(value)) return undefined;
  if (value instanceof Typed && choices.some((each) => typeof each === value.type)) return undefined;
  const listed = choices.map((each) => JSON.stringify(each)).join(', ');
  return { what: `must be one of ${listed}, and is ${shown(value)}`, fix: 'write one of them' };
}

function choicesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'];
  return 'const' in schema ? [schema['const']] : undefined;
}

function wrongLimit(value: unknown, schema: JsonSchema): Mismatch | undefined {
  const limit = brokenLimit(value, schema);
  if (limit === undefined) return undefined;
  return { what: `must ${limit}, and is ${show(value)}`, fix: 'write a value within the limit' };
}

function brokenLimit(value: unknown, schema: JsonSchema): string | undefined {
  if (typeof value === 'number') return brokenRange(value, schema);
  if (typeof value === 'string') return brokenText(value, schema);
  return Array.isArray(value) ? brokenLength(value, schema) : undefined;
}

/**
 * Returns the value of a limit such as `maximum` in a schema. Returns NaN if the schema doesn't have it: every
 * comparison with NaN is false, so no value exceeds it.
 */
const limitOf = (schema: JsonSchema, key: string): number =>
  typeof schema[key] === 'number' ? schema[key] : Number.NaN;

function brokenRange(value: number, schema: JsonSchema): string | undefined {
  const limit = (key: string): number => limitOf(schema, key);
  if (value < limit('minimum')) return `be at least ${limit('minimum')}`;
  if (value > limit('maximum')) return `be at most ${limit('maximum')}`;
  if (value <= limit('exclusiveMinimum')) return `be more than ${limit('exclusiveMinimum')}`;
  if (value >= limit('exclusiveMaximum')) return `be less than ${limit('exclusiveMaximum')}`;
  return undefined;
}

function brokenText(value: string, schema: JsonSchema): string | undefined {
  if (!isDate(value, schema)) return 'be a date that exists';
  // JSON Schema's lengths are in code points, not in UTF-16 units.
  const { length } = Array.from(value);
  const [least, most] = [limitOf(schema, 'minLength'), limitOf(schema, 'maxLength')];
  if (length < least) return `have ${least} characters or more`;
  if (length > most) return `have ${most} characters or fewer`;
  const { pattern } = schema;
  const fits = typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value);
  return fits ? undefined : `match /${pattern}/`;
}

/** Rules about dates that a schema only names in its comment. Their options, if any, make them stricter. */
const DATES: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['impossible dates', (value) => conversionTo(Date)?.holds(value) ?? true],
  ['isDateString', (value) => isDateString(value)],
  ['isIso8601', (value) => isISO8601(value)],
  ['isRFC3339', (value) => isRFC3339(value)],
]);

function isDate(value: string, { $comment, format }: JsonSchema): boolean {
  if (format === 'date-time') return parseTimestamp(value) !== undefined;
  // A rule with a condition may not apply.
  if (typeof $comment !== 'string' || $comment.includes('condition')) return true;
  return [...DATES].every(([rule, holds]) => !$comment.includes(rule) || holds(value));
}

function brokenLength({ length }: readonly unknown[], schema: JsonSchema): string | undefined {
  const [least, most] = [limitOf(schema, 'minItems'), limitOf(schema, 'maxItems')];
  if (length < least) return `have ${least} elements or more`;
  return length > most ? `have ${most} elements or fewer` : undefined;
}
