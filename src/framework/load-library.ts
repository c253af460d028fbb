import { createRequire } from 'node:module';

/**
 * Loads a library that is CommonJS, by `require`: for an `import` Node first searches the text of each of its files for
 * the names that it exports, which takes as long as loading it. Whoever imports it has the same one. So with `node:http`,
 * of which an `import` reads each export: on Node 22 and later that loads a WebSocket client that nobody uses.
 */
export const loadLibrary = createRequire(import.meta.url);
