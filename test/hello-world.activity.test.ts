import { expect, test } from '@jest/globals';
import { createTestBed } from 'stepwright/testing';
import { Greeter } from '../src/activities/greeter.js';
import { HelloWorldActivity } from '../src/activities/hello-world.activity.js';

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

test.each(['{}', '{"who":7}', '{"who":""}', '{"who":null}', '[]', 'null', '"x"', '{'])(
  'refuses %s',
  async (json) => {
    const bed = await createTestBed(HelloWorldActivity);
    expect(await bed.runText(json)).toMatchObject({ status: 'failed', error: 'Stepwright.InvalidInput' });
  },
);

test('says which field is wrong, and keeps its value to itself', async () => {
  const bed = await createTestBed(HelloWorldActivity);
  const result = await bed.runText('{"who":{"secret":1}}');
  expect(result.status === 'failed' && JSON.parse(result.cause)).toMatchObject({
    errorType: 'Stepwright.InvalidInput',
    violations: [{ path: 'who', rule: 'isString', message: 'who must be a string' }],
  });
  expect(JSON.stringify(result)).not.toContain('secret');
});

test('logs that it greets, for its activity', async () => {
  const bed = await createTestBed(HelloWorldActivity);
  const task = await bed.start({ who: 'hoge' });
  expect(task.logs).toMatchObject([
    {
      level: 'info',
      message: 'greeting',
      fields: { activity: 'arn:aws:states:ap-northeast-1:123456789012:activity:HelloWorldActivity' },
    },
  ]);
});
