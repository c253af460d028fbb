import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `enableCompileCache` exists since Node 22.8. It is declared here because this code is compiled with the types of Node 20. */
const { enableCompileCache } = module as {
  readonly enableCompileCache?: (directory: string) => unknown;
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
 * reported. NODE_DISABLE_COMPILE_CACHE=1 turns this off. Node writes the code when the process exits. It isn't written
 * earlier: `flushCompileCache` blocks the event loop for 190 to 400 ms, and tasks would wait for it.
 */
export function keepCompiledCode(): void {
  enableCompileCache?.(cacheFolder());
}
