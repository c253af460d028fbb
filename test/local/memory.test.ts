import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { CreateStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { openBench, ROLE } from './service.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const pass = (next: object): object => ({ Type: 'Pass', ...next });
/** One branch fails while the other is on its way. */
const definition = JSON.stringify({
  StartAt: 'X',
  States: {
    X: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'A', States: { A: { Type: 'Fail', Error: 'E' } } },
        { StartAt: 'B', States: { B: pass({ Next: 'C' }), C: pass({ Next: 'D' }), D: pass({ End: true }) } },
      ],
      End: true,
    },
  },
});

test('an execution that is forgotten holds nothing, nor does what was under way in it', async () => {
  const { client, service } = await openBench({ keptExecutions: 1 });
  const stateMachineArn = service.seedMachine({ name: 'M', definition });
  const run = async (times: number): Promise<number> => {
    for (let n = 0; n < times; n++) {
      const input = JSON.stringify({ n, items: Array.from({ length: 2_000 }, (_, i) => `item ${n}.${i}`) });
      await client.send(new StartExecutionCommand({ stateMachineArn, input }));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await run(20);
  const after = await run(200);
  expect((after - before) / 1024 ** 2).toBeLessThan(8);
});

test('a megabyte of small expressions is a machine in less than a second, and takes little memory', async () => {
  const { client } = await openBench();
  const Output = Array.from({ length: 25_000 }, (_, i) => `{% $states.input.value${i} + 1 %}`);
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'X',
    States: { X: { Type: 'Pass', Output, End: true } },
  });
  expect(definition.length).toBeGreaterThan(900_000);
  collect();
  const heap = process.memoryUsage().heapUsed;
  const began = process.cpuUsage();
  await client.send(new CreateStateMachineCommand({ name: 'M', definition, roleArn: ROLE }));
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(1);
  collect();
  expect((process.memoryUsage().heapUsed - heap) / 1024 ** 2).toBeLessThan(60);
});
