import { expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/support/random.js';
import { createLog } from '../../../src/framework/base/log/log.js';
import type { Store } from '../../../src/framework/base/store/store.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { type Left, type LeasesOptions, WorkerLeases } from '../../../src/framework/worker/keep/leases.js';
import { LimitedStore } from '../../../src/framework/worker/keep/limited-store.js';
import { memoryStore } from '../../../src/framework/worker/keep/memory.js';

const silent = createLog({ level: 'silent' });
const SCOPES = ['AWS 123456789012 eu-west-1'];

interface TestWorker {
  readonly leases: WorkerLeases;
  readonly clock: HandClock;
  readonly taken: Left[];
}

/** A worker's leases on a clock of their own, so that a worker dies when its clock is no longer moved. */
function worker(
  store: Store,
  name: string,
  { clock = new HandClock(), ...options }: Partial<LeasesOptions> & { clock?: HandClock } = {},
): TestWorker {
  const trouble = { began: () => {}, ended: () => {} };
  const taken: Left[] = [];
  const leases = new WorkerLeases({
    ...{ clock, log: silent, workerName: name, use: 'outbox', records: 'outcomes/', scopes: SCOPES },
    random: Math.random,
    store: new LimitedStore(store, { clock, trouble }),
    onTaken: async (left) => {
      taken.push(left);
      return true;
    },
    ...options,
  });
  leases.start();
  return { leases, clock, taken };
}

/** Moves the clocks side by side, as time passes for all who live. */
async function pass(ms: number, ...living: readonly TestWorker[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000)
    for (const { clock } of living) await clock.advance(Math.min(1_000, ms - passed));
}

test('what a dead worker holds is taken over after 30 s, by one of several', async () => {
  const store = memoryStore();
  const dead = worker(store, 'dead');
  const living = ['a', 'b', 'c'].map((name) => worker(store, name));
  await pass(5_000, dead, ...living);
  const id = dead.leases.own;
  expect(id).toMatch(/^dead-/);
  await pass(20_000, ...living);
  expect(living.flatMap(({ taken }) => taken)).toEqual([]);
  await pass(25_000, ...living);
  expect(living.flatMap(({ taken }) => taken)).toMatchObject([{ id, workerName: 'dead' }]);
  await pass(60_000, ...living);
  expect(living.flatMap(({ taken }) => taken)).toHaveLength(1);
  expect((await store.list('workers/')).keys).toHaveLength(3);
});

test('what many hold that die together is taken over at once, also if their names follow each other', async () => {
  const store = memoryStore();
  const random = randomOf(1);
  const all = Array.from({ length: 24 }, (_, n) =>
    worker(store, `w${String(n).padStart(2, '0')}`, { random }),
  );
  await pass(11_000, ...all);
  const living = all.slice(12);
  await pass(42_000, ...living);
  expect(living.flatMap(({ taken }) => taken)).toHaveLength(12);
});

test('a worker that lives keeps its lease, whatever the clocks of the others show', async () => {
  const store = memoryStore();
  const one = worker(store, 'one');
  const ahead = new HandClock(Date.UTC(2050, 1));
  const other = worker(store, 'other', { clock: ahead });
  await pass(120_000, one, other);
  const id = one.leases.own;
  await pass(120_000, one, other);
  expect(one.leases.own).toBe(id);
  expect([...one.taken, ...other.taken]).toEqual([]);
});

test('what a worker holds that dies while it offers the rest of another is taken over with it', async () => {
  const store = memoryStore();
  const first = worker(store, 'first');
  await pass(2_000, first);
  const second = worker(store, 'second', { onTaken: () => new Promise(() => {}) });
  await pass(45_000, second);
  expect((await store.list('workers/')).keys).toHaveLength(2);
  const third = worker(store, 'third');
  await pass(45_000, third);
  expect(new Set(third.taken.map(({ id }) => id))).toEqual(new Set([first.leases.own, second.leases.own]));
});

test('a worker that was stopped for so long that another took its lease gets a new one', async () => {
  const store = memoryStore();
  const stopped = worker(store, 'stopped');
  await pass(2_000, stopped);
  const before = stopped.leases.own;
  const other = worker(store, 'other');
  await pass(60_000, other);
  await pass(25_000, stopped, other);
  expect(stopped.leases.own).toBeDefined();
  expect(stopped.leases.own).not.toBe(before);
});

test('a stop leaves nothing behind if nothing belongs to the lease, and else something to take at once', async () => {
  const store = memoryStore();
  const empty = worker(store, 'empty');
  const full = worker(store, 'full');
  await pass(2_000, empty, full);
  await empty.leases.stop({ isEmpty: true });
  await full.leases.stop({ isEmpty: false });
  expect((await store.list('workers/')).keys).toHaveLength(1);
  const next = worker(store, 'next');
  await pass(1_000, next);
  expect(next.taken).toMatchObject([{ workerName: 'full' }]);
});

test('a worker of another account or endpoint takes nothing over', async () => {
  const store = memoryStore();
  const dead = worker(store, 'dead');
  await pass(2_000, dead);
  const other = worker(store, 'other', { scopes: ['AWS 210987654321 eu-west-1'] });
  await pass(120_000, other);
  expect(other.taken).toEqual([]);
});

test('records whose lease is gone are taken over too', async () => {
  const store = memoryStore();
  await store.put('outcomes/lost-1/abc', Buffer.from('{}'));
  await store.put('outcomes/given-up/abc', Buffer.from('{}'));
  const one = worker(store, 'one', { reserved: ['given-up'] });
  await pass(45_000, one);
  expect(one.taken.map(({ id }) => id)).toEqual(['lost-1']);
});
