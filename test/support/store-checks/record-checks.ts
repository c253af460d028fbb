import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import type { Checks } from './checks.js';
import { bytes, expectKind, expectNone, expectReason, expectText } from './expect.js';

/** A record of this length is taken for one that no store should have to be spared. */
const MOST_TRIED_BYTES = 128 * 1024 * 1024;

/** Checks of single records: they are returned whole, by every process. */
export const recordChecks: Checks = {
  'it says what it is, and how large a record may be': async ({ store }) => {
    ok(typeof store.name === 'string' && store.name !== '', 'expected name to be a text');
    ok(
      Number.isSafeInteger(store.maxBytes) && store.maxBytes > 0,
      `expected maxBytes to be a number of bytes, got ${store.maxBytes}`,
    );
    ok(
      store.uri === undefined || /^[a-z][a-z0-9+.-]*:/.test(store.uri),
      `expected uri to be a URI, got ${store.uri}`,
    );
  },
  'a record that was put is returned, with the version that put returned': async ({ store, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    equal(await expectText(store, key('a'), 'one'), version);
  },
  'put replaces a record, and gives it another version': async ({ store, key }) => {
    const first = await store.put(key('a'), bytes('one'));
    const second = await store.put(key('a'), bytes('two'));
    notEqual(second, first);
    equal(await expectText(store, key('a'), 'two'), second);
  },
  'a record may be empty, and have every byte': async ({ store, key }) => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    await store.put(key('empty'), new Uint8Array());
    await store.put(key('all'), all);
    equal((await store.get(key('empty')))?.value.byteLength, 0);
    deepEqual(Buffer.from((await store.get(key('all')))?.value ?? []), Buffer.from(all));
  },
  'a large record is returned whole': async ({ store, other, key }) => {
    const large = new Uint8Array(Math.min(store.maxBytes, 1_000_000)).map((_, i) => (i * 31) % 251);
    await store.put(key('large'), large);
    ok(
      Buffer.from(large).equals((await other.get(key('large')))?.value ?? new Uint8Array()),
      'expected the same bytes',
    );
  },
  'a record above maxBytes is refused as too-large, and not written': async ({ store, key }) => {
    if (store.maxBytes >= MOST_TRIED_BYTES) return;
    const tooLarge = new Uint8Array(store.maxBytes + 1);
    await expectKind('too-large', 'put', () => store.put(key('a'), tooLarge));
    await expectKind('too-large', 'putIfAbsent', () => store.putIfAbsent(key('a'), tooLarge));
    await expectNone(store, key('a'));
  },
  'get refuses a record above its own maxBytes, and returns one that just fits': async ({ store, key }) => {
    await store.put(key('a'), new Uint8Array(1_000));
    await expectKind('too-large', 'get', () => store.get(key('a'), { maxBytes: 999 }));
    equal((await store.get(key('a'), { maxBytes: 1_000 }))?.value.byteLength, 1_000);
  },
  'a record that is not there is undefined': async ({ store, key }) => expectNone(store, key('none')),
  'putIfAbsent writes where no record is, and returns its version': async ({ store, key }) => {
    const version = await store.putIfAbsent(key('a'), bytes('one'));
    equal(await expectText(store, key('a'), 'one'), version);
  },
  'putIfAbsent leaves the record that is there': async ({ store, other, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    equal(await other.putIfAbsent(key('a'), bytes('two')), undefined);
    equal(await expectText(store, key('a'), 'one'), version);
  },
  'of twenty that put if absent at once, one succeeds': async ({ store, other, key }) => {
    const puts = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? store : other).putIfAbsent(key('a'), bytes(`by ${i}`)),
    );
    const versions = await Promise.all(puts);
    const winners = versions.flatMap((version, i) => (version === undefined ? [] : [i]));
    equal(winners.length, 1, `expected one to succeed, got ${winners.length}`);
    await expectText(store, key('a'), `by ${winners[0]}`);
  },
  'delete removes a record, and its key can be used again': async ({ store, key }) => {
    await store.put(key('a'), bytes('one'));
    await store.delete(key('a'));
    await expectNone(store, key('a'));
    ok(await store.putIfAbsent(key('a'), bytes('two')), 'expected putIfAbsent to write after a delete');
    await expectText(store, key('a'), 'two');
  },
  'delete does nothing if there is no record': async ({ store, key }) => {
    equal(await store.delete(key('none')), undefined);
  },
  'what one has written, another reads': async ({ store, other, key }) => {
    const version = await store.put(key('a'), bytes('one'));
    equal(await expectText(other, key('a'), 'one'), version);
    await other.put(key('a'), bytes('two'));
    await expectText(store, key('a'), 'two');
    await store.delete(key('a'));
    await expectNone(other, key('a'));
  },
  'a record keeps its bytes, whatever its writer and its readers do with theirs': async ({ store, key }) => {
    const value = bytes('one');
    const written = store.put(key('a'), value);
    value.fill(0);
    await written;
    (await store.get(key('a')))?.value.fill(0);
    await expectText(store, key('a'), 'one');
  },
  'reads beside writes return one of the records whole': async ({ store, other, key }) => {
    const sizes = [10, 50_000, 0, 20_000, 3];
    const value = (size: number): Uint8Array => new Uint8Array(size).fill(size % 251);
    await store.put(key('a'), value(10));
    const writes = sizes.map((size) => store.put(key('a'), value(size)));
    const reads = Array.from({ length: 20 }, () => other.get(key('a')));
    for (const found of await Promise.all(reads)) {
      ok(
        found && sizes.includes(found.value.byteLength),
        `expected a whole record, got ${found?.value.byteLength} bytes`,
      );
      ok(
        found.value.every((byte) => byte === found.value.byteLength % 251),
        'expected the bytes of one record',
      );
    }
    await Promise.all(writes);
  },
  'a call whose signal has aborted rejects with its reason, and writes nothing': async ({ store, key }) => {
    await store.put(key('a'), bytes('one'));
    const reason = new Error('the reason');
    const signal = AbortSignal.abort(reason);
    await expectReason(reason, 'put', () => store.put(key('a'), bytes('two'), { signal }));
    await expectReason(reason, 'putIfAbsent', () => store.putIfAbsent(key('a'), bytes('two'), { signal }));
    await expectReason(reason, 'putIfAbsent of a new key', () =>
      store.putIfAbsent(key('b'), bytes('two'), { signal }),
    );
    await expectReason(reason, 'get', () => store.get(key('a'), { signal }));
    await expectReason(reason, 'delete', () => store.delete(key('a'), { signal }));
    await expectReason(reason, 'list', () => store.list(key(''), { signal }));
    await expectText(store, key('a'), 'one');
    await expectNone(store, key('b'));
  },
  'a signal that aborts later ends the wait by its reason alone': async ({ store, key }) => {
    const abort = new AbortController();
    const reason = new Error('the reason');
    const put = store.put(key('a'), bytes('one'), { signal: abort.signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    abort.abort(reason);
    const error = await put;
    ok(error === undefined || error === reason, `expected the signal's reason, got ${String(error)}`);
  },
};
