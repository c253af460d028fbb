import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { expect, test } from '@jest/globals';
import { openBench, type Bench } from './service.js';

async function start({ client, service }: Bench, name: string, definition: object): Promise<string> {
  const stateMachineArn = service.seedMachine({ name, definition: JSON.stringify(definition) });
  const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn }));
  return executionArn;
}

async function describe(
  { client }: Bench,
  executionArn: string,
): Promise<{ status?: string; cause?: string }> {
  const { status = '', cause = '' } = await client.send(new DescribeExecutionCommand({ executionArn }));
  return { status, cause };
}

async function end(bench: Bench, executionArn: string): Promise<{ status?: string; cause?: string }> {
  for (;;) {
    const described = await describe(bench, executionArn);
    if (described.status !== 'RUNNING') return described;
  }
}

/** A Pass state in JSONata. A match with this regular expression is made in a thread. */
const matching = (text: string): object => ({
  Type: 'Pass',
  QueryLanguage: 'JSONata',
  Output: `{% $count($match("${text}", /(a?)*(a?)*(a?)*c/)) %}`,
  End: true,
});

const alone = (state: object): object => ({ StartAt: 'X', States: { X: state } });

test('an execution with many slow expressions leaves a thread to the others', async () => {
  const bench = await openBench();
  const Branches = Array.from({ length: 8 }, (_, i) => ({
    StartAt: `X${i}`,
    States: { [`X${i}`]: matching('a'.repeat(1_000)) },
  }));
  const many = await start(bench, 'Many', alone({ Type: 'Parallel', Branches, End: true }));
  const few = await start(bench, 'Few', alone(matching('ab')));
  expect(await end(bench, few)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await describe(bench, many)).toMatchObject({ status: 'RUNNING' });
});

test('a clock that a test moves waits for an expression that is evaluated in a thread', async () => {
  const bench = await openBench();
  const executionArn = await start(bench, 'One', {
    StartAt: 'X',
    States: {
      X: { ...matching('a'.repeat(60)), End: undefined, Next: 'W' },
      W: { Type: 'Wait', Seconds: 1, End: true },
    },
  });
  await bench.clock.advance(1_000);
  expect(await describe(bench, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
});

test('an execution is ended when its costly fields take too much together', async () => {
  const bench = await openBench();
  const unique = 'States.ArrayUnique(States.ArrayRange(1, 1000, 1))';
  const again = {
    Type: 'Choice',
    Choices: [{ Variable: '$.never', IsPresent: true, Next: 'Z' }],
    Default: 'X',
  };
  const X = {
    Type: 'Pass',
    ResultPath: null,
    Parameters: { 'a.$': unique, 'b.$': unique, 'c.$': unique },
    Next: 'Y',
  };
  const looping = await start(bench, 'Looping', {
    StartAt: 'X',
    States: { X, Y: again, Z: { Type: 'Succeed' } },
  });
  const { status, cause } = await end(bench, looping);
  expect(status).toBe('FAILED');
  expect(cause).toContain('The execution takes too much work to evaluate.');
});
