import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import { swc } from '../../src/framework/testing/jest/swc.js';

const [, swcOptions] = swc('es6');

/**
 * Compiles a test's TypeScript, with what it imports beside it, for threads and processes, which run no Jest.
 * @param path from the root of the project
 * @returns the URL of the compiled file, in the build.
 */
export function compiled(path: string): string {
  const output = resolve('dist', path.replace(/ts$/, 'js'));
  const { code } = transformSync(readFileSync(path, 'utf8'), { ...swcOptions, filename: resolve(path) });
  for (const [, name = ''] of code.matchAll(/from '(\.[^']+)\.js'/g)) {
    const imported = resolve(dirname(path), `${name}.ts`);
    if (imported.startsWith(resolve('test'))) compiled(imported.slice(resolve('.').length + 1));
  }
  mkdirSync(dirname(output), { recursive: true });
  // Other tests may write the same file at this moment.
  const own = `${output}.${process.pid}`;
  writeFileSync(own, code);
  renameSync(own, output);
  return pathToFileURL(output).href;
}
