import { createRequire } from 'node:module';

/**
 * Loads a CommonJS library with `require`. That returns the same module as `import` in half the time, since `import`
 * first searches the text of each file for exported names.
 *
 * Modules such as `node:http` are loaded with `process.getBuiltinModule` for a similar reason: `import` reads each of
 * their exports, which on Node 22 and later loads a WebSocket client that nobody uses.
 */
export const loadLibrary = createRequire(import.meta.url);
