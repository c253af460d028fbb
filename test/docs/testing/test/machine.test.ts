import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import './matchers.js';
import { HelloWorldActivity } from '../src/activities/hello-world.activity.js';

test('the machine greets', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
  });
  expect(await machine.execute({ who: 'hoge' })).toHaveSucceededWith({ message: 'Hello hoge!' });
});
