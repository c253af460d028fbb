import { isPlainObject } from '../base/json.js';
import { PAYLOAD_LIMIT_BYTES } from '../base/size.js';
import type { Store } from '../base/store.js';
import { isStore } from '../declare/handler-options.js';
import { isText, positiveDuration, type Rule, sizeFrom } from '../declare/option-rules.js';

/** The store for inputs and outputs that are too large for Step Functions. */
export interface PayloadSettings {
  /** The store. Every worker that gets references to it needs it, at the same address. */
  store: Store;
  /** An output of more bytes than this goes out as a reference, from `'1KB'` to `'256KB'`. @default '200KB' */
  above?: string;
  /**
   * The most bytes that all payloads of one task's input may have, and the most of its output, from `'256KB'` to
   * `'256MB'`. They are in memory at once. @default '64MB'
   */
  limit?: string;
  /**
   * The time for which a payload is kept after it was last written. Later, a reference to it can't be followed. The
   * default outlasts every execution, which takes a year at most, and its redrives. @default '400d'
   */
  keep?: string;
}

/** The settings of the outbox. */
export interface OutboxSettings {
  /** The store that keeps the results. Workers that share it report what one of them has left. */
  readonly store: Store;
}

/** The settings of tasks that are deferred under an id, with `task.defer({ id })`. */
export interface DeferredSettings {
  /** The store. Every process that defers or completes these tasks needs the same. */
  store: Store;
}

const anyStore: Rule = {
  expected: "a store, such as directory('/var/lib/stepwright')",
  fix: "write store: directory('/var/lib/stepwright'), dynamodb({ table: 'my-table' }) or s3({ bucket: 'my-bucket' })",
  ok: isStore,
  keysOnly: true,
};

/** The rule of an object with a store, and with further fields that may be left out. */
const withStore = (option: string, example: string, store: Rule, more: Rule['fields'] = {}): Rule => ({
  expected: `an object { ${['store', ...Object.keys(more)].join(', ')} }, with a store`,
  fix: `write ${option}: { store: ${example} }`,
  ok: (value) => isPlainObject(value) && value['store'] !== undefined,
  fields: { store, ...more },
  keysOnly: true,
});

const [S3, DIRECTORY] = ["s3({ bucket: 'my-payloads' })", "directory('/var/lib/stepwright')"];

const payloadStore: Rule = {
  expected: `a store with an address (\`uri\`) that takes records of 256KB, such as ${S3} or ${DIRECTORY}`,
  fix: `write payloads: { store: ${S3} }`,
  ok: (value) => isStore(value) && isText(value.uri) && value.maxBytes >= PAYLOAD_LIMIT_BYTES,
  keysOnly: true,
};

export const payloads = withStore('payloads', S3, payloadStore, {
  above: sizeFrom(1024, PAYLOAD_LIMIT_BYTES),
  limit: sizeFrom(PAYLOAD_LIMIT_BYTES, 256 * 1024 ** 2),
  keep: positiveDuration,
});
export const outbox = withStore('outbox', DIRECTORY, anyStore);
export const deferred = withStore('deferred', DIRECTORY, anyStore);
