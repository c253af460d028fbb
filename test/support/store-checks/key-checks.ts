import { deepEqual, ok } from 'node:assert/strict';
import { MOST_KEY_CHARACTERS } from '../../../src/framework/base/store.js';
import type { Checks } from './checks.js';
import { allKeys, bytes, expectKind, expectText, sorted } from './expect.js';

const BAD_KEYS = [
  ...['', '/', 'a', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/.b'],
  ...['k/a b', 'k/a\\b', 'k/a\0b', 'k/é', 'k/a%2fb', 'k/A', 'k/a,b', 'k/=a'],
];

/** Checks of keys and lists. */
export const keyChecks: Checks = {
  'keys have every character that is allowed, and 200 of them': async ({ store, key }) => {
    const longest = key('x').padEnd(MOST_KEY_CHARACTERS, 'abcdefghij');
    const keys = [
      key('az09._-'),
      key('_a'),
      key('-a'),
      key('a/b.c/d_e'),
      longest,
      `${longest.slice(0, -1)}_`,
    ];
    for (const each of keys) await store.put(each, bytes(each));
    for (const each of keys) await expectText(store, each, each);
    deepEqual(await allKeys(store, key('')), sorted(keys));
  },
  'keys that begin with another key are different records': async ({ store, key }) => {
    const keys = [key('a'), key('a/b'), key('a.b'), key('ab')];
    await Promise.all(keys.map((each) => store.put(each, bytes(each))));
    for (const each of keys) await expectText(store, each, each);
  },
  'a key that is none is refused as bad-key': async ({ store }) => {
    for (const key of [...BAD_KEYS, 'a'.repeat(MOST_KEY_CHARACTERS + 1)]) {
      const shown = JSON.stringify(key.slice(0, 20));
      await expectKind('bad-key', `put(${shown})`, () => store.put(key, bytes('one')));
      await expectKind('bad-key', `putIfAbsent(${shown})`, () => store.putIfAbsent(key, bytes('one')));
      await expectKind('bad-key', `get(${shown})`, () => store.get(key));
      await expectKind('bad-key', `delete(${shown})`, () => store.delete(key));
    }
  },
  'list returns the keys that begin with the prefix, sorted by their bytes': async ({
    store,
    other,
    key,
  }) => {
    const names = ['a', 'b', 'a/1', 'a/10', 'a/2', 'a-1', 'a.1', 'a_1', 'ab', '0'];
    await Promise.all(names.map((name) => store.put(key(name), bytes(name))));
    deepEqual(await allKeys(other, key('')), sorted(names.map(key)));
    deepEqual(await allKeys(other, key('a/')), ['a/1', 'a/10', 'a/2'].map(key));
    deepEqual(await allKeys(other, key('a/1')), ['a/1', 'a/10'].map(key));
    deepEqual(await allKeys(other, key('c')), []);
  },
  'list returns only keys after the one that is named, whether or not that is there': async ({
    store,
    key,
  }) => {
    await Promise.all(['a', 'b', 'c'].map((name) => store.put(key(name), bytes(name))));
    deepEqual(await allKeys(store, key(''), key('a')), [key('b'), key('c')]);
    deepEqual(await allKeys(store, key(''), key('bb')), [key('c')]);
    deepEqual(await allKeys(store, key(''), key('c')), []);
  },
  'list returns each key once, on as many pages as there are': async ({ store, key, records }) => {
    const keys = Array.from({ length: records }, (_, i) => key(`r${i}`));
    for (let at = 0; at < records; at += 10)
      await Promise.all(keys.slice(at, at + 10).map((each) => store.put(each, bytes('one'))));
    deepEqual(await allKeys(store, key('')), sorted(keys));
  },
  'keys that were deleted are not listed': async ({ store, key }) => {
    await Promise.all(['a', 'b', 'c'].map((name) => store.put(key(name), bytes(name))));
    await store.delete(key('b'));
    const { keys, next } = await store.list(key(''));
    deepEqual(keys, [key('a'), key('c')]);
    ok(next === undefined, `expected no further page, got ${next}`);
  },
};
