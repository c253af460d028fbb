import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `enableCompileCache` exists since Node 22.8. It is declared here because this code is compiled with the types of Node
 * 20.
 */
const { enableCompileCache } = module as { readonly enableCompileCache?: (directory: string) => unknown };

/**
 * Options of Node's own that have nothing to do with the packages that are loaded. With any other one, such as
 * --conditions, --import or --inspect, modules are loaded from their own files.
 */
const HARMLESS =
  /^--(?:(?:max|min|stack|heap|trace|report|tls|cpu-prof)-|enable-source-maps$|expose-gc$|no-warnings$|no-deprecation$|unhandled-rejections=|dns-result-order=|use-(?:openssl|bundled|system)-ca$|(?:no-)?experimental-strip-types$|env-file)/;
/** Variables that change where Node finds modules, or that record which code of theirs runs. */
const VARIABLES = ['NODE_V8_COVERAGE', 'NODE_PRESERVE_SYMLINKS', 'NODE_PATH'];

let startCache: { save(): Promise<void>; remove(): void } | undefined;

/**
 * Makes the next start faster: keeps what this one loads in `node_modules/.cache/stepwright`. That folder is in the
 * project, where only people who could change the modules themselves can write. In the system's folder for temporary
 * files, anybody could place code. If the folder isn't writable, nothing is kept and nothing is reported.
 *
 * The packages that are loaded are kept by a {@link StartCache}, Stepwright's own modules and the user's by Node, from
 * 22.8 on. With Node's own variables, NODE_COMPILE_CACHE sets another folder and NODE_DISABLE_COMPILE_CACHE=1 turns
 * both off.
 */
export async function keepCompiledCode(): Promise<void> {
  const { NODE_COMPILE_CACHE: folder = ownFolder(), NODE_DISABLE_COMPILE_CACHE } = process.env;
  enableCompileCache?.(folder);
  if (NODE_DISABLE_COMPILE_CACHE || 'pnp' in process.versions || isLoadingChanged()) return;
  const { StartCache } = await import('./start-cache.js');
  startCache = new StartCache(folder);
}

function isLoadingChanged(): boolean {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const isHarmless = options.every((each) => each === '' || HARMLESS.test(each));
  return !isHarmless || VARIABLES.some((each) => process.env[each]);
}

function ownFolder(): string {
  const ours = fileURLToPath(new URL('../../../../../', import.meta.url));
  const beside = dirname(ours);
  const modules = basename(beside) === 'node_modules' ? beside : join(ours, 'node_modules');
  return join(modules, '.cache', 'stepwright');
}

/** Ends the work of {@link keepCompiledCode} once everything is loaded. The next start uses what this one has loaded. */
export async function keepStart(): Promise<void> {
  const cache = startCache;
  startCache = undefined;
  cache?.remove();
  // The folder may not be writable. The next start is then as slow as this one.
  await cache?.save().catch(() => {});
}
