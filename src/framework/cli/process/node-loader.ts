/* oxlint-disable no-underscore-dangle -- these are Node's own names */
import NodeModule, { syncBuiltinESMExports } from 'node:module';

/** A CommonJS module while Node loads it. */
export interface LoadedModule {
  readonly filename: string | null;
  readonly path: string;
  readonly exports: object;
  readonly loaded: boolean;
  readonly _compile: unknown;
  require(request: string): unknown;
}

export type Resolve = (request: string, parent: LoadedModule | undefined, ...rest: unknown[]) => string;
export type Load = (module: LoadedModule, filename: string) => void;

/** The parts of Node's CommonJS loader that may be replaced: Node itself calls them through this object. */
interface Loader {
  _resolveFilename: Resolve;
  readonly _resolveLookupPaths: (request: string, parent: LoadedModule) => readonly string[] | null;
  readonly _extensions: Record<string, Load | undefined>;
  readonly _cache: Record<string, LoadedModule | undefined>;
  readonly prototype: { readonly _compile: unknown };
  readonly wrapper: readonly [string, string];
}

const loader = NodeModule as unknown as Loader;
const compile = loader.prototype._compile;

export const [BEFORE_MODULE, AFTER_MODULE] = loader.wrapper;

/** The two steps in which Node loads a CommonJS module. */
export interface LoadSteps {
  readonly resolve: Resolve;
  readonly load: Load;
}

/** Returns the steps that are in use. */
export function loadSteps(): LoadSteps {
  const { _resolveFilename: resolve, _extensions: extensions } = loader;
  const { '.js': load } = extensions;
  if (!load) throw new Error('Node loads no CommonJS modules');
  return { resolve, load };
}

/** Replaces those of the steps that are still in use. */
export function replaceSteps(from: LoadSteps, to: LoadSteps): void {
  if (loader._extensions['.js'] === from.load) loader._extensions['.js'] = to.load;
  if (loader._resolveFilename === from.resolve) loader._resolveFilename = to.resolve;
}

/** Calls back before a tool registers hooks that may change each module. Such hooks exist since Node 22.15. */
export function onHooks(call: () => void): void {
  const { registerHooks } = NodeModule as { registerHooks?: (...of: unknown[]) => unknown };
  if (!registerHooks) return;
  const register = (...of: unknown[]): unknown => {
    call();
    return registerHooks(...of);
  };
  Object.assign(NodeModule, { registerHooks: register });
  syncBuiltinESMExports();
}

/** Returns false if a tool changes the text that is compiled: it then replaces this function of the module. */
export const isCompiledByNode = ({ _compile }: LoadedModule): boolean => _compile === compile;

export const isCached = (filename: string, module: LoadedModule): boolean =>
  loader._cache[filename] === module;

/** Makes the `require` of a module. */
export function requireOf(module: LoadedModule): object {
  const require = (request: string): unknown => module.require(request);
  const resolve = (request: string, options?: object): string =>
    loader._resolveFilename(request, module, false, options);
  Object.assign(resolve, { paths: (request: string) => loader._resolveLookupPaths(request, module) });
  const { _extensions: extensions, _cache: cache } = loader;
  return Object.assign(require, { resolve, main: process.mainModule, extensions, cache });
}
