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

/** The folder of Stepwright's package, with a slash at its end. */
export const OWN_FOLDER = fileURLToPath(new URL('../../../../../', import.meta.url));

/**
 * Returns the folder in which a start leaves what makes the next one faster: `node_modules/.cache/stepwright`, or the
 * one that NODE_COMPILE_CACHE sets. The first is in the project, where only people who could change the modules
 * themselves can write. In the system's folder for temporary files, anybody could place code.
 */
export function cacheFolder(): string {
  const beside = dirname(OWN_FOLDER);
  const modules = basename(beside) === 'node_modules' ? beside : join(OWN_FOLDER, 'node_modules');
  return process.env['NODE_COMPILE_CACHE'] || join(modules, '.cache', 'stepwright');
}

/**
 * Lets Node keep compiled code in {@link cacheFolder}. If the folder isn't writable, nothing is kept and nothing is
 * reported. NODE_DISABLE_COMPILE_CACHE=1 turns this off.
 */
export function keepCompiledCode(): void {
  enableCompileCache?.(cacheFolder());
}

/** Writes the code that has been compiled. Otherwise Node writes it when the process exits, but not if it is killed. */
export function writeCompiledCode(): void {
  flushCompileCache?.();
}
