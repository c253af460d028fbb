import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { withLazyRules } from './lazy-rules.js';
import {
  AFTER_MODULE,
  BEFORE_MODULE,
  isCached,
  isCompiledByNode,
  type Load,
  type LoadedModule,
  loadSteps,
  onHooks,
  replaceSteps,
  requireOf,
  type Resolve,
} from './node-loader.js';
import {
  type FileState,
  type KeptModule,
  type KeptNames,
  type KeptStart,
  readKept,
  readState,
  unchangedState,
  writeKept,
  writeWhole,
} from './module-file.js';

/** The text of a module, as its file was before it was read. */
interface ModuleText extends FileState {
  readonly scope: string;
  readonly source: string;
}

type Body = (this: object, ...of: [object, object, LoadedModule, string, string]) => void;

const NOTHING: KeptStart = { modules: new Map(), scopes: new Map(), resolved: {}, names: {} };
/** The file is not made larger than this, whatever a project loads. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Matches what Node has to compile by itself: it warns of each `import()` in what others compile. */
const NOT_KEPT = /^#!|\bimport\s*[(/]/;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;
/** Matches the name of the package in a path that isn't one of a file. */
const PACKAGE_NAME = /^(?![./]|\w:)(?:@[^/]+\/)?[^/]+/;
const IN_MODULES = /[\\/]node_modules[\\/]/;

/**
 * Keeps the CommonJS modules of `node_modules` that a start loads: where each is, its text and its compiled code, in
 * one file. The next start reads that file instead of some hundreds. Each module stays a module of its own, at its own
 * path: there is never a second copy of one. A module whose size or time of change is another, or whose package.json
 * is, is loaded from its own file, and so is everything if the file is missing or damaged.
 */
export class StartCache {
  readonly #path: string;
  #kept: KeptStart;
  readonly #original = loadSteps();
  /** The modules that are being run. */
  readonly #running = new Set<string>();
  readonly #scripts = new Map<string, ModuleText & { readonly script: Script }>();
  readonly #resolved: Record<string, Record<string, string>> = {};
  /**
   * The modules that Node has read for the names of their exports, each with those whose names it exports again, by the
   * path in its text.
   */
  readonly #lexed = new Map<string, Map<string, string>>();
  /** What is known of files, by their paths: their states if they are as they were, the scope of each module. */
  readonly #unchanged = new Map<string, FileState | undefined>();
  readonly #scopes = new Map<string, Scope | undefined>();
  /** The package.json files that this start has read. */
  readonly #manifests = new Map<string, FileState>();
  readonly #nearestOnes = new Map<string, boolean>();
  #isNew = false;
  #isRemoved = false;

  constructor(folder: string) {
    this.#path = join(folder, `start-4-${process.version}-${process.arch}`);
    this.#kept = readKept(this.#path) ?? NOTHING;
    replaceSteps(this.#original, { resolve: this.#resolve, load: this.#load });
    onHooks(() => this.remove());
  }

  /** From now on Node loads modules by itself, also if a tool still calls the steps that it has replaced. */
  remove(): void {
    this.#isRemoved = true;
    replaceSteps({ resolve: this.#resolve, load: this.#load }, this.#original);
  }

  /**
   * Writes what the next start may use, unless this one has found nothing new. Then gives back the memory: each loaded
   * module still refers to this object.
   * @throws Error if it can't be written
   */
  async save(): Promise<void> {
    try {
      if (this.#isNew) await this.#write();
    } finally {
      this.#kept = NOTHING;
      this.#scripts.clear();
    }
  }

  async #write(): Promise<void> {
    const names = await this.#keepNames();
    const modules = this.#modulesToKeep();
    const scopes = new Map<string, FileState>();
    for (const known of this.#kept.scopes.values()) {
      const state = this.#now(known);
      if (state) scopes.set(state.file, state);
    }
    for (const [file, state] of this.#manifests) scopes.set(file, state);
    const resolved = this.#stillResolved();
    for (const [folder, found] of Object.entries(this.#resolved))
      resolved[folder] = { ...resolved[folder], ...found };
    writeKept(this.#path, { modules, scopes, resolved, names });
  }

  readonly #resolve: Resolve = (request, parent, ...rest) => {
    if (this.#isRemoved || !parent?.filename || rest[1] !== undefined)
      return this.#original.resolve(request, parent, ...rest);
    const { filename } = parent;
    const isLexed = this.#isLexed(parent, filename);
    const names = isLexed ? this.#namesOf(filename, request) : undefined;
    if (names !== undefined) return names;
    const known = this.#kept.resolved[parent.path]?.[request];
    const isTrusted =
      known !== undefined && this.#isCurrent(known) && this.#isTrusted(known, request, parent.path);
    const found = isTrusted ? known : this.#original.resolve(request, parent, ...rest);
    if (!IN_MODULES.test(found)) return found;
    if (!isTrusted) this.#keepManifest(found, request, parent.path);
    (this.#resolved[parent.path] ??= {})[request] = found;
    if (isLexed) this.#lexed.set(filename, (this.#lexed.get(filename) ?? new Map()).set(request, found));
    return found;
  };

  readonly #load: Load = (module, filename) => {
    this.#running.add(filename);
    try {
      const run = this.#compile(module, filename);
      if (run === undefined) this.#original.load(module, filename);
      else {
        const require = requireOf(module);
        run.call(module.exports, module.exports, require, module, filename, dirname(filename));
      }
    } finally {
      this.#running.delete(filename);
    }
  };

  /** Returns undefined for a module that Node has to load by itself. */
  #compile(module: LoadedModule, filename: string): Body | undefined {
    if (this.#isRemoved || !isCompiledByNode(module)) return undefined;
    const kept = this.#isCurrent(filename) ? this.#kept.modules.get(filename) : undefined;
    const text = kept ? this.#textOf(kept) : this.#read(filename);
    const script = text && scriptOf(text.source, filename, kept?.code);
    if (text === undefined || script === undefined) return undefined;
    if (kept?.ctimeMs !== text.ctimeMs || script.cachedDataRejected) this.#isNew = true;
    this.#scripts.set(filename, { ...text, script });
    return script.runInThisContext() as Body;
  }

  /** Reads a CommonJS module of `node_modules`. Returns undefined for any other file. */
  #read(filename: string): ModuleText | undefined {
    if (!IN_MODULES.test(filename)) return undefined;
    const [found, scope] = [readState(filename), this.#scopeOf(filename)];
    if (found === undefined || scope === undefined) return undefined;
    const source = found.bytes.toString();
    return NOT_KEPT.test(source)
      ? undefined
      : { ...found.state, scope, source: withLazyRules(source, filename) };
  }

  #textOf(kept: KeptModule): ModuleText {
    const source = kept.source.toString(kept.encoding);
    return { ...stateOnly(this.#now(kept) ?? kept), scope: kept.scope, source };
  }

  /** Returns the nearest package.json of a module; undefined if there is none, or if the module is an ES module. */
  #scopeOf(filename: string): string | undefined {
    const scope = this.#nearest(dirname(filename));
    return scope && (filename.endsWith('.cjs') || scope.isCommonJs) ? scope.file : undefined;
  }

  #nearest(folder: string): Scope | undefined {
    if (this.#scopes.has(folder)) return this.#scopes.get(folder);
    const file = join(folder, 'package.json');
    const isAbove = !existsSync(file) && IN_MODULES.test(folder);
    const scope = isAbove ? this.#nearest(dirname(folder)) : this.#readScope(file);
    this.#scopes.set(folder, scope);
    return scope;
  }

  /** Returns true if the module was kept, and neither it nor its package.json has changed since. */
  #isCurrent(filename: string): boolean {
    const module = this.#kept.modules.get(filename);
    const scope = module && this.#kept.scopes.get(module.scope);
    return scope !== undefined && this.#isSame(scope) && this.#isSame(module as FileState);
  }

  #isSame(known: FileState): boolean {
    return this.#now(known) !== undefined;
  }

  /** Returns the state of a file that has not changed since it was kept. */
  #now(known: FileState): FileState | undefined {
    if (!this.#unchanged.has(known.file)) this.#unchanged.set(known.file, unchangedState(known));
    return this.#unchanged.get(known.file);
  }

  /**
   * Returns true if Node, too, finds what was found earlier. In place of a folder or of another extension there may be a
   * file now. A package is looked for in each folder above the module, so another copy may have been installed nearer to
   * it, and its package.json may name other files. Where the package lies elsewhere (a link), Node is asked.
   */
  #isTrusted(known: string, request: string, folder: string): boolean {
    const name = PACKAGE_NAME.exec(request)?.[0];
    const path = resolve(folder, request);
    if (name === undefined) return known === path || known === `${path}.js`;
    const manifest = this.#manifestOf(known, name, folder);
    const kept = manifest === undefined ? undefined : this.#kept.scopes.get(manifest);
    return kept !== undefined && this.#isSame(kept);
  }

  /** Returns the package.json of a package that is the nearest of its name. */
  #manifestOf(file: string, name: string, folder: string): string | undefined {
    const inModules = join('node_modules', name, 'package.json');
    const at = file.lastIndexOf(inModules.slice(0, -'package.json'.length));
    if (at < 0) return undefined;
    const key = `${folder}\0${file.slice(0, at)}\0${name}`;
    let nearest = this.#nearestOnes.get(key);
    if (nearest === undefined)
      this.#nearestOnes.set(key, (nearest = isNearest(file.slice(0, at), name, folder)));
    return nearest ? file.slice(0, at) + inModules : undefined;
  }

  /** Keeps the package.json of a package that Node has found, so that the next start needn't ask for it. */
  #keepManifest(found: string, request: string, folder: string): void {
    const name = PACKAGE_NAME.exec(request)?.[0];
    const manifest = name === undefined ? undefined : this.#manifestOf(found, name, folder);
    if (manifest === undefined || this.#manifests.has(manifest)) return;
    const kept = this.#kept.scopes.get(manifest);
    if (!kept || !this.#isSame(kept)) this.#readManifest(manifest);
  }

  #readManifest(file: string): Buffer | undefined {
    const found = readState(file);
    if (found) this.#manifests.set(file, found.state);
    return found?.bytes;
  }

  #readScope(file: string): Scope | undefined {
    try {
      const { type } = JSON.parse(String(this.#readManifest(file))) as { readonly type?: string };
      return { file, isCommonJs: type !== 'module' };
    } catch {
      return undefined;
    }
  }

  /**
   * Returns true if Node asks on behalf of an ES module that imports this CommonJS module: Node reads the text of the
   * module, and of all whose names it exports again, for the names of their exports. A module that runs, or has run,
   * asks for itself, also by tools that replace `Module.prototype.require` and ask Node once more.
   */
  #isLexed(parent: LoadedModule, filename: string): boolean {
    if (!isCached(filename, parent) || !IN_MODULES.test(filename)) return false;
    return !(parent.loaded || this.#running.has(filename));
  }

  /** Returns a file with the names that a CommonJS module exports again, if they are known. */
  #namesOf(filename: string, request: string): string | undefined {
    const kept = this.#kept.names[filename];
    if (!kept?.requests.includes(request) || !this.#isCurrent(filename)) return undefined;
    return kept.from.every((each) => this.#isCurrent(each)) && this.#isSame(kept.file)
      ? kept.file.file
      : undefined;
  }

  /** Returns what earlier starts have found and is still true, though this one may not have asked for it. */
  #stillResolved(): Record<string, Record<string, string>> {
    const still = Object.entries(this.#kept.resolved).map(([folder, found]) => {
      const holds = ([request, file]: [string, string]): boolean =>
        this.#isCurrent(file) && this.#isTrusted(file, request, folder);
      return [folder, Object.fromEntries(Object.entries(found).filter(holds))] as const;
    });
    return Object.fromEntries(still);
  }

  #modulesToKeep(): Map<string, KeptModule> {
    const modules = new Map<string, KeptModule>();
    let left = MOST_BYTES;
    const keep = (module: KeptModule): void => {
      left -= module.source.length + module.code.length;
      if (left >= 0) modules.set(module.file, module);
    };
    for (const { script, source, ...state } of this.#scripts.values())
      keep({ ...state, ...encoded(source), code: script.createCachedData() });
    for (const [file, module] of this.#kept.modules)
      if (!this.#scripts.has(file) && this.#isCurrent(file))
        keep({ ...module, ...stateOnly(this.#now(module) ?? module) });
    return modules;
  }

  /** Writes the names of all modules whose text Node has read for them. */
  async #keepNames(): Promise<Record<string, KeptNames>> {
    const names = Object.fromEntries(
      Object.entries(this.#kept.names).filter(([, { from }]) => from.every((each) => this.#isCurrent(each))),
    );
    const inner = new Set(Array.from(this.#lexed.values(), (each) => [...each.values()]).flat());
    for (const [file, again] of this.#lexed) {
      if (inner.has(file)) continue;
      const found = (await import(pathToFileURL(file).href)) as object;
      const exported = Object.keys(found).filter((name) => name !== 'default' && name !== 'module.exports');
      const text = exported.map((name) => `exports[${JSON.stringify(name)}] = 0;\n`).join('');
      const path = join(dirname(this.#path), `names-${createHash('sha256').update(text).digest('hex')}.cjs`);
      if (String(readState(path)?.bytes) !== text) writeWhole(path, text);
      const state = readState(path)?.state;
      if (state) names[file] = { file: state, requests: [...again.keys()], from: this.#lexedBelow(file) };
    }
    return names;
  }

  /** Returns all modules whose names a module exports again, directly or not. */
  #lexedBelow(file: string): string[] {
    const below = new Set<string>([file]);
    // What is added on the way is walked as well.
    for (const each of below) for (const next of this.#lexed.get(each)?.values() ?? []) below.add(next);
    return [...below];
  }
}

function encoded(source: string): Pick<KeptModule, 'source' | 'encoding'> {
  const encoding = BEYOND_LATIN1.test(source) ? 'utf16le' : 'latin1';
  return { source: Buffer.from(source, encoding), encoding };
}

const stateOnly = ({ file, size, mtimeMs, ctimeMs, crc }: FileState): FileState => ({
  ...{ file, size, mtimeMs, ctimeMs, crc },
});

/** Compiles the text of a CommonJS module as Node does. Returns undefined if Node has to say what is wrong with it. */
function scriptOf(source: string, filename: string, cachedData: Buffer | undefined): Script | undefined {
  try {
    return new Script(BEFORE_MODULE + source + AFTER_MODULE, {
      ...{ filename, columnOffset: -BEFORE_MODULE.length, ...(cachedData && { cachedData }) },
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  } catch {
    return undefined;
  }
}

/**
 * Returns true if the package in `node_modules` of a folder is the nearest of its name to another folder, and no link.
 */
function isNearest(modules: string, name: string, folder: string): boolean {
  if (!folder.startsWith(modules)) return false;
  for (let above = folder; above.length >= modules.length && above !== modules; above = dirname(above))
    if (existsSync(join(above, 'node_modules', name))) return false;
  const place = join(modules, 'node_modules', name);
  return realpathSync.native(place) === place;
}

/** A package.json, and what it says of the `.js` files below it. */
interface Scope {
  readonly file: string;
  readonly isCommonJs: boolean;
}
