import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

interface PageFile {
  readonly body: Buffer;
  readonly type: string;
}

/** Returns the folder of this package, whether this module runs compiled or from its TypeScript source. */
export function packageFolder(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json')) && dir !== dirname(dir)) dir = dirname(dir);
  return dir;
}

export const builtPage = (): string => join(packageFolder(), 'dist', 'console');

/**
 * Matches file names that are joined by slashes, without `..` and without names that begin with a dot. Such a path
 * can't lead out of the folder or to a hidden file.
 */
const PLAIN = /^[a-zA-Z0-9_-][a-zA-Z0-9._-]*(\/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*$/;

/** Reads a file of the built page. Returns undefined if the folder contains no such file. */
export async function readPageFile(folder: string, name: string): Promise<PageFile | undefined> {
  const type = TYPES[extname(name)];
  if (type === undefined || !PLAIN.test(name)) return undefined;
  try {
    return { body: await readFile(join(folder, name)), type };
  } catch {
    return undefined;
  }
}
