import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { HelloWorldActivity } from '../src/activities/hello-world.activity.js';
import { Greeter } from '../src/activities/greeter.js';

test('greets', async () => {
  const bed = await createTestBed(HelloWorldActivity);
  expect(await bed.run({ who: 'hoge' })).toEqual({
    status: 'succeeded',
    output: { message: 'Hello hoge!' },
  });
});

test('leaves the words to the greeter', async () => {
  const bed = await createTestBed(HelloWorldActivity, {
    mocks: [[Greeter, { greet: (who: string) => `Hi ${who}` }]],
  });
  expect(await bed.run({ who: 'hoge' })).toEqual({ status: 'succeeded', output: { message: 'Hi hoge' } });
});

test('refuses a greeting for nobody', async () => {
  const bed = await createTestBed(HelloWorldActivity);
  expect(await bed.run({ who: '' })).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
});
