import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { ApprovalActivity } from '../src/activities/approval.activity.js';
import { PaymentActivity } from '../src/activities/payment.activity.js';
import { RiskActivity } from '../src/activities/risk.activity.js';
import { GATEWAY, TestGateway } from '../src/gateway.js';

const item = { sku: 'tea', count: 2, price: 450 };

test('an order without items is refused before anything sees it', async () => {
  const bed = await createTestBed(RiskActivity);
  const result = await bed.run({ id: 'o-1', customer: 'mei', card: 'good', items: [] });
  expect(result).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
});

test('a new customer with a large order is a risk', async () => {
  const bed = await createTestBed(RiskActivity);
  const order = { id: 'o-1', customer: 'new-kim', card: 'good', items: [{ ...item, price: 22_500 }] };
  expect(await bed.run(order)).toEqual({ status: 'succeeded', output: { risk: 0.9, total: 45_000 } });
});

test('a declined card is a failure that the state machine can name', async () => {
  const bed = await createTestBed(PaymentActivity, { mocks: [[GATEWAY, new TestGateway()]] });
  expect(await bed.run({ order: 'o-1', card: 'stolen', total: 1 })).toMatchObject({
    status: 'failed',
    error: 'PaymentDeclined',
  });
});

test('an approval waits for a person, who decides one way or the other', async () => {
  const bed = await createTestBed(ApprovalActivity);
  const result = await bed.run({ order: 'o-2', total: 64_000, risk: 1 });
  if (result.status !== 'deferred') throw new Error(result.status);
  expect(result.id).toBe('o-2');
  expect(await result.succeed({ decision: 'approved' })).toEqual({
    status: 'succeeded',
    output: { decision: 'approved' },
  });
  await expect(result.succeed({ decision: 'perhaps' })).rejects.toThrow('decision');
});
