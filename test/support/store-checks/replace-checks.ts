import { equal, notEqual, ok } from 'node:assert/strict';
import type { Store } from '../../../src/framework/base/store.js';
import type { Checks } from './checks.js';
import { bytes, expectKind, expectNone, expectReason, expectText } from './expect.js';

/** Checks of what is replaced and removed by its version. */
export const replaceChecks: Checks = {
  'replace writes a record that still has the version, and returns the new one': async ({
    store,
    other,
    key,
  }) => {
    const first = await store.put(key('a'), bytes('one'));
    const second = await other.replace(key('a'), bytes('two'), first);
    notEqual(second, first);
    equal(await expectText(store, key('a'), 'two'), second);
  },
  'replace leaves a record that has another version': async ({ store, key }) => {
    const first = await store.put(key('a'), bytes('one'));
    const second = await store.put(key('a'), bytes('two'));
    equal(await store.replace(key('a'), bytes('three'), first), undefined);
    equal(await expectText(store, key('a'), 'two'), second);
  },
  'replace writes nothing where no record is': async ({ store, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    await store.delete(key('a'));
    equal(await store.replace(key('a'), bytes('two'), version), undefined);
    await expectNone(store, key('a'));
  },
  'a record that was removed and written again has another version': async ({ store, key }) => {
    const first = (await store.putIfAbsent(key('a'), bytes('one'))) ?? '';
    await store.delete(key('a'));
    await store.putIfAbsent(key('a'), bytes('one'));
    equal(await store.replace(key('a'), bytes('two'), first), undefined);
    equal(await store.deleteIf(key('a'), first), false);
    await expectText(store, key('a'), 'one');
  },
  'of twenty that replace the same version, one succeeds': async ({ store, other, key }) => {
    const first = await store.put(key('a'), bytes('one'));
    const all = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? store : other).replace(key('a'), bytes(`by ${i}`), first),
    );
    const winners = (await Promise.all(all)).flatMap((version, i) => (version === undefined ? [] : [i]));
    equal(winners.length, 1, `expected one to succeed, got ${winners.length}`);
    await expectText(store, key('a'), `by ${winners[0]}`);
  },
  'a record that is replaced by the same bytes has another version': async ({ store, other, key }) => {
    const first = (await store.putIfAbsent(key('a'), bytes('one'))) ?? '';
    const second = (await store.replace(key('a'), bytes('one'), first)) ?? '';
    notEqual(second, first);
    equal(await other.replace(key('a'), bytes('two'), first), undefined);
    equal(await other.deleteIf(key('a'), first), false);
    ok(await other.replace(key('a'), bytes('two'), second), 'expected the second version to be replaced');
  },
  'no increment is lost of those that several make at once': async ({ store, other, key }) => {
    await store.put(key('a'), bytes('0'));
    await Promise.all([store, other, store, other].map((each) => countUp(each, key('a'), 5)));
    await expectText(store, key('a'), '20');
  },
  'of replace and deleteIf of the same version, one succeeds': async ({ store, other, key }) => {
    const first = await store.put(key('a'), bytes('one'));
    const [replaced, removed] = await Promise.all([
      store.replace(key('a'), bytes('two'), first),
      other.deleteIf(key('a'), first),
    ]);
    notEqual(replaced !== undefined, removed);
    equal((await store.get(key('a'))) !== undefined, replaced !== undefined);
  },
  'deleteIf removes a record that still has the version': async ({ store, other, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    equal(await other.deleteIf(key('a'), version), true);
    await expectNone(store, key('a'));
    equal(await store.deleteIf(key('a'), version), false);
  },
  'deleteIf leaves a record that has another version': async ({ store, key }) => {
    const first = await store.put(key('a'), bytes('one'));
    await store.put(key('a'), bytes('two'));
    equal(await store.deleteIf(key('a'), first), false);
    await expectText(store, key('a'), 'two');
  },
  'replace has a time to live, and finds no record whose time is over': async ({
    store,
    key,
    wait,
    ttlMs,
  }) => {
    const first = await store.put(key('a'), bytes('one'));
    const second = (await store.replace(key('a'), bytes('two'), first, { ttlMs })) ?? '';
    wait(ttlMs + 1);
    await expectNone(store, key('a'));
    equal(await store.replace(key('a'), bytes('three'), second), undefined);
    equal(await store.deleteIf(key('a'), second), false);
    await expectNone(store, key('a'));
  },
  'replace and deleteIf refuse what put refuses': async ({ store, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    const signal = AbortSignal.abort(new Error('the reason'));
    await expectKind('bad-key', 'replace', () => store.replace('../a', bytes('two'), version));
    await expectKind('bad-key', 'deleteIf', () => store.deleteIf('../a', version));
    await expectReason(signal.reason, 'replace', () =>
      store.replace(key('a'), bytes('two'), version, { signal }),
    );
    await expectReason(signal.reason, 'replace of none', () =>
      store.replace(key('b'), bytes('two'), version, { signal }),
    );
    await expectReason(signal.reason, 'deleteIf', () => store.deleteIf(key('a'), version, { signal }));
    await expectText(store, key('a'), 'one');
  },
};

async function countUp(store: Store, key: string, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const found = await store.get(key);
    ok(found, 'expected the counter to be there');
    const next = String(Number(new TextDecoder().decode(found.value)) + 1);
    if ((await store.replace(key, bytes(next), found.version)) !== undefined) done += 1;
  }
}
