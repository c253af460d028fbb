import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Checks } from './checks.js';
import { allKeys, bytes, expectNone, expectText } from './expect.js';

/** Much longer than any check takes. */
const LONG_MS = 3_600_000;

/** Checks of the time to live. */
export const timeChecks: Checks = {
  'a record is returned and listed within its time to live, and not returned after it': async ({
    store,
    key,
    wait,
    ttlMs,
  }) => {
    await store.put(key('short'), bytes('one'), { ttlMs });
    await store.put(key('long'), bytes('two'), { ttlMs: LONG_MS });
    await store.put(key('endless'), bytes('three'));
    await expectText(store, key('long'), 'two');
    wait(ttlMs + 1);
    await expectNone(store, key('short'));
    await expectText(store, key('long'), 'two');
    const listed = (await allKeys(store, key(''))).filter((each) => each !== key('short'));
    deepEqual(listed, [key('endless'), key('long')]);
  },
  'putIfAbsent has a time to live, and writes over a record whose time is over': async ({
    store,
    key,
    wait,
    ttlMs,
  }) => {
    ok(await store.putIfAbsent(key('a'), bytes('one'), { ttlMs }), 'expected the first to be written');
    wait(ttlMs + 1);
    await expectNone(store, key('a'));
    const version = await store.putIfAbsent(key('a'), bytes('two'));
    equal(await expectText(store, key('a'), 'two'), version);
  },
  'of ten that put if absent over a record whose time is over, one succeeds': async (trial) => {
    const { store, other, key, wait, ttlMs } = trial;
    await store.put(key('a'), bytes('old'), { ttlMs });
    wait(ttlMs + 1);
    const puts = Array.from({ length: 10 }, (_, i) =>
      (i % 2 ? store : other).putIfAbsent(key('a'), bytes(`by ${i}`)),
    );
    const winners = (await Promise.all(puts)).flatMap((version, i) => (version === undefined ? [] : [i]));
    equal(winners.length, 1, `expected one to succeed, got ${winners.length}`);
    await expectText(store, key('a'), `by ${winners[0]}`);
  },
  'put without a time to live takes the end from a record': async ({ store, key, wait, ttlMs }) => {
    await store.put(key('a'), bytes('one'), { ttlMs });
    await store.put(key('a'), bytes('two'));
    wait(ttlMs + 1);
    await expectText(store, key('a'), 'two');
  },
};
