import { DescribeExecutionCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { openBench, type Bench } from './service.js';

async function start({ client, service }: Bench, name: string, definition: object): Promise<string> {
  const machine = JSON.stringify({ QueryLanguage: 'JSONata', ...definition });
  const stateMachineArn = service.seedMachine({ name, definition: machine });
  const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn }));
  return executionArn;
}

async function statusOf({ client }: Bench, executionArn: string): Promise<string | undefined> {
  return (await client.send(new DescribeExecutionCommand({ executionArn }))).status;
}

/** Resolves with the status and the output or the cause once the execution has ended. */
async function end({ client }: Bench, executionArn: string): Promise<unknown> {
  for (;;) {
    const { status, output, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING') return [status, output ?? cause];
    await systemClock.sleep(10);
  }
}

const pass = (Output: unknown): object => ({ Type: 'Pass', Output, End: true });
const alone = (state: object): object => ({ StartAt: 'X', States: { X: state } });
/** An expression that doesn't end in a lifetime. */
const ENDLESS = `{% $match("${'a'.repeat(60)}", /(a?){60}c/) %}`;

test('an execution with many endless expressions leaves the other thread to others, and can be stopped', async () => {
  const bench = await openBench();
  const Branches = Array.from({ length: 8 }, (_, i) => ({
    StartAt: `X${i}`,
    States: { [`X${i}`]: pass(ENDLESS) },
  }));
  const executionArn = await start(bench, 'Many', alone({ Type: 'Parallel', Branches, End: true }));
  for (let n = 0; n < 3; n++)
    expect(await end(bench, await start(bench, `Few${n}`, alone(pass('{% 1 + 1 %}'))))).toEqual([
      'SUCCEEDED',
      '2',
    ]);
  expect(await statusOf(bench, executionArn)).toBe('RUNNING');
  await bench.client.send(new StopExecutionCommand({ executionArn }));
  expect(await end(bench, await start(bench, 'After', alone(pass('{% 2 %}'))))).toEqual(['SUCCEEDED', '2']);
}, 60_000);

test('a clock that a test moves waits for an expression', async () => {
  const bench = await openBench();
  const executionArn = await start(bench, 'One', {
    StartAt: 'X',
    States: {
      X: { Type: 'Pass', Output: '{% $sum([1..20000].($ * 2)) %}', Next: 'W' },
      W: { Type: 'Wait', Seconds: 1, End: true },
    },
  });
  await bench.clock.advance(1_000);
  expect(await statusOf(bench, executionArn)).toBe('SUCCEEDED');
});

test('the time stands still within one expression', async () => {
  const bench = await openBench({ clock: systemClock });
  const takesLong = '$sum([1..100000].($ * 2)) > 0';
  const Output = `{% ($then := [$millis(), $now()]; ${takesLong} and $then = [$millis(), $now()]) %}`;
  expect(await end(bench, await start(bench, 'One', alone(pass(Output))))).toEqual(['SUCCEEDED', 'true']);
});
