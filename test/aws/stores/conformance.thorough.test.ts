import { afterAll, describe, expect, test } from '@jest/globals';
import { storeChecks } from '../../support/store-checks/checks.js';
import { dynamoDbAt, s3At, startStores } from './stores.js';

const moto = await startStores();
afterAll(() => moto?.stop());
const withMoto = moto ? describe : describe.skip;
let now = 1_800_000_000_000;
const clock = { now: () => now };
const wait = (ms: number): void => void (now += ms);

withMoto.each([
  ['s3', storeChecks({ open: () => s3At(moto?.s3Url ?? '', clock), wait, records: 1_010 })],
  ['dynamodb', storeChecks({ open: () => dynamoDbAt(moto?.url ?? '', clock), wait, records: 300 })],
])('%s keeps what a store promises:', (_, checks) => {
  test.each(checks)('%s', async (__, check) => {
    await expect(check()).resolves.toBeUndefined();
  });
});
