import { createRequire } from 'node:module';

/**
 * Loads a CommonJS library by `require`: for an `import`, Node first searches the text of each of its files for exported
 * names, which takes as long as loading it. Both return the same module. `node:http` is loaded by
 * `process.getBuiltinModule` for a similar reason: an `import` reads each export, and on Node 22 and later that loads an
 * unused WebSocket client.
 */
export const loadLibrary = createRequire(import.meta.url);
