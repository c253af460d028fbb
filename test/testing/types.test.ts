import { expect, test } from '@jest/globals';
import { createTestBed, mock } from 'stepwright/testing';
import { GATEWAY, Greeter, Greeting, Nothing, One, Two } from './types.js';

test('what compiles runs', async () => {
  const nothing = await createTestBed(Nothing);
  expect(await nothing.run()).toEqual({ status: 'succeeded', output: 'ran' });
  const named = await createTestBed({ One, Two });
  expect(await named.run({ count: 3 }, { handler: 'Two.go' })).toEqual({ status: 'succeeded', output: 3 });
  await expect(createTestBed({ Onee: One })).rejects.toThrow(
    /Onee: .*by this name is One\n {5}Fix: write { One }/,
  );
  const bed = await createTestBed(Greeting, {
    mocks: [mock(Greeter, { greet: (who) => `Hi ${who}` }), [GATEWAY, {}]],
  });
  const greeted = await bed.run({ who: 'a' }, { handler: 'Greeting.greet' });
  expect(greeted).toEqual({ status: 'succeeded', output: 'Hi a A' });
});
