import { describe, expect, test } from '@jest/globals';
import { FAULTS, search } from './plant.js';
import { drawPlan, type HandlerPlan, type Plan, writePlan } from './plan.js';
import { shrink } from './shrink.js';
import { type Result, simulate } from './simulate.js';

/** Stories with little to do: `npm run simulate` plays the others. */
const [SHORT, OF_ONE_TASK, OF_TWO_HANDLERS, OF_ALL_STORES] = [16, 52, 54, 28];

test('a story is the same each time', async () => {
  const [once, again] = [await simulate(drawPlan(OF_ONE_TASK)), await simulate(drawPlan(OF_ONE_TASK))];
  expect(again.hash).toBe(once.hash);
  expect(once.steps).toBeGreaterThan(1_000);
});

test('three stories break no promise, and a fault that breaks none is not found', async () => {
  const none = { name: 'none', plant: () => {} };
  expect(await search(none, [SHORT, OF_TWO_HANDLERS, OF_ALL_STORES])).toBeUndefined();
});

test('a planted fault is found, and is gone after its story', async () => {
  const fault = FAULTS.find(({ name }) => name === '`signal` is never aborted');
  expect(fault && (await search(fault, [OF_TWO_HANDLERS]))).toMatchObject({ invariant: 'begins in time' });
  expect((await simulate(drawPlan(OF_TWO_HANDLERS))).violation).toBeUndefined();
});

describe('the same story ends the same', () => {
  // Executions that a person stops, and deadlines, depend on how quick a worker is.
  const drawn = drawPlan(OF_TWO_HANDLERS);
  const story: Plan = {
    ...drawn,
    calls: 'lean',
    heartbeatThread: true,
    handlers: drawn.handlers.map((each) => ({ ...each, run: 'main', timeoutMs: false })),
    events: drawn.events.filter(({ kind }) => kind !== 'abort'),
  };
  const placed = (run: HandlerPlan['run']): Plan => ({
    ...story,
    handlers: story.handlers.map((each) => ({ ...each, run })),
  });
  const others: [string, Plan][] = [
    ['by the SDK as by the lean path', { ...story, calls: 'sdk' }],
    ['in threads as on the main thread', placed('thread')],
    ['in processes as on the main thread', placed('process')],
    ['with heartbeats from the main thread as from their own', { ...story, heartbeatThread: false }],
  ];
  let first: Promise<Result> | undefined;
  test.each(others)('%s', async (_, other) => {
    const [one, another] = [await (first ??= simulate(story)), await simulate(other)];
    expect([one.violation, another.violation]).toEqual([undefined, undefined]);
    expect(another.ends).toEqual(one.ends);
    expect(one.ends.length).toBeGreaterThan(5);
  });
});

test('a plan that is written can be read again', () => {
  const plan = drawPlan(7);
  expect(JSON.parse(writePlan(plan))).toEqual(plan);
});

test('a plan that fails is cut down to what fails', async () => {
  const { handlers, events, ...drawn } = drawPlan(OF_TWO_HANDLERS);
  const plan: Plan = {
    ...drawn,
    workers: 1,
    troubleMs: 30_000,
    // No heartbeat can keep leases that are so short.
    handlers: handlers.slice(0, 1).map((each) => ({ ...each, heartbeatSeconds: 1 })),
    events: events.filter(({ kind }) => kind === 'calls').slice(0, 4),
  };
  const task = { at: 5_000, kind: 'tasks', handler: 'main', count: 8, ms: 3_000, does: 'ok' } as const;
  const long: Plan = { ...plan, events: [...plan.events, task] };
  const result = await simulate(long);
  expect(result.violation?.invariant).toBe('kept');
  const small = await shrink(long, result);
  expect(small.plan.events).toEqual([{ ...task, count: 1 }]);
  expect((await simulate(small.plan)).hash).toBe(small.result.hash);
});
