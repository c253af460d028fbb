import { afterAll, describe, expect, test } from '@jest/globals';
import { storeConformance } from 'stepwright/testing';
import { dynamoDbAt, honoursIfMatch, s3At, startStores } from './stores.js';

const moto = await startStores();
afterAll(() => moto?.stop());
const withMoto = moto ? describe : describe.skip;
const url = moto?.url ?? '';
let now = 1_800_000_000_000;
const clock = { now: () => now };
/** Needs If-Match, which not every moto heeds. */
const OVER = 's3: of ten that put if absent over a record whose time is over, one succeeds';
const heeds = moto ? await honoursIfMatch(url) : true;
const wait = (ms: number): void => void (now += ms);

withMoto('a store at AWS keeps what its interface promises', () => {
  const checks = [
    ...storeConformance({
      ...{ name: 's3', open: () => s3At(url, clock), objects: true },
      ...{ wait, records: 510 },
    }),
    ...storeConformance({ name: 'dynamodb', open: () => dynamoDbAt(url, clock), wait, records: 300 }),
  ];
  test.each(checks.filter(({ name }) => heeds || name !== OVER))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
