import { expect, test } from '@jest/globals';
import type { MapRunOrder } from '../../src/framework/local/asl/runtime/map-run.js';
import { type Child, type ChildStarter, MapRun } from '../../src/framework/local/engine/map-runs/map-run.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';

/** A map run over a file, whose children succeed at once. */
function begin(order: Partial<MapRunOrder>) {
  const started: string[] = [];
  const start: ChildStarter['start'] = (name, input) => {
    started.push(input);
    return {
      ...{ arn: name, name, input, startedAt: 0, machine: { arn: '' } },
      ...{ redrives: { count: 0 }, end: { status: 'SUCCEEDED', at: 0, output: input }, stop: () => {} },
      whenEnded: (listener) => void Promise.resolve().then(listener),
    } satisfies Child;
  };
  const run = new MapRun(
    'arn:run',
    'arn:machine',
    'arn:execution',
    { ...ORDER, ...order },
    {
      ...{ clock: new HandClock(), hasRoom: () => true, start },
      redrive: () => undefined,
    },
  );
  return { run, started };
}

const ORDER: MapRunOrder = {
  ...{ state: 'All', label: 'L', length: undefined, children: undefined },
  processor: { group: { startAt: 'P', states: new Map() }, definition: '', isExpress: false },
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
