import { isPlainObject } from '../base/plain-object.js';
import { definitionName, type JsonSchema } from '../declare/schema/dto-schema.js';
import { pathKeys } from './flow/path-fields.js';
import { type Language, languageOf } from './flow/query-language.js';

type Json = Readonly<Record<string, unknown>>;
type Key = string;

/** The value to which a path in a state refers. */
type Root = 'input' | 'item' | 'execution';

/** The demands of states on each value. If a root is absent, any value does. */
type Demands = Readonly<Partial<Record<Root, JsonSchema>>>;

/** The schemas of handlers' inputs, and the definitions to which they refer. */
export interface InputSchemas {
  readonly definitions: Readonly<Record<string, JsonSchema>>;
  /** Returns the schema of the input of the handler that takes an activity's tasks; undefined if there is none. */
  of(activityArn: string): JsonSchema | undefined;
}

/**
 * Returns a JSON Schema of the input that a machine's first states demand: of the tasks and paths that read the input
 * itself, through states that pass it on. It demands nothing of what is computed, chosen at run time, or read from a
 * variable, so an input that it accepts may still fail later.
 */
export function machineInput(definition: string, schemas: InputSchemas): JsonSchema {
  const machine: unknown = JSON.parse(definition);
  if (!isPlainObject(machine)) return {};
  const { input, execution } = new MachineInput(schemas).ofGroup(machine, languageOf(machine, 'JSONPath'));
  return new Joiner(schemas.definitions).both(input, execution) ?? {};
}

class MachineInput {
  /** The states that are looked at now. A state that leads back to one of them demands nothing more. */
  readonly #open = new Set<unknown>();
  /** The demands of the states that were looked at. Many ways can lead to one state. */
  readonly #found = new Map<unknown, Demands>();

  readonly #joiner: Joiner;

  constructor(private readonly schemas: InputSchemas) {
    this.#joiner = new Joiner(schemas.definitions);
  }

  /** Returns what the states of a machine, of a branch or of an iteration demand of its input. */
  ofGroup(group: Json, language: Language): Demands {
    const { StartAt, States } = group;
    return isPlainObject(States) ? this.#ofState(States, StartAt, language) : {};
  }

  #ofState(states: Json, name: unknown, inherited: Language): Demands {
    const state = typeof name === 'string' ? states[name] : undefined;
    if (!isPlainObject(state) || this.#open.has(state)) return {};
    const found = this.#found.get(state) ?? this.#demandsOf(state, states, inherited);
    this.#found.set(state, found);
    return found;
  }

  #demandsOf(state: Json, states: Json, inherited: Language): Demands {
    this.#open.add(state);
    const language = languageOf(state, inherited);
    const next = (to: unknown = state['Next']): Demands => this.#ofState(states, to, inherited);
    try {
      const own = this.#own(state, language);
      return this.#joiner.together(own, this.#passedOn(state, language, next));
    } finally {
      this.#open.delete(state);
    }
  }

  /** Returns what the state's own work demands of its input. */
  #own(state: Json, language: Language): Demands {
    const path = language === 'JSONata' ? '$' : (state['InputPath'] ?? '$');
    const keys = typeof path === 'string' ? keysOf(path) : undefined;
    const { input, ...rest } = this.#work(state, language);
    return keys && input ? this.#joiner.together({ input: at(keys, input) }, rest) : rest;
  }

  /** Returns what the state's own work demands of the part of the input that InputPath selects. */
  #work(state: Json, language: Language): Demands {
    const { Type, Branches } = state;
    if (Type === 'Task') return this.#given(state, language, this.#ofHandler(state['Resource']));
    if (Type === 'Map') return this.#ofMap(state, language);
    if (Type !== 'Parallel' || !Array.isArray(Branches)) return {};
    const branches = Branches.filter(isPlainObject).map((branch) => this.ofGroup(branch, language));
    const { input, ...rest } = branches.reduce(this.#joiner.together, {});
    return this.#joiner.together(this.#given(state, language, input), rest);
  }

  #ofHandler(resource: unknown): JsonSchema | undefined {
    return typeof resource === 'string' ? this.schemas.of(resource) : undefined;
  }

  /** Returns the demands on a state's input if the value that its Parameters or Arguments make must match a schema. */
  #given(state: Json, language: Language, wanted: JsonSchema | undefined): Demands {
    const template = state[language === 'JSONata' ? 'Arguments' : 'Parameters'];
    return template === undefined ? { input: wanted ?? {} } : this.#byTemplate(template, language, wanted);
  }

  #ofMap(state: Json, language: Language): Demands {
    const group = state['ItemProcessor'] ?? state['Iterator'];
    const inner = isPlainObject(group) ? this.ofGroup(group, language) : {};
    const selector = state['ItemSelector'] ?? state['Parameters'];
    const { item, ...rest } =
      selector === undefined
        ? { item: inner.input, execution: inner.execution }
        : this.#joiner.together(this.#byTemplate(selector, language, inner.input), {
            execution: inner.execution,
          });
    const path = referenceOf(language === 'JSONata' ? state['Items'] : (state['ItemsPath'] ?? '$'), language);
    if (!path) return rest;
    return this.#joiner.together(rest, { [path.root]: at(path.keys, { type: 'array', items: item ?? {} }) });
  }

  /** Returns what later states demand of the state's input, if the state passes it on as its output. */
  #passedOn(state: Json, language: Language, next: (to?: unknown) => Demands): Demands {
    const { Type } = state;
    if (Type === 'Fail' || Type === 'Succeed' || state['Next'] === undefined) {
      return Type === 'Choice' ? this.#joiner.either(targetsOf(state).map((to) => next(to))) : {};
    }
    const { input, execution } = next();
    return this.#joiner.together(
      { execution },
      language === 'JSONata' ? this.#throughOutput(state, input) : this.#throughPaths(state, input),
    );
  }

  #throughOutput(state: Json, wanted: JsonSchema | undefined): Demands {
    const { Type, Output } = state;
    if (Output === undefined) return Type === 'Pass' || Type === 'Wait' ? { input: wanted } : {};
    return this.#byTemplate(Output, 'JSONata', wanted);
  }

  #throughPaths(state: Json, wanted: JsonSchema | undefined): Demands {
    const { Type, InputPath, OutputPath, ResultPath, Parameters, Result } = state;
    if ((OutputPath ?? '$') !== '$') return {};
    // A result is put into the input as it was before InputPath.
    if (ResultPath === null) return { input: wanted };
    if (typeof ResultPath === 'string' && ResultPath !== '$')
      return { input: without(wanted, keysOf(ResultPath)?.[0]) };
    if ((InputPath ?? '$') !== '$') return {};
    if (Type === 'Wait') return { input: wanted };
    if (Type !== 'Pass' || Result !== undefined) return {};
    return Parameters === undefined ? { input: wanted } : this.#byTemplate(Parameters, 'JSONPath', wanted);
  }

  /** Returns what must be true of the values in a template so that the value which it makes matches a schema. */
  #byTemplate(template: unknown, language: Language, wanted: JsonSchema | undefined): Demands {
    const path = language === 'JSONata' ? referenceOf(template, language) : undefined;
    if (path) return { [path.root]: at(path.keys, wanted ?? {}) };
    if (!isPlainObject(template)) return {};
    return Object.entries(template)
      .map(([key, value]) => this.#byEntry(key, value, language, wanted))
      .reduce(this.#joiner.together, {});
  }

  #byEntry(key: string, value: unknown, language: Language, wanted: JsonSchema | undefined): Demands {
    if (language === 'JSONata') return this.#byTemplate(value, language, this.#property(wanted, key));
    if (!key.endsWith('.$')) return this.#byTemplate(value, language, this.#property(wanted, key));
    const path = referenceOf(value, language);
    return path ? { [path.root]: at(path.keys, this.#property(wanted, key.slice(0, -2)) ?? {}) } : {};
  }

  /** Returns the schema that objects of a schema have at a key; undefined if it says nothing about the key. */
  #property(schema: JsonSchema | undefined, key: Key): JsonSchema | undefined {
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

function targetsOf({ Choices, Default }: Json): unknown[] {
  const rules: unknown[] = Array.isArray(Choices) ? Choices : [];
  const targets = rules.map((rule) => (isPlainObject(rule) ? rule['Next'] : undefined));
  return [...new Set(Default === undefined ? targets : [...targets, Default])];
}

/** A path to a value: the keys that lead to it from its root. */
interface Reference {
  readonly root: Root;
  readonly keys: readonly Key[];
}

const PREFIXES: Readonly<Record<Language, readonly (readonly [prefix: string, root: Root])[]>> = {
  JSONPath: [
    ['$$.Map.Item.Value', 'item'],
    ['$$.Execution.Input', 'execution'],
    ['$', 'input'],
  ],
  JSONata: [
    ['$states.context.Map.Item.Value', 'item'],
    ['$states.context.Execution.Input', 'execution'],
    ['$states.input', 'input'],
  ],
};

/** Reads a value of a template that is nothing but a path of names. Returns undefined for anything else. */
function referenceOf(value: unknown, language: Language): Reference | undefined {
  if (typeof value !== 'string') return undefined;
  const text = language === 'JSONata' ? /^\{%\s*(.*?)\s*%\}$/s.exec(value)?.[1] : value;
  if (text === undefined) return undefined;
  for (const [prefix, root] of PREFIXES[language]) {
    const keys = text.startsWith(prefix) ? keysOf(`$${text.slice(prefix.length)}`) : undefined;
    if (keys) return { root, keys };
  }
  return undefined;
}

/** Returns the names in a path such as `$.order.id`; undefined for a path that isn't one of names alone. */
function keysOf(path: string): Key[] | undefined {
  const keys = pathKeys(path);
  return keys?.every((key) => typeof key === 'string') ? keys : undefined;
}

/** Returns the schema of an object that has, at the end of these keys, a value of the schema. */
const at = (keys: readonly Key[], schema: JsonSchema): JsonSchema =>
  keys.reduceRight<JsonSchema>(
    (value, key) => ({ type: 'object', properties: { [key]: value }, required: [key] }),
    schema,
  );

const isOpen = (schema: JsonSchema | undefined): schema is undefined =>
  schema === undefined || Object.keys(schema).every((key) => key === '$comment');

/** Joins demands. A class is kept by its name where it demands all that is asked. */
class Joiner {
  constructor(private readonly definitions: InputSchemas['definitions']) {}

  /** Returns what two states demand together. */
  readonly together = (a: Demands, b: Demands): Demands => ({
    input: this.both(a.input, b.input),
    item: this.both(a.item, b.item),
    execution: this.both(a.execution, b.execution),
  });

  /** Returns the demands of a Choice: those of one of its targets. If a target demands nothing, neither does the Choice. */
  either(targets: readonly Demands[]): Demands {
    const inputs = targets.flatMap(({ input }) => (isOpen(input) ? [] : [input]));
    if (inputs.length < targets.length || inputs.length === 0) return {};
    const distinct = [...new Map(inputs.map((input) => [JSON.stringify(input), input])).values()];
    return { input: distinct.length === 1 ? distinct[0] : { anyOf: distinct } };
  }

  /** Returns a schema that accepts the values which both schemas accept. */
  both(a: JsonSchema | undefined, b: JsonSchema | undefined): JsonSchema | undefined {
    if (isOpen(a)) return b ?? a;
    if (isOpen(b) || this.#implies(a, b)) return a;
    if (this.#implies(b, a)) return b;
    return this.#objects(a, b) ?? this.#lists(a, b) ?? { allOf: [...partsOf(a), ...partsOf(b)] };
  }

  /** Returns true if every value that the first schema accepts is known to be accepted by the second one. */
  #implies(a: JsonSchema, b: JsonSchema): boolean {
    if (isOpen(b) || JSON.stringify(a) === JSON.stringify(b)) return true;
    const [own, asked] = [fieldsOf(this.#resolved(a)), fieldsOf(b)];
    if (own && asked)
      return Object.entries(asked.properties).every(([key, schema]) => {
        const has = own.properties[key];
        return has !== undefined && own.required.includes(key) && this.#implies(has, schema);
      });
    const [ownItems, askedItems] = [itemsOf(a), itemsOf(b)];
    return ownItems !== undefined && askedItems !== undefined && this.#implies(ownItems, askedItems);
  }

  /** Returns the definition that a reference refers to; the schema itself if it is none. */
  #resolved(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === 'string' ? (this.definitions[definitionName($ref)] ?? schema) : schema;
  }

  #objects(a: JsonSchema, b: JsonSchema): JsonSchema | undefined {
    const [own, other] = [fieldsOf(this.#resolved(a)), fieldsOf(this.#resolved(b))];
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

/** Returns what a schema demands of an object but for one key, which a state writes. */
function without(schema: JsonSchema | undefined, key: Key | undefined): JsonSchema | undefined {
  const fields = schema && fieldsOf(schema);
  if (key === undefined || !fields) return undefined;
  const left = Object.fromEntries(Object.entries(fields.properties).filter(([name]) => name !== key));
  const required = fields.required.filter((name) => name !== key);
  return Object.keys(left).length === 0 ? undefined : { type: 'object', properties: left, required };
}
