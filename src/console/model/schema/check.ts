import { isObject, referred, schemasIn, type JsonSchema } from './schema.js';

export type Path = readonly (string | number)[];

/** Something in a value that a schema doesn't accept. */
export interface SchemaProblem {
  readonly path: Path;
  readonly message: string;
}

/** Returns everything in a value that a schema doesn't accept. @param root the whole schema */
export function problemsOf(
  value: unknown,
  whole: JsonSchema,
  root: JsonSchema,
  path: Path = [],
): SchemaProblem[] {
  const target = referred(whole, root);
  const wrong = (message: string): SchemaProblem[] => [{ path, message }];
  const { type, enum: values, const: only } = whole;
  if (typeof type === 'string' && !isOfType(value, type)) return wrong(`should be ${TYPES[type] ?? type}`);
  if (Array.isArray(values) && !values.includes(value))
    return wrong(`should be one of: ${values.map((each) => JSON.stringify(each)).join(', ')}`);
  if (only !== undefined && only !== value) return wrong(`should be ${JSON.stringify(only)}`);
  return [
    ...(target ? problemsOf(value, target, root, path) : []),
    ...ownProblems(value, whole).map((message) => ({ path, message })),
    ...partProblems(value, whole, root, path),
    ...schemasIn(whole['allOf']).flatMap((each) => problemsOf(value, each, root, path)),
    ...choiceProblems(value, schemasIn(whole['anyOf']), root, path),
  ];
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

/** The limits of a schema: how each is measured, and what is said if it is exceeded. */
const LIMITS: Readonly<Record<string, (value: number, limit: number) => string | undefined>> = {
  minimum: (value, limit) => (value < limit ? `should be at least ${limit}` : undefined),
  maximum: (value, limit) => (value > limit ? `should be at most ${limit}` : undefined),
  exclusiveMinimum: (value, limit) => (value <= limit ? `should be more than ${limit}` : undefined),
  exclusiveMaximum: (value, limit) => (value >= limit ? `should be less than ${limit}` : undefined),
};
const LENGTHS: Readonly<Record<string, (length: number, limit: number) => string | undefined>> = {
  minLength: (length, limit) =>
    length >= limit
      ? undefined
      : limit === 1
        ? 'should not be empty'
        : `should have at least ${limit} characters`,
  maxLength: (length, limit) => (length > limit ? `should have at most ${limit} characters` : undefined),
};
const SIZES: Readonly<Record<string, (length: number, limit: number) => string | undefined>> = {
  minItems: (length, limit) =>
    length >= limit ? undefined : limit === 1 ? 'should not be empty' : `should have at least ${limit} items`,
  maxItems: (length, limit) => (length > limit ? `should have at most ${limit} items` : undefined),
};

/** Returns what a schema says against a value itself, without its parts. */
function ownProblems(value: unknown, schema: JsonSchema): string[] {
  if (isObject(schema['not'])) return ['is never accepted'];
  if (typeof value === 'number') return exceeded(LIMITS, value, schema);
  if (Array.isArray(value)) return exceeded(SIZES, value.length, schema);
  if (typeof value !== 'string') return [];
  const { pattern } = schema;
  const fits = typeof pattern !== 'string' || matches(pattern, value);
  return [
    ...exceeded(LENGTHS, Array.from(value).length, schema),
    ...(fits ? [] : [`should look like ${pattern}`]),
  ];
}

function exceeded(limits: typeof LIMITS, measure: number, schema: JsonSchema): string[] {
  return Object.entries(limits).flatMap(([keyword, check]) => {
    const limit = schema[keyword];
    return typeof limit === 'number' ? (check(measure, limit) ?? []) : [];
  });
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function partProblems(value: unknown, schema: JsonSchema, root: JsonSchema, path: Path): SchemaProblem[] {
  const { items } = schema;
  if (Array.isArray(value))
    return isObject(items) ? value.flatMap((each, at) => problemsOf(each, items, root, [...path, at])) : [];
  return isObject(value) ? memberProblems(value, schema, root, path) : [];
}

function memberProblems(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
  root: JsonSchema,
  path: Path,
): SchemaProblem[] {
  const { required, properties, additionalProperties: others, patternProperties } = schema;
  const missing = (Array.isArray(required) ? required.map(String) : [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => ({ path: [...path, key], message: 'is missing' }));
  const known = isObject(properties) ? properties : {};
  const patterns = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  const found = Object.entries(value).flatMap(([key, member]): SchemaProblem[] => {
    const own = Object.hasOwn(known, key) ? known[key] : undefined;
    if (isObject(own)) return problemsOf(member, own, root, [...path, key]);
    if (patterns.some((pattern) => matches(pattern, key))) return [];
    if (others === false) return [{ path: [...path, key], message: 'is not a key that the input has' }];
    return isObject(others) ? problemsOf(member, others, root, [...path, key]) : [];
  });
  return [...missing, ...found];
}

/** Returns the problems of the option that is nearest to accepting the value, unless one accepts it. */
function choiceProblems(
  value: unknown,
  options: readonly JsonSchema[],
  root: JsonSchema,
  path: Path,
): SchemaProblem[] {
  const each = options.map((option) => problemsOf(value, option, root, path));
  return each.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
