import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import { HelloWorldActivity } from '../src/activities/hello-world.activity.js';

test('the machine greets, also where the first worker is lost', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
    faults: { 'HelloWorldActivity.hello': ['worker-dies'] },
  });
  const { status, output, attempts } = await machine.execute({ who: 'hoge' });
  expect({ status, output }).toEqual({ status: 'succeeded', output: { message: 'Hello hoge!' } });
  expect(attempts).toEqual({ Hello: 2 });
});
