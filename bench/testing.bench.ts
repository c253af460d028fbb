import { fileURLToPath } from 'node:url';
import { type Benchmark, brokenOf, inTurns, show } from './benchmark.js';
import { startChild } from './support/child.js';
import type { TestCosts } from './support/testing-process.js';

const PROCESSES = 5;

async function measure(): Promise<TestCosts> {
  const child = await startChild(fileURLToPath(new URL('support/testing-process.js', import.meta.url)), {});
  await child.stop();
  return child.first as TestCosts;
}

const PROMISES: readonly (readonly [keyof TestCosts, string, number])[] = [
  ['bedMs', 'a bed', 0.25],
  ['runMs', 'a run', 0.02],
  ['machineMs', 'a machine, created and run', 1],
  ['mapMs', 'a Map of 1,000 tasks', 150],
];

export default {
  title: `the processor time of a test: the median of ${PROCESSES} processes, each the median of its rounds`,
  run: async ({ rounds = PROCESSES }) => {
    const costs = (await inTurns(rounds, [undefined], measure)).get(undefined);
    const found = PROMISES.map(([key, what, most]) => ({ what, most, ms: costs?.[key] ?? Number.NaN }));
    return {
      tables: [
        {
          title: 'A test of HelloWorld',
          columns: ['', 'Stepwright', 'promised'],
          rows: found.map(({ what, ms, most }) => [what, show(ms, 'ms'), show(most, 'ms')]),
        },
      ],
      broken: brokenOf(found.map(({ what, ms, most }) => [ms <= most, `${what}: ${show(ms, 'ms')}`])),
    };
  },
} satisfies Benchmark;
