import { definitionName, referenceTo, type JsonSchema } from '../../declare/schema/dto-schema.js';

/** Names that no class's type may have, since the written file uses them itself. */
const RESERVED = new Set(['Activities', 'Machines', 'WorkerError', 'Readonly', 'Record']);

/**
 * Schemas of several handlers with one list of definitions. Handlers that use the same class share its definition. If
 * two classes have the same name but different schemas, the second one is renamed.
 */
export class SchemaSet {
  readonly definitions: Record<string, JsonSchema> = {};

  /** Adds the definitions of a schema. @returns the schema, with references to the definitions of this set */
  add(schema: JsonSchema): JsonSchema {
    const { $defs, $schema: _dialect, title: _title, ...rest } = schema;
    const own = ($defs ?? {}) as Readonly<Record<string, JsonSchema>>;
    const names = this.#namesFor(own);
    for (const [name, definition] of Object.entries(own))
      this.definitions[names.get(name) ?? name] = renamed(definition, names) as JsonSchema;
    return renamed(rest, names) as JsonSchema;
  }

  /**
   * Chooses the name of each definition. A new name changes the definitions that refer to it, so that they may need a
   * new name as well: the names are chosen again until they stay the same.
   */
  #namesFor(own: Readonly<Record<string, JsonSchema>>): ReadonlyMap<string, string> {
    let names = new Map<string, string>();
    for (let changed = true; changed;) {
      const before = names;
      const chosen = new Set<string>();
      names = new Map();
      for (const [name, definition] of Object.entries(own)) {
        const free = this.#freeName(name, JSON.stringify(renamed(definition, before)), chosen);
        names.set(name, free);
        chosen.add(free);
      }
      changed = [...names].some(([name, free]) => (before.get(name) ?? name) !== free);
    }
    return names;
  }

  /** @param chosen the names that other definitions of the same schema get */
  #freeName(wanted: string, text: string, chosen: ReadonlySet<string>): string {
    for (let n = 1; ; n++) {
      const name = n === 1 ? wanted : `${wanted}_${n}`;
      if (RESERVED.has(name) || chosen.has(name)) continue;
      const taken = this.definitions[name];
      if (taken === undefined || JSON.stringify(taken) === text) return name;
    }
  }
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, names));
  if (typeof value !== 'object' || value === null) return value;
  // A type doesn't say that other keys are refused: what is read and what is written can have the same type.
  const { additionalProperties, patternProperties: _refused, ...rest } = value as JsonSchema;
  const entries = Object.entries(additionalProperties ? { ...rest, additionalProperties } : rest);
  return Object.fromEntries(
    entries.map(([key, each]: [string, unknown]) => {
      if (key !== '$ref' || typeof each !== 'string') return [key, renamed(each, names)];
      return [key, referenceTo(names.get(definitionName(each)) ?? definitionName(each))];
    }),
  );
}
