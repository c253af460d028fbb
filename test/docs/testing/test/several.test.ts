import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { Charges } from '../src/activities/charges.activity.js';
import { Transfers } from '../src/activities/transfers.activity.js';

test('knows its handlers by name', async () => {
  const bed = await createTestBed({ Transfers, Charges });
  expect(await bed.run({ card: 'mine' }, { handler: 'Charges.charge' })).toEqual({
    status: 'succeeded',
    output: 'charged',
  });
});
