import { expect, test } from '@jest/globals';
import { IsString } from 'class-validator';
import { Activity, ActivityFailure, Handle } from 'stepwright';
import { createTestMachine, matchers } from 'stepwright/testing';
import { HelloWorldActivity } from '../../../src/activities/hello-world.activity.js';

expect.extend(matchers);

test('the machine greets', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
  });
  expect(await machine.execute({ who: 'hoge' })).toHaveSucceededWith({ message: 'Hello hoge!' });
});

const ORDER = {
  StartAt: 'Wait a day',
  States: {
    'Wait a day': { Type: 'Wait', Seconds: 86_400, Next: 'Charge' },
    Charge: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:charge',
      HeartbeatSeconds: 60,
      Retry: [{ ErrorEquals: ['States.Timeout', 'States.HeartbeatTimeout'], MaxAttempts: 3 }],
      Catch: [{ ErrorEquals: ['Declined'], Next: 'Apologise' }],
      Next: 'Ship',
    },
    Apologise: { Type: 'Fail', Error: 'NotPaid' },
    Ship: { Type: 'Task', Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:ship', End: true },
  },
};

class Payment {
  @IsString() card!: string;
}

@Activity('charge')
class Charges {
  @Handle({ throws: ['Declined'] })
  charge({ card }: Payment): string {
    if (card === 'stolen') throw new ActivityFailure('Declined', 'the card is stolen');
    return 'charged';
  }
}

const resources = { 'TestMachine.Ship': { output: 'shipped' } };

test('a declined card ends in an apology', async () => {
  const machine = await createTestMachine(ORDER, { activities: [Charges], resources });
  const result = await machine.execute({ card: 'stolen' });
  expect(result).toHaveFailedWith('NotPaid');
  expect(result).toHaveVisited(['Wait a day', 'Charge', 'Apologise']);
});

test('a worker that dies costs a minute', async () => {
  const faults = { 'Charges.charge': ['worker-dies'] } as const;
  const machine = await createTestMachine(ORDER, { activities: [Charges], resources, faults });
  const result = await machine.execute({ card: 'mine' });
  expect(result).toHaveSucceededWith('shipped');
  expect(result.attempts).toMatchObject({ Charge: 2 });
  expect(result.tookMs).toBeGreaterThan(86_400_000 + 60_000);
});

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
