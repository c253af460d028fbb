import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { shownPath } from '../../base/show.js';
import { isObject, type Json } from '../../local/asl/values/json.js';
import { JsonText, type Position } from '../source/json-text.js';
import type { MachineSource } from '../source/machine-source.js';
import type { Resolver } from './resolver.js';
import { propertyOf, templateProblem } from './template.js';
import {
  asFault,
  entriesOf,
  parseTemplate,
  plainJson,
  positionIn,
  TemplateFault,
  type TemplateNode,
} from './template-node.js';

/** The definition of a machine of a template, and the file that contains it. */
export type StackDefinition = Pick<MachineSource, 'file' | 'text' | 'definition' | 'positionOf'> & {
  /** The path of the file to which `DefinitionUri` leads; undefined if the definition is in the template. */
  readonly path?: string;
};

/** Reports a mistake in a file that a template names. */
type ReportIn = (file: string, at: Position, what: string, fix: string) => void;

/** Values by name, which replace `${Name}` in a definition. */
type Substitutions = ReadonlyMap<string, string>;

/**
 * Reads the definition of a machine: in the template, or in a local file that it names.
 * @returns undefined if there is none; that was reported
 */
export async function readStackDefinition(
  machine: TemplateNode,
  resolver: Resolver,
): Promise<StackDefinition | undefined> {
  const { file, path } = resolver.template;
  const report: ReportIn = (...problem) => resolver.world.report(templateProblem(...problem));
  const values = substitutionsOf(machine, resolver);
  const definition = propertyOf(machine, 'Definition');
  if (definition) return inTemplate(definition, file, resolver, values);
  const text = propertyOf(machine, 'DefinitionString');
  if (text) return asText(text, file, resolver, values);
  const uri = propertyOf(machine, 'DefinitionUri') ?? propertyOf(machine, 'DefinitionS3Location');
  const local = uri && localPath(uri, resolver, dirname(path));
  if (local !== undefined) resolver.world.files.add(local);
  if (local !== undefined) return inFile(local, uri ?? machine, file, values, report);
  const fix = 'name a local file: DefinitionUri: statemachine/order.asl.json';
  if (uri) resolver.unresolved(uri, 'the definition lies in S3', fix);
  else report(file, machine, 'the machine has no definition', fix);
  return undefined;
}

function substitutionsOf(machine: TemplateNode, resolver: Resolver): Substitutions {
  const entries = entriesOf(propertyOf(machine, 'DefinitionSubstitutions'));
  return new Map([...entries].map(([name, node]) => [name, resolver.text(node)]));
}

/** @param write writes a value into the text. @default as it is */
const substitute = (text: string, values: Substitutions, write = (value: string): string => value): string =>
  text.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
    const value = values.get(name);
    return value === undefined ? whole : write(value);
  });

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const jsonText = (value: Json): string => JSON.stringify(value, null, 2);

function inTemplate(
  node: TemplateNode,
  file: string,
  resolver: Resolver,
  values: Substitutions,
): StackDefinition {
  const text = substitute(jsonText(resolver.resolve(node) ?? null), values, inJson);
  return { file, text, definition: text, positionOf: (steps) => positionIn(node, steps) };
}

/** Reads a definition that is a text in the template. A mistake in a block is shown at its line in the template. */
function asText(
  node: TemplateNode,
  file: string,
  resolver: Resolver,
  values: Substitutions,
): StackDefinition {
  const text = substitute(resolver.text(node), values);
  const block = node.kind === 'call' && node.argument.kind === 'scalar' ? node.argument : node;
  const isBlock = block.kind === 'scalar' && block.isBlock;
  const json = new JsonText(text);
  const positionOf = (steps: Parameters<JsonText['positionOf']>[0]): Position => {
    const { line, column } = json.positionOf(steps);
    return isBlock ? { line: block.line + line, column } : { line: node.line, column: node.column };
  };
  return { file, text, definition: text, positionOf };
}

/**
 * Returns the path of a definition in a file. The CDK names its files in the cloud assembly after their key in S3.
 * @returns undefined if the definition is in S3 alone
 */
function localPath(uri: TemplateNode, resolver: Resolver, dir: string): string | undefined {
  const value = resolver.resolve(uri);
  if (typeof value === 'string') return /^s3:|^https?:/.test(value) ? undefined : resolve(dir, value);
  const key = isObject(value) ? value['Key'] : undefined;
  if (typeof key !== 'string') return undefined;
  // The assets of a stage are in the folder above the stage's own.
  return [dir, dirname(dir)].map((each) => resolve(each, `asset.${key}`)).find((path) => existsSync(path));
}

async function inFile(
  path: string,
  uri: TemplateNode,
  template: string,
  values: Substitutions,
  report: ReportIn,
): Promise<StackDefinition | undefined> {
  const file = shownPath(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') {
    const fix = 'correct the path: it is relative to the template';
    report(template, uri, `the definition ${file} can't be read: ${text.message}`, fix);
    return undefined;
  }
  const definition = substitute(text, values);
  if (!/\.ya?ml$/i.test(path)) return { file, path, text, definition };
  const node = await parseTemplate(definition).catch(asFault);
  if (node instanceof TemplateFault) {
    report(file, node.at, node.message, 'correct the YAML there');
    return { file, path, text: '{}', definition: '{}' };
  }
  const json = jsonText(plainJson(node));
  return { file, path, text: json, definition: json, positionOf: (steps) => positionIn(node, steps) };
}
