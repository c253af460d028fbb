import asyncHooks from 'node:async_hooks';
import { TestEnvironment } from 'jest-environment-node';

/** The storages that the current test file has made. */
const storages = new Set();
const Storage = class AsyncLocalStorage extends asyncHooks.AsyncLocalStorage {
  constructor(...args) {
    super(...args);
    storages.add(this);
  }
};
// From Node 22 on it is a getter.
Object.defineProperty(asyncHooks, 'AsyncLocalStorage', { value: Storage });

/**
 * Disables all storages of a test file at its end. Before Node 24, each storage in use makes every promise of its process
 * slower. Jest and the files make some for each file, and a process runs dozens of files.
 */
export default class extends TestEnvironment {
  async teardown() {
    for (const storage of storages) storage.disable();
    storages.clear();
    await super.teardown();
  }
}
