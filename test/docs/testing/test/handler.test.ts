import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { Bank, Transfers } from '../src/activities/transfers.activity.js';

test('transfers', async () => {
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: async () => 'r1' }]] });
  expect(await bed.run({ to: 'me', cents: 5 })).toEqual({ status: 'succeeded', output: { receipt: 'r1' } });
});
