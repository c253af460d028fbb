import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';

test('the machine greets', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
    faults: { 'HelloWorldActivity.hello': ['throttled'] },
  });
  const { status, output, path } = await machine.execute({ who: 'hoge' });
  expect({ status, output }).toEqual({ status: 'succeeded', output: { message: 'Hello hoge!' } });
  expect(path).toEqual(['Hello']);
});
