import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isPlainObject } from '../../base/plain-object.js';
import type { Resolver } from './resolver.js';
import { propertyOf, typeOf } from './template.js';
import { entryOf, type TemplateNode, textIn } from './template-node.js';

const NESTED: ReadonlySet<string> = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']);

/** Returns true for a resource that is a stack of its own. */
export const isNestedStack = (node: TemplateNode): boolean => NESTED.has(typeOf(node));

/**
 * Returns the path of the template of a nested stack. The CDK uploads it, and names its file in the metadata of the
 * resource or, without such metadata, in the manifest of the assets.
 * @returns undefined if the template isn't on this machine
 */
export async function nestedTemplate(node: TemplateNode, resolver: Resolver): Promise<string | undefined> {
  const dir = dirname(resolver.template.path);
  const asset = textIn(entryOf(entryOf(node, 'Metadata'), 'aws:asset:path'));
  const url = asset ?? resolver.attempt(propertyOf(node, 'TemplateURL') ?? propertyOf(node, 'Location'));
  if (url === undefined) return undefined;
  if (!/^(https?|s3):/.test(url)) return resolve(dir, url);
  const key = url.split('/').at(-1) ?? '';
  return (await inAssets(dir, key)) ?? inAssets(dirname(dir), key);
}

/** Returns the path of the file that a cloud assembly uploads under this key. */
async function inAssets(dir: string, key: string): Promise<string | undefined> {
  const names = await readdir(dir).catch((): string[] => []);
  for (const name of names.filter((each) => each.endsWith('.assets.json'))) {
    const manifest = await readFile(join(dir, name), 'utf8')
      .then(JSON.parse)
      .catch(() => undefined);
    for (const file of entriesAt(manifest, 'files')) {
      const keys = entriesAt(file, 'destinations').map((each) =>
        String(valueAt(each, 'objectKey')).split('/').at(-1),
      );
      const path = keys.includes(key) ? valueAt(file, 'source', 'path') : undefined;
      if (typeof path === 'string') return join(dir, path);
    }
  }
  return undefined;
}

/** Returns the value at the end of some keys of a manifest; undefined if there is none. */
export const valueAt = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce((at, key) => (isPlainObject(at) ? at[key] : undefined), value);

const entriesAt = (value: unknown, key: string): unknown[] => Object.values(valueAt(value, key) ?? {});
