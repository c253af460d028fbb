import { expect, test } from '@jest/globals';
import { createTestBed, mock } from 'stepwright/testing';
import './matchers.js';
import { Bank, Ledger, Transfers } from '../src/activities/transfers.activity.js';

// A list that tests share: a test that needs no ledger does not fail because of it.
const MOCKS = [
  mock(Bank, { transfer: async (to: string) => `to ${to}` }),
  mock(Ledger, { lines: [] }, { optional: true }),
];

test('asks the bank', async () => {
  const bed = await createTestBed(Transfers, { mocks: MOCKS });
  expect(await bed.run({ to: 'me', cents: 5 })).toHaveSucceededWith({ receipt: 'to me' });
});

test('everything mocked', async () => {
  const bed = await createTestBed(Transfers, {
    mocks: [[Bank, { transfer: async () => 'r1' }]],
    useMocker: () => ({ lines: [] }),
  });
  expect(await bed.run({ to: 'me', cents: 5 })).toHaveSucceededWith({ receipt: 'r1' });
});
