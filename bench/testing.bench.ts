import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Measured } from './benchmark.js';
import { answerOf, dismiss } from './support/child.js';
import { median } from './support/measure/median.js';
import type { TestingFindings } from './support/testing-process.js';

const PROCESSES = 5;

async function find(): Promise<TestingFindings> {
  const file = fileURLToPath(new URL('support/testing-process.js', import.meta.url));
  const child = fork(file, { stdio: 'inherit', execArgv: ['--expose-gc'] });
  const findings = (await answerOf(child)) as TestingFindings;
  await dismiss(child);
  return findings;
}

const ROWS: readonly (readonly [keyof TestingFindings, string, string, number])[] = [
  ['bedMs', 'a bed', 'ms', 0.25],
  ['runMs', 'a run', 'ms', 0.02],
  ['machineMs', 'a machine of one task, created and executed', 'ms', 1],
  ['mapMs', 'a Map of 1,000 tasks', 'ms', 150],
  ['bedBytes', 'the heap that each of 2,000 dropped beds leaves behind', 'bytes', 500],
  ['machineBytes', 'the heap that each of 2,000 dropped machines leaves behind', 'bytes', 500],
];

export default {
  title: `what tests cost, in processor time: the median of ${PROCESSES} processes, each the median of its rounds`,
  run: async (): Promise<Measured[]> => {
    const found: TestingFindings[] = [];
    for (let n = 0; n < PROCESSES; n++) found.push(await find());
    return ROWS.map(([key, what, unit, promised]) => {
      const values = found.map((each) => each[key]);
      const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
        Number(value.toPrecision(3)),
      );
      const ours = { who: 'Stepwright', value: median(values), note: `from ${least} to ${most}` };
      return { what, unit, better: 'lower', ours, promised, rivals: [] };
    });
  },
} satisfies Benchmark;
