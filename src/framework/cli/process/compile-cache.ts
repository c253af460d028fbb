import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Node's own since 22.8: what it compiled of a module is read again at the next start. Its types are those of Node 20. */
const { enableCompileCache } = module as { readonly enableCompileCache?: (directory: string) => unknown };

/**
 * Lets Node keep what it compiles, in `node_modules/.cache/stepwright`: in the project, where only those can write who
 * could change the modules themselves; in the folder for temporary files anybody could lay code of theirs. Nothing is
 * kept where that can't be written, and nothing is said of it. NODE_COMPILE_CACHE names another folder, and
 * NODE_DISABLE_COMPILE_CACHE=1 turns it off: both are Node's.
 */
export function keepCompiledCode(): void {
  const ours = fileURLToPath(new URL('../../../../../', import.meta.url));
  const beside = dirname(ours);
  const modules = basename(beside) === 'node_modules' ? beside : join(ours, 'node_modules');
  enableCompileCache?.(join(modules, '.cache', 'stepwright'));
}
