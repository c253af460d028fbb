import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `enableCompileCache` exists since Node 22.8; the code is compiled against the types of Node 20, so that it is
 * declared here.
 */
const { enableCompileCache } = module as { readonly enableCompileCache?: (directory: string) => unknown };

/**
 * Lets Node keep compiled code in `node_modules/.cache/stepwright`, for the next start. That folder lies in the
 * project, where only those can write who could change the modules themselves; in the system's folder for temporary
 * files anybody could place code. Where the folder can't be written, nothing is kept and nothing is reported. Node's
 * own variables NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE=1 name another folder or turn the cache off.
 */
export function keepCompiledCode(): void {
  const ours = fileURLToPath(new URL('../../../../../', import.meta.url));
  const beside = dirname(ours);
  const modules = basename(beside) === 'node_modules' ? beside : join(ours, 'node_modules');
  enableCompileCache?.(join(modules, '.cache', 'stepwright'));
}
