import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ResultFiles } from '../../src/framework/asl/items/map-results.js';
import type { MapRunOrder } from '../../src/framework/asl/runtime/map-run.js';
import type { ObjectStore } from '../../src/framework/asl/runtime/running-execution.js';
import { type Child, type ChildStarter, MapRun } from '../../src/framework/local/engine/map-runs/map-run.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';

/** A map run over a file, whose children succeed at once. */
function begin(order: Partial<MapRunOrder>) {
  const started: string[] = [];
  const start: ChildStarter['start'] = (name, input) => {
    started.push(input);
    return {
      arn: name,
      name,
      input,
      startedAt: 0,
      machine: { arn: '' },
      redrives: { count: 0 },
      end: { status: 'SUCCEEDED', at: 0, output: input },
      stop: () => {},
      whenEnded: (listener) => void Promise.resolve().then(listener),
    } satisfies Child;
  };
  const run = new MapRun(
    'arn:run',
    'arn:machine',
    'arn:execution',
    { ...ORDER, ...order },
    {
      clock: new HandClock(),
      hasRoom: () => true,
      start,
      redrive: () => undefined,
    },
  );
  return { run, started };
}

const ORDER: MapRunOrder = {
  state: 'All',
  label: 'L',
  length: undefined,
  children: undefined,
  processor: { definition: '', isExpress: false },
  limits: { maxConcurrency: Infinity, toleratedCount: undefined, toleratedPercentage: undefined },
  async *open() {
    for (let value = 0; value < 1_000; value++) yield { value, items: 1 };
  },
  results: { add: () => undefined, end: () => undefined, take: () => null },
  onEnd: () => {},
};

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((turn) => setImmediate(turn));
};

test('children start no faster than their results are written', async () => {
  const written: (() => void)[] = [];
  const add = (): Promise<void> => new Promise((resolve) => written.push(resolve));
  const { run, started } = begin({ results: { ...ORDER.results, add } });
  await turns(10);
  const first = started.length;
  expect(first).toBeLessThan(5);
  for (const each of written) each();
  await turns(10);
  expect(started.length).toBeGreaterThan(first);
  expect(started.length).toBeLessThan(10);
  run.abort();
});

test('a run ends at once if its results can not be written', async () => {
  const lost = new Error('The disk is full.');
  const add = (): Promise<void> => {
    const written = Promise.reject(lost);
    written.catch(() => {});
    return written;
  };
  const ends: unknown[] = [];
  const { run, started } = begin({
    results: { ...ORDER.results, add },
    onEnd: (failure) => ends.push(failure),
  });
  await turns(10);
  expect(ends).toEqual([lost]);
  expect(run.status).toBe('FAILED');
  expect(started.length).toBeLessThan(5);
});

test('a redrive goes on after results that could not be written', async () => {
  let isFull = true;
  const add = (): Promise<void> | undefined => {
    if (!isFull) return undefined;
    const written = Promise.reject(new Error('The disk is full.'));
    written.catch(() => {});
    return written;
  };
  const { run } = begin({ results: { ...ORDER.results, add } });
  await turns(10);
  isFull = false;
  const ended = new Promise((onEnd) => run.redrive(onEnd));
  expect(await ended).toBeUndefined();
  expect(run.status).toBe('SUCCEEDED');
});

test('the results of an attempt are complete before those of the next one end', async () => {
  const log: string[] = [];
  const end = async (): Promise<void> => {
    log.push('begins');
    await turns(3);
    log.push('ends');
  };
  const { run } = begin({ results: { ...ORDER.results, end } });
  run.abort();
  run.redrive(() => {});
  run.abort();
  const ended = new Promise((onEnd) => run.redrive(onEnd));
  expect(await ended).toBeUndefined();
  expect(log).toEqual(['begins', 'ends', 'begins', 'ends', 'begins', 'ends']);
});

/** The results of a map run in a store that can not write the keys that contain `blocked`. */
function resultFiles() {
  const state = { blocked: '' };
  const write: ObjectStore['write'] = async (_bucket, key) => {
    if (state.blocked !== '' && key.includes(state.blocked)) throw new Error(`no room for ${key}`);
  };
  const none = async function* (): AsyncGenerator<never> {};
  const config = { transformation: 'COMPACT', outputType: 'JSONL' } as const;
  const results = new ResultFiles({ read: none, list: none, write }, 'b', 'p', config);
  const add = async (succeeded: boolean, text = '1'): Promise<void> =>
    results.add(0, { succeeded, output: succeeded ? text : undefined, describe: () => text });
  return { state, results, add };
}

test.each(['FAILED', 'manifest'])('a redrive can mend that %s could not be stored', async (blocked) => {
  const { state, results, add } = resultFiles();
  await add(false);
  await add(true);
  state.blocked = blocked;
  await expect(results.end('arn:run')).rejects.toThrow('no room for p/run/');
  state.blocked = '';
  await results.end('arn:run');
  expect(results.take()).toMatchObject({ MapRunArn: 'arn:run' });
});

test('no temporary file is left of results that can not be stored', async () => {
  const { state, results, add } = resultFiles();
  const large = `${Math.random()} ${'x'.repeat(1024 * 1024)}`;
  const before = new Set(readdirSync(tmpdir()));
  const left = (): string[] =>
    readdirSync(tmpdir()).filter((name) => {
      if (before.has(name) || !name.startsWith('stepwright-results-')) return false;
      try {
        return readFileSync(join(tmpdir(), name), 'utf8').startsWith(large);
      } catch {
        return false; // That of another test, which has removed it.
      }
    });
  state.blocked = 'SUCCEEDED';
  for (const _ of [1, 2]) {
    await add(true, large);
    await add(false, large);
    expect(left()).toHaveLength(2);
    await expect(results.end('arn:run')).rejects.toThrow('no room for p/run/SUCCEEDED_0.jsonl');
    expect(left()).toEqual([]);
  }
});
