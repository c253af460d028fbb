import { expect, test } from '@jest/globals';
import { createTaskContext, HandClock } from 'stepwright/testing';
import { Ledger, Transfers } from '../src/activities/transfers.activity.js';

test('a plain object of the class', async () => {
  const ledger = new Ledger();
  const bank = { transfer: async () => 'r1' };
  const transfers = new Transfers(bank, ledger, new HandClock());
  const stopped = createTaskContext({ signal: AbortSignal.abort(new Error('stop')) });
  await expect(transfers.transfer({ to: 'me', cents: 5 }, stopped)).rejects.toThrow('stop');
  expect(ledger.lines).toEqual([]);
});
