import { AssertionError, deepEqual, equal, ok } from 'node:assert/strict';
import type { Store, StoreErrorKind } from '../../../src/framework/base/store.js';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Expects the record to have this text. Returns its version. */
export async function expectText(store: Store, key: string, text: string): Promise<string> {
  const found = await store.get(key);
  ok(found, `expected a record at ${key}, got none`);
  equal(new TextDecoder().decode(found.value), text);
  ok(typeof found.version === 'string' && found.version !== '', 'expected the record to have a version');
  return found.version;
}

export async function expectNone(store: Store, key: string): Promise<void> {
  const found = await store.get(key);
  ok(found === undefined, `expected no record at ${key}, got one of ${found?.value.byteLength} bytes`);
}

/** Expects a call to reject with a StoreError of this kind. */
export async function expectKind(
  kind: StoreErrorKind,
  what: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const error = await rejectionOf(what, call);
  const { name, kind: got } = error as { name?: unknown; kind?: unknown };
  deepEqual({ name, kind: got }, { name: 'StoreError', kind }, `${what} rejected with ${String(error)}`);
}

/** Expects a call to reject with this value. */
export async function expectReason(
  reason: unknown,
  what: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const error = await rejectionOf(what, call);
  ok(error === reason, `expected ${what} to reject with the signal's reason, got ${String(error)}`);
}

async function rejectionOf(what: string, call: () => Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await call();
  } catch (error) {
    return error;
  }
  throw new AssertionError({
    message: `expected ${what} to reject, and it resolved`,
    actual: value,
    expected: 'a rejection',
  });
}

/** Returns all keys of a prefix, in the order of the pages. */
export async function allKeys(store: Store, prefix: string, after?: string): Promise<string[]> {
  const keys: string[] = [];
  for (let at = after; ;) {
    const page = await store.list(prefix, { after: at });
    keys.push(...page.keys);
    if (page.next === undefined) return keys;
    ok(at === undefined || page.next > at, `expected next to come after ${at}, got ${page.next}`);
    at = page.next;
  }
}

export const sorted = (keys: readonly string[]): string[] =>
  keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
