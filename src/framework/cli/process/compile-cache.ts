import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `enableCompileCache` exists since Node 22.8, `flushCompileCache` since 22.10. They are declared here because this code
 * is compiled with the types of Node 20.
 */
const { enableCompileCache, flushCompileCache } = module as {
  readonly enableCompileCache?: (directory: string) => unknown;
  readonly flushCompileCache?: () => void;
};

/**
 * Lets Node keep compiled code in `node_modules/.cache/stepwright`, which makes the next start faster. That folder is
 * in the project, where only people who could change the modules themselves can write. In the system's folder for
 * temporary files, anybody could place code. If the folder isn't writable, nothing is kept and nothing is reported.
 * With Node's own variables, NODE_COMPILE_CACHE sets another folder and NODE_DISABLE_COMPILE_CACHE=1 turns the cache
 * off.
 */
export function keepCompiledCode(): void {
  const ours = fileURLToPath(new URL('../../../../../', import.meta.url));
  const beside = dirname(ours);
  const modules = basename(beside) === 'node_modules' ? beside : join(ours, 'node_modules');
  enableCompileCache?.(join(modules, '.cache', 'stepwright'));
}

/** Writes the code that has been compiled. Otherwise Node writes it when the process exits, but not if it is killed. */
export function writeCompiledCode(): void {
  flushCompileCache?.();
}
