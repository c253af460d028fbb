import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { shownPath } from '../../base/show.js';
import { isObject, type Json } from '../../local/asl/values/json.js';
import { JsonText, type PositionOf } from '../source/json-text.js';
import type { MachineSource } from '../source/machine-source.js';
import type { Resolver } from './resolver.js';
import { propertyOf } from './template.js';
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

/** Replaces each `${Name}` that the machine substitutes. @param write writes a value into the text. @default as it is */
type Fill = (text: string, write?: (value: string) => string) => string;

/**
 * Reads the definition of a machine: in the template, or in a local file that it names.
 * @returns undefined if there is none; that was reported
 */
export async function readStackDefinition(
  machine: TemplateNode,
  stack: Resolver,
): Promise<StackDefinition | undefined> {
  const fill = fillOf(machine, stack);
  const definition = propertyOf(machine, 'Definition');
  if (definition) return inTemplate(definition, stack, fill);
  const text = propertyOf(machine, 'DefinitionString');
  if (text) return asText(text, stack, fill);
  const uri = propertyOf(machine, 'DefinitionUri') ?? propertyOf(machine, 'DefinitionS3Location');
  const local = uri && localPath(uri, stack);
  if (local !== undefined) return inFile(local, uri ?? machine, stack, fill);
  const fix = 'name a local file: DefinitionUri: statemachine/order.asl.json';
  if (uri) stack.unresolved(uri, 'the definition lies in S3', fix);
  else stack.report(machine, 'the machine has no definition', fix);
  return undefined;
}

function fillOf(machine: TemplateNode, stack: Resolver): Fill {
  const entries = entriesOf(propertyOf(machine, 'DefinitionSubstitutions'));
  const values = new Map([...entries].map(([name, node]) => [name, stack.text(node)]));
  return (text, write = (value) => value) =>
    text.replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
      const value = values.get(name);
      return value === undefined ? whole : write(value);
    });
}

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const jsonText = (value: Json): string => JSON.stringify(value, null, 2);

function inTemplate(node: TemplateNode, stack: Resolver, fill: Fill): StackDefinition {
  const text = fill(jsonText(stack.resolve(node) ?? null), inJson);
  return {
    ...{ file: stack.template.file, text, definition: text },
    positionOf: (steps) => positionIn(node, steps),
  };
}

/** Reads a definition that is a text in the template. A mistake in a block is shown at its line in the template. */
function asText(node: TemplateNode, stack: Resolver, fill: Fill): StackDefinition {
  const text = fill(stack.text(node));
  const block = node.kind === 'call' && node.argument.kind === 'scalar' ? node.argument : node;
  const isBlock = block.kind === 'scalar' && block.isBlock;
  const json = new JsonText(text);
  const positionOf: PositionOf = (steps) => {
    const { line, column } = json.positionOf(steps);
    return isBlock ? { line: block.line + line, column } : { line: node.line, column: node.column };
  };
  return { file: stack.template.file, text, definition: text, positionOf };
}

/**
 * Returns the path of a definition in a file. The CDK names its files in the cloud assembly after their key in S3.
 * @returns undefined if the definition is in S3 alone
 */
function localPath(uri: TemplateNode, stack: Resolver): string | undefined {
  const dir = dirname(stack.template.path);
  const value = stack.resolve(uri);
  if (typeof value === 'string') return /^s3:|^https?:/.test(value) ? undefined : resolve(dir, value);
  const key = isObject(value) ? value['Key'] : undefined;
  if (typeof key !== 'string') return undefined;
  // The assets of a stage are in the folder above the stage's own.
  return [dir, dirname(dir)].map((each) => resolve(each, `asset.${key}`)).find((path) => existsSync(path));
}

async function inFile(
  path: string,
  uri: TemplateNode,
  stack: Resolver,
  fill: Fill,
): Promise<StackDefinition | undefined> {
  stack.world.files.add(path);
  const file = shownPath(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') {
    const what = `the definition ${file} can't be read: ${text.message}`;
    stack.report(uri, what, 'correct the path: it is relative to the template');
    return undefined;
  }
  const definition = fill(text);
  if (!/\.ya?ml$/i.test(path)) return { file, path, text, definition };
  const node = await parseTemplate(definition).catch(asFault);
  if (node instanceof TemplateFault) {
    stack.report(node.at, node.message, 'correct the YAML there', file);
    return { file, path, text: '{}', definition: '{}' };
  }
  const json = jsonText(plainJson(node));
  return { file, path, text: json, definition: json, positionOf: (steps) => positionIn(node, steps) };
}
