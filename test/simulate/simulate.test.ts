import { describe, expect, test } from '@jest/globals';
import { withFault } from './plant.js';
import { PLANTED } from './planted.js';
import { drawPlan, type HandlerPlan, type Plan, writePlan } from './plan.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';

test.each([25, 39])('the story of seed %i breaks no promise, and is the same each time', async (seed) => {
  const [once, again] = [await simulate(drawPlan(seed)), await simulate(drawPlan(seed))];
  expect(once.violation).toBeUndefined();
  expect(once.leases).toBeGreaterThan(20);
  expect(again.hash).toBe(once.hash);
});

describe('the same story ends the same', () => {
  // Executions that a person stops, and deadlines, depend on how quick a worker is.
  const drawn = drawPlan(25);
  const story: Plan = {
    ...{ ...drawn, calls: 'lean' },
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
  test.each(others)('%s', async (_, other) => {
    const [one, another] = [await simulate({ ...story, heartbeatThread: true }), await simulate(other)];
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
  const drawn = drawPlan(25);
  // No heartbeat can keep leases that are so short.
  const handlers = drawn.handlers.map((each) => ({ ...each, heartbeatSeconds: 1 }));
  const plan: Plan = { ...drawn, handlers };
  const result = await simulate(plan);
  expect(result.violation?.invariant).toBe('kept');
  const small = await shrink(plan, result);
  expect(small.plan.events.length).toBeLessThan(plan.events.length / 4);
  expect((await simulate(small.plan)).hash).toBe(small.result.hash);
});

test.each(PLANTED)('the planted fault fits its source: $name', (planted) => {
  expect(withFault(planted)).toContain(planted.to);
});
