import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Problem } from '../../base/errors.js';

/**
 * Packages of which a user's files and Stepwright must load the same copy, since each copy only knows its own
 * decorators' metadata.
 */
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];

/**
 * Finds peer dependencies of which the user's files load another copy than Stepwright. What is declared with one copy
 * isn't known to the other.
 * @param userDir the folder of the user's compiled files
 */
export function twoCopies(userDir: string): Problem[] {
  return PEERS.flatMap((name) => {
    const ours = resolveFrom(import.meta.url, name);
    const theirs = resolveFrom(join(userDir, 'anything.js'), name);
    // If the user's files can't resolve a package, they don't use it.
    if (!ours || !theirs || ours === theirs) return [];
    return [
      {
        code: 'TWO_COPIES' as const,
        where: name,
        what: `there are two copies: Stepwright uses ${ours}, your files use ${theirs}; what one declares, the other does not see`,
        fix: `make the versions agree (npm ls ${name} shows them) and run \`npm dedupe\`; a linked package (\`npm link\`) keeps its own copies: use \`npm pack\` and install the tarball`,
      },
    ];
  });
}

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}
