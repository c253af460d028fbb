import { expect, test } from '@jest/globals';
import { createTestBed, createTestMachine } from 'stepwright/testing';
import { RefundOrderActivity } from '../src/activities/refund-order.activity.js';

test('does its work', async () => {
  const bed = await createTestBed(RefundOrderActivity);
  expect(await bed.run({ id: '7' })).toEqual({ status: 'succeeded', output: { id: '7' } });
});

test('refuses an input without an id', async () => {
  const bed = await createTestBed(RefundOrderActivity);
  expect(await bed.runText('{}')).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
});

test('its machine runs it, and again where a worker is lost', async () => {
  const machine = await createTestMachine('state-machines/RefundOrder.asl.json', {
    activities: [RefundOrderActivity],
    faults: { 'RefundOrderActivity.run': ['worker-dies'] },
  });
  expect(await machine.execute({ id: '7' })).toMatchObject({ status: 'succeeded', output: { id: '7' } });
});
