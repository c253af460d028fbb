import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';
import { Transfers } from '../src/activities/transfers.activity.js';

const ORDER = {
  StartAt: 'Wait a day',
  States: {
    'Wait a day': { Type: 'Wait', Seconds: 86_400, Next: 'Pay' },
    Pay: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:transfer',
      HeartbeatSeconds: 60,
      Retry: [{ ErrorEquals: ['States.Timeout'] }],
      Next: 'Ship',
    },
    Ship: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:ship', End: true },
  },
};

test('a worker that dies costs a minute', async () => {
  const machine = await createTestMachine(ORDER, {
    activities: [Transfers],
    resources: { 'TestMachine.Ship': { output: 'shipped' } },
    faults: { 'Transfers.transfer': ['worker-dies'] },
  });
  const result = await machine.execute({ to: 'me', cents: 5 });
  expect(result).toHaveSucceededWith('shipped');
  expect(result.attempts).toEqual({ Pay: 2, Ship: 1 });
  expect(result.tookMs).toBe(86_400_000 + 60_000 + 1_000 + 30_000);
});
