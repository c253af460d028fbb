/** A JSON Schema (2020-12) of an activity's input. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const schemasIn = (value: unknown): JsonSchema[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** Matches the references that a schema may have: to a definition of the same schema. */
const REFERENCE = /^#\/\$defs\/(.+)$/;
/** The most references in a row that are followed. A schema whose references lead in a circle says nothing. */
const MOST_REFERENCES = 20;

/** Returns the schema to which the reference in a schema leads; undefined if it has none, or the reference is wrong. */
export function referred({ $ref: reference }: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const name = typeof reference === 'string' ? REFERENCE.exec(reference)?.[1] : undefined;
  const { $defs: definitions } = root;
  if (name === undefined || !isObject(definitions)) return undefined;
  const target = definitions[name.replaceAll('~1', '/').replaceAll('~0', '~')];
  return isObject(target) ? target : undefined;
}

/** Puts the schema to which a reference leads in its place, so that a form can be made of it. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let found = schema;
  for (let followed = 0; followed < MOST_REFERENCES; followed++) {
    const target = referred(found, root);
    const { $ref: _, ...rest } = found;
    if (!target) return rest;
    const { properties } = target;
    const both = { ...(isObject(properties) && properties), ...(rest['properties'] as object | undefined) };
    found = { ...target, ...rest, ...(isObject(properties) && { properties: both }) };
  }
  return {};
}

/** The kind of control in which a person writes a value: `json` if there is no simpler one. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'choice' | 'object' | 'list' | 'json';

/** A field of a form. */
export interface Field {
  readonly kind: FieldKind;
  /** The schema of the field's values other than null. */
  readonly schema: JsonSchema;
  readonly nullable: boolean;
}

/** Returns the field for the values of a schema. @param root the whole schema */
export function fieldOf(schema: JsonSchema, root: JsonSchema): Field {
  const { anyOf, ...rest } = resolve(schema, root);
  const options = schemasIn(anyOf).map((each) => resolve(each, root));
  const others = options.filter(({ type }) => type !== 'null');
  const nullable = others.length < options.length;
  const [only] = others;
  if (only && others.length === 1) {
    const inner = fieldOf({ ...rest, ...only }, root);
    return { ...inner, nullable: nullable || inner.nullable };
  }
  const whole = options.length === 0 ? rest : { ...rest, anyOf: others };
  return { kind: kindOf(whole), schema: whole, nullable };
}

function kindOf(schema: JsonSchema): FieldKind {
  const { type, enum: values, properties, items } = schema;
  if (Array.isArray(values) && values.every((each) => typeof each !== 'object')) return 'choice';
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'boolean';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'object' && isObject(properties)) return 'object';
  if (type === 'array' && isObject(items)) return 'list';
  return kindOfTypes(schemasIn(schema['anyOf']).map((each) => each['type']));
}

/** A number that may be written as a text is a number; a date that may be a number is a text. */
function kindOfTypes(types: readonly unknown[]): FieldKind {
  const isOf = (...allowed: string[]): boolean =>
    types.length > 0 && types.every((type) => allowed.includes(String(type)));
  if (isOf('number', 'string')) return 'number';
  return isOf('string', 'integer') ? 'text' : 'json';
}

/** Returns true if a form is easier than JSON: if the input is an object with fields, or a single value. */
export const hasForm = (schema: JsonSchema): boolean => {
  const { kind, schema: whole } = fieldOf(schema, schema);
  if (kind === 'object') return Object.keys(whole['properties'] ?? {}).length > 0;
  return kind !== 'json';
};

/** Returns the rules that a schema can't express, so that only the worker checks them. */
export function otherRules({ $comment: comment }: JsonSchema): string | undefined {
  return typeof comment === 'string' ? /^not checked here: (.+)$/.exec(comment)?.[1] : undefined;
}
