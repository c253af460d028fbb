import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean, nearest } from '../asl/definition/reader.js';
import { excerpt } from './excerpt.js';
import { ToolError } from './tool-error.js';

const INDEX = 'README';

/** Returns a page of the documentation of this package. @throws ToolError if there is no such page */
export async function readPage(name = INDEX, from?: number): Promise<string> {
  const folder = docsFolder();
  const files = await readdir(folder).catch((): string[] => []);
  const names = files.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -'.md'.length));
  const wanted = name.replace(/^docs\//, '').replace(/\.md$/, '');
  if (!names.includes(wanted)) throw new ToolError(noPage(name, names));
  return excerpt(await readFile(join(folder, `${wanted}.md`), 'utf8'), from, 'the same call');
}

function noPage(name: string, names: readonly string[]): string {
  if (names.length === 0)
    return 'the package has no documentation here, as in an app that was bundled into one file';
  const close = nearest(name, names);
  return `there is no page '${name}': ${close === undefined ? `there are ${names.join(', ')}` : didYouMean(close)}`;
}

/** Returns the folder `docs` of this package, whether this module runs compiled or from its TypeScript source. */
function docsFolder(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json')) && dir !== dirname(dir)) dir = dirname(dir);
  return join(dir, 'docs');
}
