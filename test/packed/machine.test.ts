import { expect, test } from '@jest/globals';
import { createTestMachine, matchers } from 'stepwright/testing';
import { Greeter } from '../../src/activities/greeter.js';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';

expect.extend(matchers);

test('the machine greets', async () => {
  const machine = await createTestMachine('state-machines/HelloWorld.asl.json', {
    activities: [HelloWorldActivity],
    mocks: [[Greeter, { greet: (who: string) => `Hi ${who}` }]],
    faults: { 'HelloWorldActivity.hello': ['throttled'] },
  });
  const result = await machine.execute({ who: 'hoge' });
  expect(result).toHaveSucceededWith({ message: 'Hi hoge' });
  expect(result).toHaveVisited(['Hello']);
});
