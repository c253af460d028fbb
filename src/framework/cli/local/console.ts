import { isLoopback } from '../../base/hosts.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { inputSchema, type JsonSchema } from '../../declare/schema/dto-schema.js';
import type { ConsoleOptions, ConsoleWorker } from '../../local/index.js';
import { type LocalServiceFlags, projectFlagsOf } from '../flags/local-service-flags.js';
import { projectCheck } from '../project/project-check.js';
import { withWatched } from '../workers/watched-workers.js';
import { isObject } from '../../declare/dto/kinds.js';

/** The input of a handler, as the console's form for it needs it. */
export interface ConsoleInput {
  readonly schema: JsonSchema;
  /** An example as JSON text; undefined if the handler accepts any input. */
  readonly example: string | undefined;
}

export const consoleInput = (definition: HandlerDefinition): ConsoleInput => ({
  schema: inputSchema(definition),
  example: exampleInput(definition),
});

/**
 * Returns the options of the local service's console (a web page). At a loopback address there is a console unless it is
 * turned off; at other addresses only if `--console` asks for it.
 * @param inputOf returns the input of the handler of an activity
 * @param workers returns the workers that the console shows beside those of `--workers`
 */
export function consoleOptions(
  flags: LocalServiceFlags & { readonly host?: string },
  inputOf: (activityArn: string) => ConsoleInput | undefined,
  workers: () => readonly ConsoleWorker[],
): false | ConsoleOptions {
  const { host = '127.0.0.1' } = flags;
  if (!(flags.console ?? isLoopback(host))) return false;
  return {
    workers: withWatched(workers, flags.workers),
    checkProject: projectCheck(projectFlagsOf(flags)),
    schemaFor: (arn) => inputOf(arn)?.schema,
    exampleFor: (arn) => inputOf(arn)?.example,
  };
}

/** The most levels of nested values in an example. Deeper values are left empty, since a class may contain itself. */
const DEEPEST = 6;

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/**
 * Makes an example input for a handler, as JSON text: every declared key with a value of its type. The example may not
 * match a `pattern`, or a rule that JSON Schema can't express. Returns undefined if the handler accepts any input.
 */
function exampleInput(definition: HandlerDefinition): string | undefined {
  const schema = inputSchema(definition);
  const known = '$ref' in schema || 'type' in schema;
  return known ? JSON.stringify(new ExampleMaker(schema).make(schema, 'value', 0)) : undefined;
}

class ExampleMaker {
  constructor(private readonly root: JsonSchema) {}

  /**
   * Makes an example value for a schema.
   * @param key the key of the value in its object. It is also the example for a text
   */
  make(schema: JsonSchema, key: string, depth: number): unknown {
    const { $ref: reference, enum: values, anyOf, allOf, properties } = schema;
    if (Array.isArray(values)) return values[0] as unknown;
    if (typeof reference === 'string') return this.make(this.#at(reference), key, depth);
    if (isObject(properties) || schema['type'] === 'object') return this.#object(schema, depth);
    for (const part of [allOf, anyOf]) {
      const typed = Array.isArray(part) ? part.filter(isObject).find(hasType) : undefined;
      if (typed && !hasType({ ...schema, anyOf: undefined, allOf: undefined }))
        return this.make(typed, key, depth);
    }
    return this.#plain(schema, key, depth);
  }

  #at(reference: string): JsonSchema {
    const name = reference.replace('#/$defs/', '').replaceAll('~1', '/').replaceAll('~0', '~');
    const definitions = this.root['$defs'];
    const found = isObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    return isObject(found) ? found : {};
  }

  #object({ properties }: JsonSchema, depth: number): object {
    if (!isObject(properties) || depth > DEEPEST) return {};
    return Object.fromEntries(
      Object.entries(properties).map(([key, each]) => [
        key,
        this.make(isObject(each) ? each : {}, key, depth + 1),
      ]),
    );
  }

  #plain(schema: JsonSchema, key: string, depth: number): unknown {
    const type = Array.isArray(schema['type']) ? (schema['type'][0] as unknown) : schema['type'];
    if (type === 'array') return this.#list(schema, key, depth);
    if (type === 'boolean') return true;
    if (type === 'number' || type === 'integer') return numberFor(schema);
    if (type === 'null') return null;
    return textFor(schema, key);
  }

  #list({ items, minItems }: JsonSchema, key: string, depth: number): unknown[] {
    if (depth > DEEPEST) return [];
    const length = Math.min(20, Math.max(1, numberOf(minItems) ?? 1));
    return Array.from({ length }, () => this.make(isObject(items) ? items : {}, key, depth + 1));
  }
}

/** Returns true if a schema says which type its values have. */
const hasType = (schema: JsonSchema): boolean =>
  ['type', '$ref', 'enum', 'properties'].some((key) => schema[key] !== undefined);

function numberFor({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): number {
  const least = numberOf(minimum) ?? (numberOf(exclusiveMinimum) ?? 0) + 1;
  const most = numberOf(maximum) ?? (numberOf(exclusiveMaximum) ?? least + 1) - 1;
  return least <= most ? least : most;
}

const DAY = '2026-01-31';

/** Returns an example text: a date if the pattern accepts one, otherwise the key, padded to the minimum length. */
function textFor({ pattern, minLength }: JsonSchema, key: string): string {
  if (typeof pattern === 'string' && new RegExp(pattern, 'u').test(DAY)) return DAY;
  return key.padEnd(Math.min(200, numberOf(minLength) ?? 0), '.');
}
