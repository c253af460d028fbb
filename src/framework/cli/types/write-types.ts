import { readFile, writeFile } from 'node:fs/promises';
import { OF_WORKER } from '../../check/error-names.js';
import { definitionMistakes } from '../../check/definition-mistakes.js';
import { checkedHandler, type CheckedHandler, handlerOf } from '../../check/handlers.js';
import { machineInput } from '../../check/machine-input.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import type { Flags } from '../../config/sources.js';
import { definitionName, type JsonSchema, referenceTo } from '../../declare/schema/dto-schema.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { allErrorNames } from '../../declare/metadata.js';
import { write } from '../output/stdio.js';
import { readProjectFiles } from '../project/project.js';
import { comment, indent, keyText, membersText, typeName, typeText } from './type-text.js';

/** The flags that set no option of the config. */
export interface TypesFlags {
  /** The file to write. @default the text is printed */
  readonly out?: string;
  /** True to write nothing, and to exit with 1 if the file isn't up to date. */
  readonly check?: boolean;
}

/**
 * Writes TypeScript types for code that starts executions or defines state machines: the input, the output and the error
 * names of each activity, and the input of each state machine. Doesn't start a worker.
 * @returns the exit code: 1 with `check` if the file isn't up to date, otherwise 0
 * @throws StartError if a worker would not start
 */
export async function writeTypes(flags: Flags, { out, check }: TypesFlags): Promise<number> {
  const { plan, machines } = await readProjectFiles(flags);
  throwProblems(plan.problems);
  const handlers = plan.handlers.map(({ definition, options }) => ({
    definition,
    ...checkedHandler({ definition, options }, { region: plan.settings.region }),
  }));
  const text = typesText(handlers, machines, [...new Set(allErrorNames().values())]);
  if (out === undefined) await write(text);
  else if (check) return await isUpToDate(out, text);
  else await writeFile(out, text);
  return 0;
}

async function isUpToDate(file: string, text: string): Promise<number> {
  const written = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (written === text) return 0;
  const what = written === undefined ? 'does not exist' : 'differs from the handlers and state machines';
  await write(`${file} ${what}; fix: npx stepwright types --out ${file}\n`);
  return 1;
}

/** A handler with its definition. */
interface TypedHandler extends CheckedHandler {
  readonly definition: HandlerDefinition;
}

/** Returns the text of the file. @param errorNames the names that `@ErrorName` gives to classes */
export function typesText(
  handlers: readonly TypedHandler[],
  machines: readonly MachineSource[],
  errorNames: readonly string[],
): string {
  const set = new SchemaSet();
  const inputs = new Map(handlers.map((handler) => [handler, set.add(handler.schema)]));
  const activities = handlers.map((handler) =>
    activityText(handler, inputs.get(handler) ?? {}, set, errorNames),
  );
  const schemas = {
    definitions: set.definitions,
    of: (arn: string) => inputs.get(handlerOf(handlers, arn) as TypedHandler),
  };
  const valid = machines.filter((machine) =>
    definitionMistakes(machine).every(({ unsupported }) => unsupported),
  );
  const ofMachines = valid.map(({ name, file, definition }) => {
    const body =
      comment(['The input that its first states demand.']) +
      `readonly input: ${typeText(machineInput(definition, schemas))};`;
    return `${comment([file])}readonly ${keyText(name)}: {\n${indent(body)}\n};`;
  });
  return [
    '// Written by `npx stepwright types`. Run it again when a handler or a state machine has changed.\n',
    interfaceText('Activities', 'The activities, by their names.', activities),
    interfaceText('Machines', 'The state machines, by their names.', ofMachines),
    `${comment(['The error names with which a worker itself fails a task.'])}export type WorkerError =\n${OF_WORKER.map((name) => `  | ${JSON.stringify(name)}`).join('\n')};\n`,
    ...Object.entries(set.definitions).map(([name, schema]) => definitionText(name, schema)),
  ].join('\n');
}

function activityText(
  { definition, name, activityArn, output, throws = [] }: TypedHandler,
  input: JsonSchema,
  set: SchemaSet,
  errorNames: readonly string[],
): string {
  const schema = output && set.add(output);
  const names = throws.length > 0 ? throws : errorNames;
  const errors = [...names.map((each) => JSON.stringify(each)), 'WorkerError'].join(' | ');
  const members = [
    `readonly input: ${typeText(input)};`,
    `${output ? '' : comment(['Not known: the handler declares no `output`.'])}readonly output: ${schema ? typeText(schema) : 'unknown'};`,
    `readonly error: ${errors};`,
  ].join('\n');
  return `${comment([`${name}, ${activityArn}`])}readonly ${keyText(definition.activity.name)}: {\n${indent(members)}\n};`;
}

const interfaceText = (name: string, what: string, members: readonly string[]): string =>
  `${comment([what])}export interface ${name} {\n${indent(members.join('\n'))}\n}\n`;

/** Returns the declaration of a class's type. An object becomes an interface, which editors show by its name. */
function definitionText(name: string, schema: JsonSchema): string {
  return schema['type'] === 'object'
    ? `export interface ${typeName(name)} {\n${indent(membersText(schema))}\n}\n`
    : `export type ${typeName(name)} = ${typeText(schema)};\n`;
}

/** Names that no class's type may have, since the written file uses them itself. */
const RESERVED = new Set(['Activities', 'Machines', 'WorkerError', 'Readonly', 'Record']);

/**
 * Schemas of several handlers with one list of definitions. Handlers that use the same class share its definition. If
 * two classes have the same name but different schemas, the second one is renamed.
 */
class SchemaSet {
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
