import { createRequire } from 'node:module';

/**
 * Loads a library that is CommonJS, by `require`: for an `import` Node first searches the text of each of its files for
 * the names that it exports, which takes as long as loading it. Whoever imports it has the same one. `node:http`
 * comes by `process.getBuiltinModule` for a like reason: an `import` of it reads each export, and on Node 22 and later that
 * loads a WebSocket client that nobody uses.
 */
export const loadLibrary = createRequire(import.meta.url);
