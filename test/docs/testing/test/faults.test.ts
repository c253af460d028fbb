import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';
import { Charges } from '../src/activities/charges.activity.js';

const ORDER = {
  StartAt: 'Wait a day',
  States: {
    'Wait a day': { Type: 'Wait', Seconds: 86_400, Next: 'Charge' },
    Charge: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:charge',
      HeartbeatSeconds: 60,
      Retry: [{ ErrorEquals: ['States.Timeout', 'States.HeartbeatTimeout'], MaxAttempts: 3 }],
      Next: 'Ship',
    },
    Ship: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:ship', End: true },
  },
};

const resources = { 'TestMachine.Ship': { output: 'shipped' } };

test('a worker that dies costs a minute', async () => {
  const faults = { 'Charges.charge': ['worker-dies'] } as const;
  const machine = await createTestMachine(ORDER, { activities: [Charges], resources, faults });
  const result = await machine.execute({ card: 'mine' });
  expect(result).toHaveSucceededWith('shipped');
  expect(result.attempts).toMatchObject({ Charge: 2 });
  expect(result.tookMs).toBe(86_400_000 + 60_000 + 1_000);
});
