import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';
import { Charges } from '../src/activities/charges.activity.js';

const APPROVED = {
  StartAt: 'Approve',
  States: {
    Approve: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:approve',
      TimeoutSeconds: 7 * 86_400,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Forgotten' }],
      ResultPath: '$.approval',
      Next: 'Charge',
    },
    Charge: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:charge',
      ResultPath: null,
      Next: 'Ship',
    },
    Ship: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { QueueUrl: 'parcels', MessageBody: { 'token.$': '$$.Task.Token' } },
      End: true,
    },
    Forgotten: { Type: 'Fail', Error: 'Forgotten' },
  },
};

test('ships what was approved', async () => {
  await using machine = await createTestMachine(APPROVED, { activities: [Charges] });
  const order = await machine.start({ card: 'mine' }, { name: 'order-1' });
  const approval = await order.task('Approve');
  expect(approval.input).toEqual({ card: 'mine' });
  await order.advance('3d');
  await approval.succeed({ by: 'Ann' });
  expect(order.states).toEqual(['Ship']);
  const parcel = await order.task('Ship');
  expect(parcel.input).toMatchObject({ MessageBody: { token: parcel.token } });
  await parcel.succeed('sent');
  expect(await order.result()).toHaveSucceededWith('sent');
});

test('forgets an order that nobody approves', async () => {
  await using machine = await createTestMachine(APPROVED, { activities: [Charges] });
  const order = await machine.start({ card: 'mine' });
  await order.until('Forgotten');
  expect(machine.clock.now()).toBe(Date.UTC(2026, 0, 8));
  expect(await order.result()).toHaveFailedWith('Forgotten');
});
