import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { createTestBed, createTestMachine } from '../../src/framework/testing/index.js';
import { percentile } from '../benchmark.js';
import { answer } from './child.js';

/** The processor time of each in a fresh process, in milliseconds. */
export interface TestCosts {
  readonly bedMs: number;
  readonly runMs: number;
  /** A machine that is created and executed. */
  readonly machineMs: number;
  /** A Map of 1,000 tasks. */
  readonly mapMs: number;
}

const ROUNDS = 5;
const Hello = {
  Type: 'Task',
  Resource: 'arn:aws:states:ap-northeast-1:123456789012:activity:HelloWorldActivity',
  End: true,
};
const ONE = { StartAt: 'Hello', States: { Hello } };
const MANY = { StartAt: 'Each', States: { Each: { Type: 'Map', ItemProcessor: ONE, End: true } } };
const ITEMS = Array.from({ length: 1_000 }, (_, at) => ({ who: `w${at}` }));
const options = { activities: [HelloWorldActivity] };

/** Resolves to the processor time of one call, the median of the rounds after one that warms up. */
async function timed(calls: number, work: () => Promise<{ readonly status?: string }>): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const from = process.cpuUsage();
    for (let n = 0; n < calls; n++) {
      const { status = 'succeeded' } = await work();
      if (status !== 'succeeded') throw new Error(`HelloWorld ${status}`);
    }
    const { user, system } = process.cpuUsage(from);
    if (round > 0) rounds.push((user + system) / 1_000 / calls);
  }
  return percentile(rounds);
}

const bed = await createTestBed(HelloWorldActivity);
const machine = await createTestMachine(MANY, options);
answer(
  {
    bedMs: await timed(500, async () => {
      await createTestBed(HelloWorldActivity);
      return {};
    }),
    runMs: await timed(2_000, () => bed.run({ who: 'hoge' })),
    machineMs: await timed(300, async () => (await createTestMachine(ONE, options)).execute({ who: 'hoge' })),
    mapMs: await timed(3, () => machine.execute(ITEMS)),
  },
  {},
);
