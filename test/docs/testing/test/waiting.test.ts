import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';
import { Charges } from '../src/activities/charges.activity.js';

const RENEWAL = {
  StartAt: 'Wait a month',
  States: {
    'Wait a month': { Type: 'Wait', Seconds: 30 * 86_400, Next: 'Charge' },
    Charge: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:charge',
      Retry: [{ ErrorEquals: ['Declined'], IntervalSeconds: 86_400, MaxAttempts: 3, BackoffRate: 1 }],
      End: true,
    },
  },
};

test('asks for three days whether the card is good again', async () => {
  const machine = await createTestMachine(RENEWAL, { activities: [Charges] });
  const result = await machine.execute({ card: 'stolen' });
  expect(result).toHaveFailedWith('Declined', { errorMessage: 'the card is stolen' });
  expect(result.attempts).toEqual({ Charge: 4 });
  expect(result.tookMs).toBe((30 + 3) * 86_400_000);
});

test('charges nothing before the month is over', async () => {
  await using machine = await createTestMachine(RENEWAL, { activities: [Charges] });
  const renewal = await machine.start({ card: 'mine' });
  await renewal.advance('29d');
  expect(renewal.states).toEqual(['Wait a month']);
  await renewal.until('Charge');
  expect(await renewal.result()).toHaveSucceededWith('charged');
});
