import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestBed, type TestBed } from 'stepwright/testing';
import './matchers.js';
import { Ledger, Transfers } from '../src/activities/transfers.activity.js';

let bed: TestBed<Transfers>;
beforeEach(async () => {
  bed = await createTestBed(Transfers);
});
afterEach(() => bed.close());

test('writes the receipt into the ledger', async () => {
  expect(await bed.run({ to: 'me', cents: 5 })).toHaveSucceededWith({ receipt: 'real money: me 5' });
  expect(bed.get(Ledger).lines).toEqual(['real money: me 5']);
});
