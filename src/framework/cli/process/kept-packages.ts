import { statSync } from 'node:fs';
import NodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { libraries, loadLibrariesBy } from '../../base/load-library.js';
import { cacheFolder, OWN_FOLDER } from './compile-cache.js';
import { isLate, lateModule, loadLateModules } from './late-module.js';
import {
  BEFORE_MODULE,
  type CompiledModule,
  isCurrent,
  type KeptModule,
  type KeptPackages,
  lookupPaths,
  readPackages,
  textOf,
} from './packages-file.js';

type Body = (
  this: unknown,
  ...of: [unknown, (request: string) => unknown, NodeModule, string, string]
) => void;

/**
 * Options of Node's own that have nothing to do with the modules that are loaded. With any other one, such as --import,
 * --conditions or --inspect, Node loads all of them.
 */
const HARMLESS =
  /^--(?:max-|min-|heap|cpu-prof|report-|tls-|stack-trace-limit=|trace-(?:warnings|deprecation|uncaught|exit|gc)|expose-gc$|no-warnings$|no-deprecation$|disable-warning=|unhandled-rejections=|dns-result-order=|use-(?:openssl|bundled|system)-ca$|env-file|title=)/;
/** Variables that change where Node finds modules, that record which code of theirs runs, or that turn caches off. */
const VARIABLES = [
  ...['NODE_DISABLE_COMPILE_CACHE', 'NODE_V8_COVERAGE', 'NODE_PATH'],
  ...['NODE_PRESERVE_SYMLINKS', 'NODE_PRESERVE_SYMLINKS_MAIN'],
];

interface Loaded {
  readonly format?: string;
  readonly source?: unknown;
}
interface LoadContext {
  readonly conditions: readonly string[];
}
type LoadHook = (
  url: string,
  context: LoadContext,
  next: (url: string, context: LoadContext) => Loaded,
) => Loaded;

/** `registerHooks` exists since Node 22.15. It is declared here because this code is compiled with the types of Node 20. */
const { registerHooks } = NodeModule as {
  readonly registerHooks?: (hooks: { load: LoadHook }) => { deregister(): void };
};

let loader: PackageLoader | undefined;

/**
 * From now on the packages that Stepwright needs are loaded from a file, if an earlier start has written one.
 * @param start what is started: each loads other packages
 */
export function loadKeptPackages(start: string): void {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const isHarmless = options.every((each) => each === '' || HARMLESS.test(each));
  if (!isHarmless || 'pnp' in process.versions || VARIABLES.some((each) => process.env[each])) return;
  const name = ['packages-4', start, process.version, process.arch, crc32(OWN_FOLDER).toString(36)].join('-');
  loader = new PackageLoader(join(cacheFolder(), name));
  loadLibrariesBy(loader.load);
}

/** Called before any code of the user is loaded. From now on Node loads all modules. */
export const endKeptPackages = (): void => loader?.end();

/** Called when the code of the user has been loaded. */
export const endKeptNames = (): void => loader?.endNames();

/**
 * Called when the worker runs. Loads the modules that rules need, and writes the packages that were loaded for later
 * starts. The folder may not be writable; nothing is kept then.
 */
export async function keepPackages(): Promise<void> {
  await loadLateModules();
  await loader?.save().catch(() => {});
}

/**
 * Loads the packages that Stepwright itself needs from one file, which an earlier start has written with their compiled
 * code. Each module stays a module of its own, at its own path, in `require.cache`: there is never a second copy of one.
 * The file is used as a whole, or not at all. {@link end} is called before any code of the user runs; from then on all
 * modules are loaded by Node.
 */
class PackageLoader {
  readonly #file: string;
  /** The time of the file's last change, when this start began. */
  readonly #fileTime: number | undefined;
  /** The modules by their paths; undefined if there is no file that can be used. */
  #kept: ReadonlyMap<string, KeptModule> | undefined;
  #packages: KeptPackages | undefined;
  #loaded: readonly string[] = [];
  readonly #paths = new Map<string, readonly string[]>();
  readonly #running = new Set<NodeModule>();
  readonly #scripts = new Map<string, CompiledModule>();
  #isComplete = true;
  /** The paths of the packages that were asked for. */
  readonly #entries: string[] = [];
  #hooks: { deregister(): void } | undefined;

  constructor(file: string) {
    this.#file = file;
    this.#fileTime = timeOf(file);
    this.#packages = currentPackages(file);
    this.#kept = this.#packages && new Map(this.#packages.modules.map((module) => [module.path, module]));
  }

  /** Loads a package as `require` of this module does. */
  readonly load = (name: string): unknown => {
    if (this.#loaded.length === 0) this.#entries.push(libraries.resolve(name));
    const path = this.#kept && libraries.resolve(name);
    const kept = path === undefined ? undefined : this.#kept?.get(path);
    if (!kept || libraries.cache[kept.path]) return libraries(name);
    const before = new Set(Object.keys(libraries.cache));
    try {
      return this.#run(kept, undefined);
    } catch {
      // Node loads it anew, and says what is wrong if something is.
      this.#kept = undefined;
      for (const each of Object.keys(libraries.cache)) if (!before.has(each)) delete libraries.cache[each];
      return libraries(name);
    }
  };

  #run(kept: KeptModule, parent: NodeModule | undefined): unknown {
    const { path } = kept;
    const folder = dirname(path);
    const module = new NodeModule(path, parent);
    module.filename = path;
    module.paths = [...this.#lookupPaths(folder)];
    libraries.cache[path] = module;
    this.#running.add(module);
    const body = this.#compile(kept).runInThisContext() as Body;
    body.call(module.exports, module.exports, this.#requireOf(module, kept), module, path, folder);
    this.#running.delete(module);
    module.loaded = true;
    return module.exports as unknown;
  }

  #lookupPaths(folder: string): readonly string[] {
    const known = this.#paths.get(folder) ?? lookupPaths(folder);
    this.#paths.set(folder, known);
    return known;
  }

  #compile(kept: KeptModule): Script {
    const { path: filename, code } = kept;
    const cachedData = code.length > 0 ? code : undefined;
    const text = textOf(kept);
    const script = new Script(text, { filename, columnOffset: -BEFORE_MODULE.length, cachedData });
    if (script.cachedDataRejected !== false) this.#isComplete = false;
    this.#scripts.set(filename, { script, text });
    return script;
  }

  #requireOf(module: NodeModule, { requires }: KeptModule): (request: string) => unknown {
    return (request) => {
      if (isLate(module.filename, request)) return lateModule(module, request);
      const index = requires[request];
      const kept = index === undefined || !this.#kept ? undefined : this.#packages?.modules[index];
      if (!kept) return module.require(request) as unknown;
      const known = libraries.cache[kept.path];
      if (!known) return this.#run(kept, module);
      if (!known.loaded && !this.#running.has(known)) return module.require(request) as unknown;
      if (!module.children.includes(known)) module.children.push(known);
      return known.exports as unknown;
    };
  }

  /** Ends the use of the file. */
  end(): void {
    if (this.#loaded.length > 0) return;
    this.#loaded = Object.keys(libraries.cache);
    const others = new Set(this.#packages?.others);
    const isKnown = (path: string): boolean => others.has(path) || this.#kept?.has(path) === true;
    if (!this.#loaded.every(isKnown)) this.#isComplete = false;
    if (this.#kept && this.#packages) this.#nameExports(this.#packages.exported);
    this.#kept = undefined;
    this.#packages = undefined;
    if (this.#isComplete) this.#scripts.clear();
  }

  /**
   * Gives Node the names of exports that it found at an earlier start. Otherwise, to import a CommonJS module into an ES
   * module, Node reads it, and all whose exports it exports again, for these names. The module itself is loaded already.
   * If a hook on a thread loads something else, that is used.
   */
  #nameExports(exported: KeptPackages['exported']): void {
    this.#hooks = registerHooks?.({
      load: (url, context, next) => {
        const found = next(url, context);
        const isImported = found.format === 'commonjs' && context.conditions.includes('import');
        const names = isImported ? exported[url] : undefined;
        if (names === undefined || libraries.cache[fileURLToPath(url)]?.loaded !== true) return found;
        return { ...found, source: names.map((name) => `exports[${JSON.stringify(name)}] = 0;\n`).join('') };
      },
    });
  }

  endNames(): void {
    this.#hooks?.deregister();
    this.#hooks = undefined;
  }

  /**
   * Writes the file for later starts, unless it is complete, or another process has written it meanwhile.
   * @throws Error if the folder isn't writable
   */
  async save(): Promise<void> {
    const isNew = timeOf(this.#file) !== this.#fileTime;
    if (this.#isComplete || isNew || this.#loaded.length === 0) return;
    const { savePackages } = await import('./save-packages.js');
    await savePackages(this.#file, this.#loaded, this.#scripts, registerHooks ? this.#entries : []);
    this.#isComplete = true;
    this.#scripts.clear();
  }
}

/** Returns the time of a file's last change; undefined if there is no such file. */
function timeOf(file: string): number | undefined {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}

/** Reads the packages that an earlier start has kept. Returns undefined if Node has to load any of them. */
function currentPackages(file: string): KeptPackages | undefined {
  try {
    const packages = readPackages(file);
    return packages && isCurrent(packages) ? packages : undefined;
  } catch {
    return undefined;
  }
}
