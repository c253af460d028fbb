import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import './matchers.js';
import { Bank, Ledger, Transfers } from '../src/activities/transfers.activity.js';

test('beats while it waits, and stops when it is no longer wanted', async () => {
  const bed = await createTestBed(Transfers);
  const task = await bed.start({ to: 'me', cents: 5 });
  await task.advance('25s');
  expect(task.heartbeats).toBe(2);
  await task.gone();
  expect(await task.outcome).toBeGone();
  expect(bed.get(Ledger).lines).toEqual([]);
});

test('has a deadline', async () => {
  const bed = await createTestBed(Transfers, { mocks: [[Bank, { transfer: () => new Promise(() => {}) }]] });
  const task = await bed.start({ to: 'me', cents: 5 });
  await task.advance('5m');
  expect(await task.outcome).toHaveFailedWith('Stepwright.DeadlineExceeded');
});

test('ends when the worker stops', async () => {
  const bed = await createTestBed(Transfers);
  const task = await bed.start({ to: 'me', cents: 5 }, { grace: '10s' });
  await task.shutdown();
  await task.advance('10s');
  expect(await task.outcome).toHaveFailedWith('Stepwright.WorkerShutdown');
});
