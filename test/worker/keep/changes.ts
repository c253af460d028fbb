import { expect } from '@jest/globals';
import type { Store } from 'stepwright';

/** What `test/fixtures/keep/changes.mjs` says. */
export interface Said {
  readonly begun?: string;
  readonly done?: string;
  readonly refused?: string;
  readonly failed?: string;
  readonly got?: string;
  readonly to?: string | null;
  readonly value?: string | null;
  readonly listed?: readonly string[];
  readonly error?: string;
  readonly kind?: string;
  readonly warning?: string;
}

type Values = readonly (string | null)[];

/**
 * The values that each key may have at the end: that of the last change that was acknowledged, and of those after it that
 * were begun, and failed or were cut off. Expects each value that was read meanwhile to be one of these.
 */
export function possibleValues(said: readonly Said[]): Map<string, Values> {
  const values = new Map<string, Values>();
  const of = (key: string): Values => values.get(key) ?? [null];
  for (const { begun, done, refused, got, to = null, value = null } of said) {
    if (begun !== undefined) values.set(begun, [...of(begun), to]);
    if (done !== undefined) values.set(done, [to]);
    if (refused !== undefined) values.set(refused, of(refused).slice(0, -1));
    if (got !== undefined)
      expect({ got, values: of(got) }).toEqual({ got, values: expect.arrayContaining([value]) });
  }
  return values;
}

/** Expects a store to have what was acknowledged, to list it, and to take a write and a removal. */
export async function expectKept(store: Store, said: readonly Said[]): Promise<void> {
  for (const [key, values] of possibleValues(said)) {
    const found = await store.get(key);
    const value = found ? Buffer.from(found.value).toString() : null;
    expect({ key, value, values }).toEqual({ key, value, values: expect.arrayContaining([value]) });
    const { keys } = await store.list(`${key.split('/')[0]}/`);
    expect({ key, isListed: keys.includes(key) }).toEqual({ key, isListed: value !== null });
  }
  await store.put('after/crash', Buffer.from('one'));
  expect(await store.get('after/crash')).toMatchObject({ value: Buffer.from('one') });
  await store.delete('after/crash');
  expect(await store.get('after/crash')).toBeUndefined();
}
