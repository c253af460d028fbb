import { expect, test } from '@jest/globals';
import { withFault } from './plant.js';
import { PLANTED } from './planted.js';
import { drawPlan, type Plan, writePlan } from './plan.js';
import { shrink } from './shrink.js';
import { simulate } from './simulate.js';

test.each([25, 39])('the story of seed %i breaks no promise, and is the same each time', async (seed) => {
  const [once, again] = [await simulate(drawPlan(seed)), await simulate(drawPlan(seed))];
  expect(once.violation).toBeUndefined();
  expect(once.leases).toBeGreaterThan(20);
  expect(again.hash).toBe(once.hash);
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
