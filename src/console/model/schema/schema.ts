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

/** A field of a form. */
export interface Field {
  readonly name: string;
  /** The control in which a person writes the value: `json` if there is no simpler one. */
  readonly kind: 'text' | 'number' | 'choice' | 'json';
  /** The values of a choice. */
  readonly values: readonly unknown[];
  readonly required: boolean;
  /** The rules that the schema can't express, so that only the worker checks them. */
  readonly otherRules: string | undefined;
}

/** Returns a field for each key of the object that a schema describes. Empty if it describes no such object. */
export function fieldsOf(root: JsonSchema): Field[] {
  const { properties, required } = plain(root, root);
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(isObject(properties) ? properties : {}).map(([name, each]) => {
    const schema = plain(isObject(each) ? each : {}, root);
    const { type, enum: values, $comment: comment } = schema;
    return {
      name,
      kind: kindOf(schema),
      values: type === 'boolean' ? [true, false] : Array.isArray(values) ? values : [],
      required: needed.includes(name),
      otherRules: typeof comment === 'string' ? /^not checked here: (.+)$/.exec(comment)?.[1] : undefined,
    };
  });
}

/** Follows the references of a schema. Of a choice between a schema and null, returns the schema. */
function plain(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = resolve(schema, root);
  const options = schemasIn(anyOf).map((each) => resolve(each, root));
  const others = options.filter(({ type }) => type !== 'null');
  const [only] = others;
  if (only && others.length === 1) return plain({ ...rest, ...only }, root);
  return options.length === 0 ? rest : { ...rest, anyOf: others };
}

function kindOf(schema: JsonSchema): Field['kind'] {
  const { type, enum: values } = schema;
  if (Array.isArray(values) && values.every((each) => typeof each !== 'object')) return 'choice';
  if (type === 'boolean') return 'choice';
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return 'number';
  return kindOfTypes(schemasIn(schema['anyOf']).map((each) => each['type']));
}

/** A number that may be written as a text is a number; a date that may be a number is a text. */
function kindOfTypes(types: readonly unknown[]): Field['kind'] {
  const isOf = (...allowed: string[]): boolean =>
    types.length > 0 && types.every((type) => allowed.includes(String(type)));
  if (isOf('number', 'string')) return 'number';
  return isOf('string', 'integer') ? 'text' : 'json';
}
