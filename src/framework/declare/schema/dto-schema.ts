import type { HandlerDefinition, OutputSpec } from '../definition.js';
import { type Constructor, isBuiltIn } from '../class.js';
import type { DtoProperty, DtoRule } from '../dto/dto-property.js';
import { fixedType, shapeOf } from '../dto/dto-shape.js';
import { isOpen } from '../dto/kinds.js';
import { allOf, type JsonSchema, ruleSchema, withComment } from './schema-rules.js';

export type { JsonSchema } from './schema-rules.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
/** The pattern of the texts that `@Type(() => Date)` reads a date from. */
export const DATE_TEXT =
  '^(\\d{4}|[+-]\\d{6})-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d))?$';
/** The pattern of the texts that `@Type(() => Number)` reads a number from. */
export const NUMBER_TEXT = '^-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?$';

/**
 * Returns the JSON Schema (2020-12) of a handler's input. The schema accepts every input that validation accepts. If
 * JSON Schema can't express a rule, such as a custom one, the schema ignores it and names it in a `$comment`.
 */
export function inputSchema({ input, groups, unknownKeys }: Input): JsonSchema {
  if (input.kind === 'none' || input.kind === 'any') return { $schema: DIALECT };
  if (input.kind === 'scalar') return { $schema: DIALECT, type: input.type };
  return schemaOf(input, new SchemaWriter('input', groups, unknownKeys));
}

/** Returns the JSON Schema of the JSON that a handler's declared output becomes. Every such JSON matches it. */
export function outputSchema(output: OutputSpec, groups: readonly string[]): JsonSchema {
  return schemaOf(output, new SchemaWriter('output', groups, 'refuse'));
}

function schemaOf({ kind, type }: OutputSpec, writer: SchemaWriter): JsonSchema {
  const whole = writer.reference(type);
  const body = kind === 'array' ? { type: 'array', items: whole } : whole;
  return { $schema: DIALECT, title: type.name, ...body, $defs: writer.definitions };
}

const REFERENCE = '#/$defs/';

/** Returns the reference (`$ref`) to a definition of a schema by its name. */
export const referenceTo = (name: string): string =>
  `${REFERENCE}${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Returns the name of the definition to which a reference refers. */
export const definitionName = (ref: string): string =>
  ref.slice(REFERENCE.length).replaceAll('~1', '/').replaceAll('~0', '~');

type Input = Pick<HandlerDefinition, 'input' | 'groups' | 'unknownKeys'>;

/** A field of an object: its key, the schema of its value, and true if every object has it. */
type Field = readonly [key: string, schema: JsonSchema, isAlways: boolean];

class SchemaWriter {
  readonly definitions: Record<string, JsonSchema> = {};
  readonly #names = new Map<Constructor<object>, Map<string | undefined, string>>();

  /** @param direction whether the schemas are of JSON that is read, or of JSON that is written */
  constructor(
    readonly direction: 'input' | 'output',
    readonly groups: readonly string[],
    readonly unknownKeys: HandlerDefinition['unknownKeys'],
  ) {}

  /**
   * Returns a reference (`$ref`) to the schema of a class. The first call for a class adds its schema to the
   * definitions.
   * @param discriminator a key that an object of this class may have in addition to its properties, because it names
   * the class
   */
  reference(type: Constructor<object>, discriminator?: string): Record<string, unknown> {
    // The discriminator has to be listed only if unknown keys are refused.
    const also = this.unknownKeys === 'refuse' ? discriminator : undefined;
    const known = this.#names.get(type) ?? new Map<string | undefined, string>();
    this.#names.set(type, known);
    let name = known.get(also);
    if (name === undefined) {
      name = this.#freeName(type.name || 'Input');
      known.set(also, name);
      // The name is reserved before the class is read, since a class may contain itself.
      this.definitions[name] = {};
      this.definitions[name] = this.#object(type, also);
    }
    return { $ref: referenceTo(name) };
  }

  #freeName(wanted: string): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted}_${n}`;
      if (!Object.hasOwn(this.definitions, name)) return name;
    }
  }

  #object(type: Constructor<object>, also: string | undefined): JsonSchema {
    const schemas = new Map<string, JsonSchema>(also === undefined ? [] : [[also, {}]]);
    const required = new Set<string>();
    for (const [key, schema, isAlways] of this.direction === 'input'
      ? this.#read(type)
      : this.#written(type)) {
      schemas.set(key, schema);
      if (isAlways) required.add(key);
    }
    return {
      type: 'object',
      properties: Object.fromEntries(schemas),
      ...(required.size > 0 && { required: [...required] }),
      ...(this.unknownKeys === 'refuse' && CLOSED),
    };
  }

  /** Returns the fields of an input: the key of each, its schema, and true if the key is required. */
  #read(type: Constructor<object>): Field[] {
    const fresh = freshInstance(type);
    return shapeOf(type, this.groups).properties.map((property) => {
      const schema = this.#property(property);
      const isAlways = isRequired(property, fresh);
      const open = !isAlways && refusesMissing(property, fresh) ? ['a missing key'] : [];
      return [property.key, withComment(schema, open), isAlways];
    });
  }

  /** Returns the fields of an output: the key of each, its schema, and true if the key is always written. */
  #written(type: Constructor<object>): Field[] {
    const { properties, exposed } = shapeOf(type, this.groups);
    const ofRules = properties.flatMap((property): Field[] => {
      const { written, conditions, mayBeAbsent } = property;
      if (!written) return [];
      const isPlain = written.transforms.length === 0;
      const schema = isPlain ? this.#property({ ...property, readable: true, transforms: [] }) : {};
      return [[written.key, schema, isPlain && conditions.length === 0 && !mayBeAbsent]];
    });
    return [...ofRules, ...exposed.map(({ key }): Field => [key, {}, false])];
  }

  #property(property: DtoProperty): JsonSchema {
    const { readable, transforms, conditions, onlyOptional, declared } = property;
    if (!readable) return { $comment: 'not read' };
    if (transforms.length > 0) return withComment({}, ['a value that a @Transform makes']);
    const value = this.#value(property);
    const mayBeNull = conditions.length > 0 || (declared === undefined && !saysKind(value));
    const schema = mayBeNull ? orNull(value) : value;
    return onlyOptional
      ? schema
      : withComment(schema, ['a condition (@ValidateIf)', ...ruleNames(property.rules)]);
  }

  /** Returns the schema of a property's values other than null. */
  #value(property: DtoProperty): JsonSchema {
    const { rules, onlyOptional } = property;
    const asked = onlyOptional ? rules.filter(({ applies }) => applies === undefined) : [];
    const open = onlyOptional ? ruleNames(rules.filter(({ applies }) => applies !== undefined)) : [];
    return withComment(this.#asked(property, asked), open);
  }

  /** @param asked the rules that apply to every value */
  #asked(property: DtoProperty, asked: readonly DtoRule[]): JsonSchema {
    const { container } = property;
    const isOne = container === 'one';
    const ofParts = asked.filter(({ each }) => each && !isOne);
    const ofWhole = asked.filter(({ each }) => isOne || !each);
    const part =
      property.grid && property.typed
        ? allOf([{ type: 'array', items: this.#part(property, []) }, ...ofParts.map(ruleSchema)])
        : this.#part(property, ofParts);
    if (isOne) return this.#one(property, ofWhole);
    if (container === 'map')
      return withComment({ type: 'object', additionalProperties: part }, ruleNames(ofWhole));
    if (container === 'array') return allOf([{ type: 'array', items: part }, ...ofWhole.map(ruleSchema)]);
    // Rules for a Set don't apply to the JSON array from which the Set is made.
    return withComment({ type: 'array', items: part }, ruleNames(ofWhole));
  }

  #one(property: DtoProperty, rules: readonly DtoRule[]): JsonSchema {
    if (property.typed) return this.#part(property, rules);
    const type = JSON_TYPES.get(property.declared?.rule);
    return allOf([...(type === undefined ? [] : [{ type }]), ...rules.map(ruleSchema)]);
  }

  /**
   * Returns the schema of a property's value that `@Type` converts. For a collection, returns the schema of one
   * element.
   */
  #part(property: DtoProperty, rules: readonly DtoRule[]): JsonSchema {
    const { typed, nested, discriminator } = property;
    const schemas = rules.map(ruleSchema);
    if (!typed) return allOf(schemas);
    if (discriminator && nested) return this.#anyOf(property, discriminator);
    const type = fixedType(property);
    if (type === undefined)
      return nested
        ? { type: 'object', $comment: 'of a class that depends on it' }
        : withComment({}, ruleNames(rules));
    if (nested) return allOf([this.reference(type), ...schemas.filter(isComment)]);
    return typedSchema(type, rules, this.direction);
  }

  #anyOf(
    property: DtoProperty,
    { property: key, subTypes }: NonNullable<DtoProperty['discriminator']>,
  ): JsonSchema {
    const named = subTypes.map(({ name, value }) => ({
      ...this.reference(value, key),
      required: [key],
      properties: { [key]: { const: name } },
    }));
    // A value whose key names no subtype is of the class in @Type, if that is a subtype itself.
    const base = subTypes.find(({ value }) => value === property.typeIn({}))?.value;
    return { anyOf: [...named, ...(base ? [this.reference(base, key)] : [])] };
  }
}

/**
 * The part of a schema that rejects every key that isn't listed, except `__proto__`, which is removed from every input
 * before validation.
 */
const CLOSED = { additionalProperties: false, patternProperties: { '^__proto__$': {} } };

const JSON_TYPES = new Map<string | undefined, string>([
  ['isString', 'string'],
  ['isNumber', 'number'],
  ['isBoolean', 'boolean'],
  ['isArray', 'array'],
]);

/** Returns true if a schema restricts the type of its values, so that it rejects null. */
const saysKind = (schema: JsonSchema): boolean =>
  ['type', 'enum', 'const', '$ref', 'anyOf', 'allOf'].some((key) => Object.hasOwn(schema, key));

const isComment = (schema: JsonSchema): boolean => Object.keys(schema).every((key) => key === '$comment');

const orNull = (schema: JsonSchema): JsonSchema =>
  saysKind(schema) || Object.hasOwn(schema, 'pattern') ? { anyOf: [schema, { type: 'null' }] } : schema;

const SCALARS = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

/**
 * Returns the schema of a value that `@Type` converts or, for an output, of the JSON that such a value becomes. Rules
 * apply to the converted value, so they become part of the schema only if conversion doesn't change the value.
 */
function typedSchema(
  type: unknown,
  rules: readonly DtoRule[],
  direction: SchemaWriter['direction'],
): JsonSchema {
  const names = ruleNames(rules);
  const scalar = SCALARS.get(type);
  if (scalar !== undefined) {
    const schema = allOf([{ type: scalar }, ...rules.map(ruleSchema)]);
    if (type !== Number || direction === 'output') return schema;
    return { anyOf: [schema, withComment({ type: 'string', pattern: NUMBER_TEXT }, names)] };
  }
  if (direction === 'output') return type === Date ? { type: 'string' } : {};
  if (type === Date) {
    const date = { anyOf: [{ type: 'string', pattern: DATE_TEXT }, { type: 'integer' }] };
    return withComment(date, ['impossible dates', ...names.filter((name) => name !== 'isDate')]);
  }
  return withComment(isOpen(type) || isBuiltIn(type) ? {} : { type: 'object' }, names);
}

/** Returns the names of rules for a `$comment`. */
const ruleNames = (rules: readonly DtoRule[]): string[] => rules.map(({ name }) => name);

/**
 * Returns true if validation may reject an input without the property's key although the schema doesn't require it: a
 * rule may reject the value that the property then has, or depends on a condition.
 */
function refusesMissing(property: DtoProperty, fresh: object): boolean {
  const { name, rules, onlyOptional, conditions, readable } = property;
  if (!readable || (onlyOptional && conditions.length > 0)) return false;
  const value: unknown = Reflect.get(fresh, name);
  return rules.some((rule) => !accepts(rule, value, fresh));
}

/** Returns true if a rule is known to accept a value. A rule that needs injected services throws. */
function accepts(
  { decide, constraint, constraints, each }: DtoRule,
  whole: unknown,
  object: object,
): boolean {
  const about = { constraints, targetName: object.constructor.name, object, property: '' };
  const parts: readonly unknown[] = each && Array.isArray(whole) ? whole : [whole];
  try {
    return parts.every(
      (value) => (decide?.(value) ?? constraint.instance.validate(value, { ...about, value })) === true,
    );
  } catch {
    return false;
  }
}

function isRequired(
  { name, conditions, mayBeAbsent, exposed, transforms, readable }: DtoProperty,
  fresh: object,
) {
  if (conditions.length > 0 || mayBeAbsent || !readable) return false;
  return !(exposed && transforms.length > 0) && Reflect.get(fresh, name) === undefined;
}

/**
 * Makes an instance of a class, as is done for each input. If a field has an initial value in it, the schema doesn't
 * require the field's key. Returns an empty object if the constructor throws.
 */
function freshInstance(type: Constructor<object>): object {
  try {
    return Reflect.construct<[], object>(type, []);
  } catch {
    return {};
  }
}
