import { describe, expect, test } from '@jest/globals';
import { sample } from '../../support/thorough.js';
import { standIn } from './stand-in.js';
import { tryIt } from './trial.js';

describe('over a hundred random steps the estimate is within what CloudWatch can not have and what was stopped, and the same after a restart', () => {
  test.each(sample([1, 2, 3], 1))(
    'against a stand-in, seed %i',
    async (seed) => {
      const { metrics, put } = standIn();
      expect((await tryIt(() => metrics, put, { seed })).looked).toBeGreaterThan(50);
    },
    120_000,
  );

  test.each(sample([5, 6, 7], 1))(
    'and no number is told while the workers are not seen and CloudWatch has tasks at work, seed %i',
    async (seed) => {
      const { metrics, put } = standIn();
      const { looked, blind } = await tryIt(() => metrics, put, { seed, hides: true });
      expect([looked > 25, blind > 10]).toEqual([true, true]);
    },
    120_000,
  );
});
