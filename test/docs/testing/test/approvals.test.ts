import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';

const APPROVED = {
  StartAt: 'Approve',
  States: {
    Approve: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:approve',
      Next: 'Ship',
    },
    Ship: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Parameters: { QueueUrl: 'parcels', MessageBody: { 'token.$': '$$.Task.Token' } },
      End: true,
    },
  },
};

test('ships what was approved', async () => {
  await using machine = await createTestMachine(APPROVED);
  const order = await machine.start({ id: '7' });
  const approval = await order.task('Approve');
  expect(approval.input).toEqual({ id: '7' });
  await order.advance('3d');
  await approval.succeed({ by: 'Ann' });
  const parcel = await order.task('Ship');
  expect(parcel.input).toMatchObject({ MessageBody: { token: parcel.token } });
  await parcel.succeed('sent');
  expect(await order.result()).toHaveSucceededWith('sent');
});
