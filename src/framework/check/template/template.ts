import type { Problem } from '../../base/errors.js';
import type { Position } from '../source/json-text.js';
import { entriesOf, entryOf, isBroken, parseTemplate, type TemplateNode, textIn } from './template-node.js';

/** A template of SAM or CloudFormation. */
export interface Template {
  /** The file's path. */
  readonly path: string;
  /** The file's name in messages. */
  readonly file: string;
  readonly parameters: ReadonlyMap<string, TemplateNode>;
  readonly mappings: TemplateNode | undefined;
  readonly conditions: ReadonlyMap<string, TemplateNode>;
  readonly resources: ReadonlyMap<string, TemplateNode>;
  readonly outputs: ReadonlyMap<string, TemplateNode>;
}

/** Reads a template. Returns the problem if the text is none. @param file the file's name in messages */
export async function readTemplate(path: string, file: string, text: string): Promise<Template | Problem> {
  const root = await parseTemplate(text);
  if (isBroken(root))
    return templateProblem(
      file,
      root,
      root.what,
      'correct the YAML or JSON there; `cfn-lint` shows all of it',
    );
  const resources = entryOf(root, 'Resources');
  if (resources?.kind !== 'map')
    return templateProblem(
      file,
      root,
      'it has no Resources, so it is no template of SAM or CloudFormation',
      'name a template, such as template.yaml; with the CDK, --cdk cdk.out',
    );
  return {
    ...{ path, file },
    parameters: entriesOf(entryOf(root, 'Parameters')),
    mappings: entryOf(root, 'Mappings'),
    conditions: entriesOf(entryOf(root, 'Conditions')),
    resources: resources.entries,
    outputs: entriesOf(entryOf(root, 'Outputs')),
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
