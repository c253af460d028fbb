import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Figure, Measured } from './benchmark.js';
import type { BedFindings } from './support/bed-process.js';
import { answerOf, dismiss } from './support/child.js';
import { median } from './support/measure/median.js';

const PROCESSES = 9;
/** The heap's tolerated growth for each of 1,000 beds. */
const ALLOWED_BYTES = 1_000;

/** A fresh process, since a bed is cheap from the second on. */
async function find(): Promise<BedFindings> {
  const file = fileURLToPath(new URL('support/bed-process.js', import.meta.url));
  const child = fork(file, { stdio: 'inherit', execArgv: ['--expose-gc'] });
  const findings = (await answerOf(child)) as BedFindings;
  await dismiss(child);
  return findings;
}

export default {
  title: `a bed for HelloWorldActivity, in a fresh process each of ${PROCESSES} times; the median of them`,
  run: async (): Promise<Measured[]> => {
    const found: BedFindings[] = [];
    for (let n = 0; n < PROCESSES; n++) found.push(await find());
    const figure = (who: string, key: keyof BedFindings): Figure => {
      const values = found.map((each) => each[key]);
      const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
        Number(value.toPrecision(3)),
      );
      return { who, value: median(values), note: `from ${least} to ${most}` };
    };
    const measured = (what: string, unit: string, ours: Figure, promised?: number): Measured => {
      return { what, unit, better: 'lower', ours, promised, rivals: [] };
    };
    return [
      measured('creation after import', 'ms', figure('the first bed of a process', 'firstBedMs'), 10),
      measured('creation of a further bed', 'ms', figure('the next 1000', 'bedMs'), 10),
      measured('the first run of a process', 'ms', figure('the first run', 'firstRunMs')),
      measured('the second run of a process', 'ms', figure('the second run', 'secondRunMs'), 1),
      measured('a run', 'ms', figure('the next 5000', 'runMs'), 1),
      measured(
        'the heap that 1000 dropped beds leave behind, each',
        'bytes',
        figure('dropped', 'leakedBytes'),
        ALLOWED_BYTES,
      ),
      measured('the heap that 1000 held beds take, each', 'bytes', figure('held', 'heldBytes')),
    ];
  },
} satisfies Benchmark;
