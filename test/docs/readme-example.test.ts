import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { Greeter } from '../../src/activities/greeter.js';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';

test('greets', async () => {
  const bed = await createTestBed(HelloWorldActivity, { mocks: [[Greeter, { greet: () => 'Hi' }]] });
  expect(await bed.run({ who: 'hoge' })).toEqual({ status: 'succeeded', output: { message: 'Hi' } });
});
