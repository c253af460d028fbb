import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Problem } from '../../base/errors.js';

/** Packages that must be the very same copy for a user's files and for Stepwright. */
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];

/**
 * Compares where each peer resolves from Stepwright and from the user's files: decorators of one copy of a package
 * are unknown to the other.
 * @param userDir where the user's compiled files are.
 */
export function twoCopies(userDir: string): Problem[] {
  return PEERS.flatMap((name) => {
    const ours = resolveFrom(import.meta.url, name);
    const theirs = resolveFrom(join(userDir, 'anything.js'), name);
    // A peer that the user's files can't reach is one that they don't use.
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
