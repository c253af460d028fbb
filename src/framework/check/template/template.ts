import type { Problem } from '../../base/errors.js';
import type { Position } from '../source/json-text.js';
import {
  asFault,
  entriesOf,
  entryOf,
  parseTemplate,
  TemplateFault,
  type TemplateNode,
  textIn,
} from './template-node.js';

/** A template of SAM or CloudFormation. */
export interface Template {
  /** The file's path. */
  readonly path: string;
  /** The file's name in messages. */
  readonly file: string;
  readonly parameters: ReadonlyMap<string, TemplateNode>;
  readonly mappings: ReadonlyMap<string, TemplateNode>;
  readonly conditions: ReadonlyMap<string, TemplateNode>;
  readonly resources: ReadonlyMap<string, TemplateNode>;
  readonly outputs: ReadonlyMap<string, TemplateNode>;
}

/** Reads a template. Returns the problem if the text is none. @param file the file's name in messages */
export async function readTemplate(path: string, file: string, text: string): Promise<Template | Problem> {
  const root = await parseTemplate(text).catch(asFault);
  if (root instanceof TemplateFault) {
    const fix = 'correct the YAML or JSON there; `cfn-lint` shows all of it';
    return templateProblem(file, root.at, root.message, fix);
  }
  const section = (name: string): Template['resources'] => entriesOf(entryOf(root, name));
  if (entryOf(root, 'Resources')?.kind !== 'map') {
    const what = 'it has no Resources, so it is no template of SAM or CloudFormation';
    return templateProblem(
      file,
      root,
      what,
      'name a template, such as template.yaml; with the CDK, --cdk cdk.out',
    );
  }
  return {
    ...{ path, file, parameters: section('Parameters'), mappings: section('Mappings') },
    ...{ conditions: section('Conditions'), resources: section('Resources'), outputs: section('Outputs') },
  };
}

/** Returns a problem at a position in a template. */
export const templateProblem = (file: string, at: Position, what: string, fix: string): Problem => ({
  code: 'TEMPLATE_INVALID',
  where: `${file}:${at.line}:${at.column}`,
  what,
  fix,
});

/** Returns the type of a resource, such as `AWS::Lambda::Function`; an empty text if it has none. */
export const typeOf = (resource: TemplateNode | undefined): string => textIn(entryOf(resource, 'Type')) ?? '';

/** Returns a property of a resource; undefined if it isn't set. */
export const propertyOf = (resource: TemplateNode | undefined, key: string): TemplateNode | undefined =>
  entryOf(entryOf(resource, 'Properties'), key);
