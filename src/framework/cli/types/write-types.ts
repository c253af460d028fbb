import { readFile, writeFile } from 'node:fs/promises';
import { OF_WORKER } from '../../check/error-names.js';
import { definitionMistakes } from '../../check/definition-mistakes.js';
import { type CheckedHandler, checkedHandler, handlerOf } from '../../check/handlers.js';
import { machineInput } from '../../check/machine-input.js';
import type { MachineSource } from '../../check/source/machine-source.js';
import { throwProblems } from '../../base/errors.js';
import type { Flags } from '../../config/sources.js';
import type { JsonSchema } from '../../declare/schema/dto-schema.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { allErrorNames } from '../../declare/metadata.js';
import { write } from '../output/stdio.js';
import { readProjectFiles } from '../project/project.js';
import { SchemaSet } from './schema-set.js';
import { comment, indent, keyText, membersText, typeName, typeText } from './type-text.js';

/** The options of `stepwright types`. */
export interface TypesOptions {
  /** The file to write; undefined to print. */
  readonly out: string | undefined;
  /** True to write nothing, and to exit with 1 if the file isn't up to date. */
  readonly check: boolean;
}

/**
 * Writes TypeScript types for code that starts executions or defines state machines: the input, the output and the error
 * names of each activity, and the input of each state machine. Doesn't start a worker.
 * @returns the exit code: 1 with `check` if the file isn't up to date, otherwise 0
 * @throws StartError if a worker would not start
 */
export async function writeTypes(flags: Flags, { out, check }: TypesOptions): Promise<number> {
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
export interface TypedHandler extends CheckedHandler {
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
