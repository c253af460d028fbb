import { createRequire } from 'node:module';

/**
 * Loads a CommonJS library with `require`. That returns the same module as `import` in half the time, since `import`
 * first searches the text of each file for exported names.
 *
 * Modules such as `node:http` are loaded with `process.getBuiltinModule` for a similar reason: `import` reads each of
 * their exports, which on Node 22 and later loads a WebSocket client that nobody uses.
 */
export const loadLibrary = (name: string): unknown => libraries(name);

/** Node's `require`, as a module of Stepwright has it. */
export const libraries = createRequire(import.meta.url);

/**
 * Returns the URL of the compiled module that a thread or a process starts with. If the caller itself runs from its
 * TypeScript source, as in a test, the URL points into `dist`.
 * @param path relative to the caller
 * @param caller the caller's `import.meta.url`
 */
export function entryUrl(path: string, caller: string): URL {
  const built = caller.endsWith('.ts')
    ? caller.replace(/^(.*)\/src(?=\/framework\/)/, '$1/dist/src')
    : caller;
  return new URL(path, built);
}
