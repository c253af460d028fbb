import { describe, expect, test } from '@jest/globals';
import { standIn } from './stand-in.js';
import { tries } from '../../support/effort.js';
import { tryIt } from './trial.js';

/** Seeds, and whether the workers are hidden now and then while they work. */
const TRIALS = (
  [
    [5, true],
    [1, false],
    [6, true],
    [7, false],
  ] as const
).slice(0, tries(2));

describe('over sixty random steps the estimate is within what CloudWatch can not have and what was stopped, and the same after a restart', () => {
  test.each(TRIALS)(
    'against a stand-in, and no number is told while the workers are not seen and CloudWatch has tasks at work (seed %i, hidden: %s)',
    async (seed, hides) => {
      const { metrics, put } = standIn();
      const { looked, blind } = await tryIt(() => metrics, put, { seed, hides, steps: 60 });
      expect([looked > 15, blind > 5]).toEqual([true, hides]);
    },
    600_000,
  );
});
