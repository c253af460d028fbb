import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { libraries, loadedCopies, OWN_FILE } from '../../base/package.js';
import { oneCopyFix } from '../../declare/other-copies.js';

/**
 * Peer dependencies that keep decorators' metadata in memory. The user's files and Stepwright must load the same copy
 * of each: with two copies, Stepwright wouldn't see what the user's decorators declare.
 */
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];

/**
 * Returns a problem for each peer dependency that the user's files have loaded from another copy than Stepwright does.
 * A copy that no file has loaded is no problem: the folder may belong to another project.
 * @param userDir the folder of the user's compiled files
 */
export function twoCopies(userDir: string): Problem[] {
  return [...ownCopies(), ...PEERS.flatMap((name) => copiesOf(name, userDir))];
}

/** Returns a problem if this process has loaded two copies of Stepwright: each knows the classes of its own alone. */
function ownCopies(): Problem[] {
  const all = loadedCopies();
  if (all.length < 2) return [];
  const what = `there are ${all.length} copies: ${all.join(' and ')}; an ActivityFailure or a decorator of one copy is not known to the other`;
  return [problem('stepwright', what)];
}

function copiesOf(name: string, userDir: string): Problem[] {
  const ours = resolveFrom(OWN_FILE, name);
  const theirs = resolveFrom(join(userDir, 'anything.js'), name);

  if (!ours || !theirs || ours === theirs || !(theirs in libraries.cache)) return [];
  const what = `there are two copies: Stepwright uses ${ours}, your files use ${theirs}; what is declared with one copy is not seen by the other`;
  return [problem(name, what)];
}

const problem = (name: string, what: string): Problem => ({
  code: 'TWO_COPIES',
  where: name,
  what,
  fix: oneCopyFix(name),
});

function resolveFrom(file: string, name: string): string | undefined {
  try {
    return createRequire(file).resolve(name);
  } catch {
    return undefined;
  }
}
