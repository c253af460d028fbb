import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import config from '../nest-style.config.js';
import { ChargeActivity } from '../src/activities/charge.activity.js';
import { GATEWAY } from '../src/gateway.js';

const input = { card: 'mine', cents: 5 };

test('charges by the gateway', async () => {
  const bed = await createTestBed(ChargeActivity, { mocks: [[GATEWAY, { charge: async () => 'r1' }]] });
  expect(await bed.run(input)).toEqual({ status: 'succeeded', output: 'r1' });
});

test('the config registers a gateway', async () => {
  const bed = await createTestBed(ChargeActivity, { setup: config.setup });
  expect(await bed.run(input)).toMatchObject({ output: 'receipt of 5 cents from mine' });
});
