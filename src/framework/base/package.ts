import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

// The version of Node is checked here, and every door imports this file first: an older Node would fail later, with a
// message that doesn't say why.
const LEAST_NODE = [20, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [leastMajor, leastMinor] = LEAST_NODE;
if (major < leastMajor || (major === leastMajor && minor < leastMinor))
  throw new Error(
    `stepwright needs Node ${LEAST_NODE.join('.')} or later, and this is Node ${process.versions.node}. Fix: install Node 22 or 24, which are still maintained: https://nodejs.org`,
  );

/** The version of this package, that of package.json. */
export const VERSION = '0.1.0';

/** The URL of this file; undefined in a CommonJS bundle that a user made. */
const HERE: string | undefined = import.meta.url;
const IN_FRAMEWORK = /^(file:.*\/src\/framework\/)base\/package\.[jt]s$/;
const [, FOLDER] = IN_FRAMEWORK.exec(HERE ?? '') ?? [];

/**
 * The folder of the framework's files, with a slash at the end. Undefined if they are part of a bundle that a user made:
 * nothing of Stepwright then has a file of its own.
 */
export const OWN_FOLDER: string | undefined = FOLDER === undefined ? undefined : fileURLToPath(FOLDER);

/** The folder of the compiled files, also where the sources run, as in a test. */
const BUILT = HERE?.endsWith('.ts') ? FOLDER?.replace(/\/src\/framework\/$/, '/dist/src/framework/') : FOLDER;

/** Where this process has loaded Stepwright from, by every copy of it. */
const COPIES = Symbol.for('stepwright.copies');
const copies = ((globalThis as { [COPIES]?: Set<string> })[COPIES] ??= new Set());
copies.add(BUILT === undefined ? (HERE ?? 'a bundle') : fileURLToPath(BUILT));

/** Returns the places from which this process has loaded a copy of Stepwright, such as folders. One of them is this one. */
export const loadedCopies = (): readonly string[] => [...copies];

/** The file from which packages are found as Stepwright finds them. A bundle finds those beside the working directory. */
export const OWN_FILE: string = HERE ?? pathToFileURL('bundle.js').href;

/** Node's `require`, as a module of Stepwright has it. */
export const libraries = createRequire(OWN_FILE);

/**
 * Loads an optional CommonJS library with `require`. A user's bundle doesn't contain it, so it must be installed beside
 * the bundle.
 */
export const loadLibrary = (name: string): unknown => libraries(name);

/** The URL of a file that isn't there. */
const MISSING = new URL('file:///no-file-of-stepwright-in-a-bundle.js');

/**
 * Returns the URL of the compiled module that a thread or a process starts with, which may not be there in a bundle. If
 * Stepwright runs from its TypeScript sources, as in a test, the URL points into `dist`.
 * @param path relative to the framework's folder
 */
export function entryUrl(path: string): URL {
  return BUILT === undefined ? MISSING : new URL(path, BUILT);
}

/** Returns false if the module that a thread or a process starts with isn't there, as in a bundle that a user made. */
export const isEntryThere = (entry: URL): boolean => existsSync(entry);
