import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import './matchers.js';
import { Bank, Transfers } from '../src/activities/transfers.activity.js';

test('refuses too much', async () => {
  const bed = await createTestBed(Transfers);
  expect(await bed.run({ to: 'me', cents: 2_000_000 })).toHaveFailedWith('LimitExceeded', {
    data: { limit: 1_000_000 },
  });
});

test('refuses what is no transfer', async () => {
  const bed = await createTestBed(Transfers);
  expect(await bed.runText('{"to":"me","cents":0}')).toHaveFailedWith('Stepwright.InvalidInput', {
    violations: [{ path: 'cents', rule: 'min', message: 'cents must not be less than 1' }],
  });
});

test('fails with its bank', async () => {
  const down = (): Promise<string> => Promise.reject(new TypeError('no answer'));
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: down }]] });
  expect(await bed.run({ to: 'me', cents: 5 })).toHaveFailedWith('TypeError', { errorMessage: 'no answer' });
});
