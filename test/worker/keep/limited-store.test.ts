import { expect, test } from '@jest/globals';
import { type Store, StoreError } from '../../../src/framework/base/store.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { LimitedStore } from '../../../src/framework/worker/keep/limited-store.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';
import { replaced } from '../../support/replaced-store.js';

const VALUE = Buffer.from('value');

/** A store in memory whose methods can be replaced, limited by a hand clock; what is told of its trouble is noted. */
function limited(methods: Partial<Store> = {}): {
  store: LimitedStore;
  clock: HandClock;
  told: string[];
  faults: { write?: unknown };
} {
  const clock = new HandClock();
  const under = memoryStore();
  const told: string[] = [];
  const faults: { write?: unknown } = {};
  const base = replaced(under, {
    put: async (...args) => {
      if (faults.write) throw faults.write;
      return under.put(...args);
    },
    ...methods,
  });
  const store = new LimitedStore(base, 'outbox', {
    clock,
    stores: {
      tell: (event) =>
        told.push(
          event.event === 'store:failed'
            ? `${event.call} ${(event.error as StoreError).kind}: ${event.error.message}`
            : `${event.call} ended after ${event.afterMs}`,
        ),
    },
  });
  return { store, clock, told, faults };
}

test('a store that does not answer is given up after 10 s, and its signal aborts', async () => {
  let given: AbortSignal | undefined;
  const { store, clock, told } = limited({
    get: (_key, options) => {
      given = options?.signal;
      return new Promise(() => {});
    },
  });
  const asked = store.get('outcomes/a').catch((error: unknown) => error);
  await clock.advance(9_999);
  expect(given?.aborted).toBe(false);
  await clock.advance(1);
  const error = await asked;
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ kind: 'unavailable', message: 'memory did not answer within 10 s' });
  expect(given?.aborted).toBe(true);
  expect(told).toEqual(['read unavailable: memory did not answer within 10 s']);
});

test('trouble is told once when it begins and once when no call has failed for 30 s', async () => {
  const { store, clock, told, faults } = limited();
  faults.write = new StoreError('full', 'no room');
  for (let n = 0; n < 3; n++) {
    await expect(store.put('outcomes/a', VALUE)).rejects.toThrow('no room');
    await store.get('outcomes/a');
    await clock.advance(1_000);
  }
  faults.write = undefined;
  await store.put('outcomes/a', VALUE);
  await clock.advance(30_000);
  expect(told).toEqual(['write full: no room', 'write ended after 32000']);
});

test('a record that is too large or a key that is wrong is no trouble of the store', async () => {
  const { store, told } = limited();
  await expect(store.put('../x', VALUE)).rejects.toMatchObject({ kind: 'bad-key' });
  expect(told).toEqual([]);
});

test('whatever a store throws, its caller gets a StoreError', async () => {
  const { store } = limited({
    list: () => {
      throw new TypeError('not today');
    },
  });
  await expect(store.list('outcomes/')).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'unavailable',
    message: 'memory failed: not today',
  });
});

test("the caller's signal ends a call with its reason, and is no trouble", async () => {
  const { store, told } = limited({ get: () => new Promise(() => {}) });
  const control = new AbortController();
  const asked = store.get('outcomes/a', { signal: control.signal }).catch((error: unknown) => error);
  control.abort(new Error('enough'));
  expect(await asked).toMatchObject({ message: 'enough' });
  expect(told).toEqual([]);
});
