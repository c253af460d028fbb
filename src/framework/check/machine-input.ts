import { groupsIn, kindOf, transitionsOf } from '../asl/kinds.js';
import { isPlainObject } from '../base/json.js';
import { definitionName, type JsonSchema } from '../declare/schema/dto-schema.js';
import { followData, placeOf, type StateData } from './flow/flow.js';
import {
  common,
  EACH,
  type InputKeys,
  isObjectShape,
  isUnknown,
  othersOf,
  type Shape,
  shapesOf,
} from './flow/shape.js';
import type { JsonStep } from './source/json-text.js';

type Json = Readonly<Record<string, unknown>>;

/** The schemas of handlers' inputs, and the definitions to which they refer. */
export interface InputSchemas {
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  /** Returns the schema of the input of the handler that takes an activity's tasks; undefined if there is none. */
  of(activityArn: string): JsonSchema | undefined;
}

/**
 * Returns a JSON Schema of the input that a machine's first states demand: of the tasks and paths that read the input
 * itself, through states that pass it on. It demands nothing of what is computed or chosen at run time, so an input
 * that it accepts may still fail later.
 */
export function machineInput(definition: string, schemas: InputSchemas): JsonSchema {
  const machine: unknown = JSON.parse(definition);
  if (!isPlainObject(machine)) return {};
  const data = followData(definition, () => undefined);
  return new MachineInput(schemas, data).ofGroup(machine, []) ?? {};
}

/** The demands of states on the execution's input; undefined if any input does. */
type Demand = JsonSchema | undefined;

class MachineInput {
  /** The states that are looked at now. A state that leads back to one of them demands nothing more. */
  readonly #open = new Set<unknown>();
  /** The demands of the states that were looked at. Many ways can lead to one state. */
  readonly #found = new Map<unknown, Demand>();
  readonly #joiner: Joiner;

  constructor(
    private readonly schemas: InputSchemas,
    private readonly data: ReadonlyMap<string, StateData>,
  ) {
    this.#joiner = new Joiner(schemas.definitions);
  }

  /** Returns what the states of a machine, of a branch or of an iteration demand. */
  ofGroup({ StartAt, States }: Json, steps: readonly JsonStep[]): Demand {
    return isPlainObject(States) ? this.#ofState(States, StartAt, [...steps, 'States']) : undefined;
  }

  #ofState(states: Json, name: unknown, steps: readonly JsonStep[]): Demand {
    const state = typeof name === 'string' ? states[name] : undefined;
    if (typeof name !== 'string' || !isPlainObject(state) || this.#open.has(state)) return undefined;
    if (this.#found.has(state)) return this.#found.get(state);
    this.#open.add(state);
    const targets = transitionsOf(state).flatMap(({ kind, to }) => (kind === 'catch' ? [] : [to]));
    const later = this.#joiner.either([...new Set(targets)].map((to) => this.#ofState(states, to, steps)));
    const found = [...this.#own(state, [...steps, name]), later].reduce(this.#joiner.both, undefined);
    this.#open.delete(state);
    this.#found.set(state, found);
    return found;
  }

  /** Returns what the state's own work demands. */
  #own(state: Json, steps: readonly JsonStep[]): Demand[] {
    const { Type, Resource } = state;
    const { given, values = [] } = this.data.get(placeOf(steps)) ?? {};
    const isCall = kindOf(Type)?.calls && typeof Resource === 'string';
    const wanted = isCall ? this.schemas.of(Resource) : undefined;
    return [
      this.#ofShape(given, wanted),
      ...values.flatMap(({ value, schema, steps: [first] }) =>
        first === 'Choices' ? [] : [this.#ofShape(value, schema)],
      ),
      ...groupsIn(state).map((held) => this.ofGroup(held.group, [...steps, ...held.steps])),
    ];
  }

  /** Returns what must be true of the parts of the execution's input in a value so that it matches a schema. */
  #ofShape(given: Shape | undefined, wanted: Demand): Demand {
    const shape = given && shapesOf(given).reduce(common);
    if (isUnknown(shape)) return shape.from && at(shape.from, wanted ?? {});
    if (!isObjectShape(shape)) return undefined;
    const keys = Object.keys(shape);
    const others = othersOf(shape);
    const demands = keys.map((key) => this.#ofShape(shape[key], this.#property(wanted, key)));
    const rest =
      others === undefined
        ? undefined
        : this.#ofShape(others, without(wanted && this.#joiner.resolved(wanted), keys));
    return [rest, ...demands].reduce(this.#joiner.both, undefined);
  }

  /** Returns the schema that objects of a schema have at a key; undefined if it says nothing about the key. */
  #property(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
    if (schema === undefined) return undefined;
    const { $ref, allOf, properties } = schema;
    const found = isPlainObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const inherited = [
      ...(typeof $ref === 'string' ? [this.schemas.definitions[definitionName($ref)]] : []),
      ...(Array.isArray(allOf) ? (allOf as JsonSchema[]) : []),
    ];
    return inherited
      .map((each) => this.#property(each, key))
      .reduce<JsonSchema | undefined>(
        (a, b) => this.#joiner.both(a, b),
        isPlainObject(found) ? found : undefined,
      );
  }
}

/** Returns the schema of an input that has, at the end of these keys, a value of the schema. */
const at = (keys: InputKeys, schema: JsonSchema): JsonSchema =>
  keys.reduceRight<JsonSchema>(
    (value, key) =>
      key === EACH
        ? { type: 'array', items: value }
        : { type: 'object', properties: { [key]: value }, required: [key] },
    schema,
  );

const isOpen = (schema: JsonSchema | undefined): schema is undefined =>
  schema === undefined || Object.keys(schema).every((key) => key === '$comment');

/** Joins demands. A class is kept by its name where it demands all that is asked. */
class Joiner {
  constructor(private readonly definitions: InputSchemas['definitions']) {}

  /** Returns the demand of a state that goes on to one of several. If one of them demands nothing, neither does the state. */
  either(targets: readonly Demand[]): Demand {
    if (targets.length === 1) return targets[0];
    const inputs = targets.flatMap((each) => (isOpen(each) ? [] : [each]));
    if (inputs.length < targets.length || inputs.length === 0) return undefined;
    const distinct = [...new Map(inputs.map((input) => [JSON.stringify(input), input])).values()];
    return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
  }

  /** Returns a schema that accepts the values which both schemas accept. */
  readonly both = (a: Demand, b: Demand): Demand => {
    if (isOpen(a)) return b ?? a;
    if (isOpen(b) || this.#implies(a, b)) return a;
    if (this.#implies(b, a)) return b;
    return this.#objects(a, b) ?? this.#lists(a, b) ?? { allOf: [...partsOf(a), ...partsOf(b)] };
  };

  /** Returns true if every value that the first schema accepts is known to be accepted by the second one. */
  #implies(a: JsonSchema, b: JsonSchema): boolean {
    if (isOpen(b) || JSON.stringify(a) === JSON.stringify(b)) return true;
    const [own, asked] = [fieldsOf(this.resolved(a)), fieldsOf(b)];
    if (own && asked)
      return Object.entries(asked.properties).every(([key, schema]) => {
        const has = own.properties[key];
        return has !== undefined && own.required.includes(key) && this.#implies(has, schema);
      });
    const [ownItems, askedItems] = [itemsOf(a), itemsOf(b)];
    return ownItems !== undefined && askedItems !== undefined && this.#implies(ownItems, askedItems);
  }

  /** Returns the definition that a reference refers to; the schema itself if it is none. */
  resolved(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === 'string' ? (this.definitions[definitionName($ref)] ?? schema) : schema;
  }

  #objects(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
    const [own, other] = [fieldsOf(this.resolved(a)), fieldsOf(this.resolved(b))];
    if (!own || !other) return undefined;
    const keys = [...new Set([...Object.keys(own.properties), ...Object.keys(other.properties)])];
    const properties = keys.map((key) => [key, this.both(own.properties[key], other.properties[key]) ?? {}]);
    const required = [...new Set([...own.required, ...other.required])];
    return { type: 'object', properties: Object.fromEntries(properties) as object, required };
  }

  #lists(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
    const [own, other] = [itemsOf(a), itemsOf(b)];
    return own && other && { ...a, ...b, items: this.both(own, other) ?? {} };
  }
}

const partsOf = (schema: JsonSchema): readonly unknown[] =>
  Array.isArray(schema['allOf']) && Object.keys(schema).length === 1 ? schema['allOf'] : [schema];

/** The fields of an object's schema. */
interface SchemaFields {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly unknown[];
}

const OF_OBJECTS = ['type', 'properties', 'required', 'additionalProperties', 'patternProperties'];

/** Returns the fields of a schema that lists an object's fields and says nothing else; undefined for any other schema. */
function fieldsOf(schema: JsonSchema): SchemaFields | undefined {
  const { properties, required } = schema;
  if (!isPlainObject(properties) || !Object.keys(schema).every((key) => OF_OBJECTS.includes(key)))
    return undefined;
  return {
    properties: properties as Record<string, JsonSchema>,
    required: Array.isArray(required) ? required : [],
  };
}

/** Returns the schema of a list's elements; undefined if the schema isn't that of a list. */
const itemsOf = ({ type, items }: JsonSchema): JsonSchema | undefined =>
  type === 'array' && isPlainObject(items) ? items : undefined;

/** Returns what a schema demands of an object but for some keys, which a state writes. */
function without(schema: Demand, keys: readonly string[]): Demand {
  const fields = schema && fieldsOf(schema);
  if (!fields) return undefined;
  const left = Object.entries(fields.properties).filter(([name]) => !keys.includes(name));
  const required = fields.required.filter((name) => !keys.includes(String(name)));
  return left.length === 0 ? undefined : { type: 'object', properties: Object.fromEntries(left), required };
}
