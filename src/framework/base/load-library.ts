import { createRequire } from 'node:module';

/**
 * Loads a CommonJS library by `require`, at half the time of an `import`, for which Node first searches the text of
 * each file for exported names. Both return the same module. `node:http` is loaded by `process.getBuiltinModule` for a
 * similar reason: an `import` reads each export, and on Node 22 and later that loads an unused WebSocket client.
 */
export const loadLibrary = createRequire(import.meta.url);
