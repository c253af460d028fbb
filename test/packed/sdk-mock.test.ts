import { expect, test } from '@jest/globals';
import {
  GetActivityTaskCommand,
  SendTaskSuccessCommand,
  type SendTaskSuccessCommandInput,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { createLog, createWorker } from 'stepwright';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';

test('a mocked SDK serves a whole worker', async () => {
  const sfn = mockClient(SFNClient);
  sfn.on(GetActivityTaskCommand).resolvesOnce({ taskToken: 't1', input: '{"who":"hoge"}' }).resolves({});
  const sent = new Promise<SendTaskSuccessCommandInput>((resolve) => {
    sfn.on(SendTaskSuccessCommand).callsFake(async (input: SendTaskSuccessCommandInput) => {
      resolve(input);
      return {};
    });
  });

  const worker = await createWorker(
    { activities: [HelloWorldActivity], endpoint: 'local', calls: 'sdk' },
    { log: createLog({ level: 'error' }) },
  );
  const running = worker.run();
  expect(await sent).toEqual({ taskToken: 't1', output: '{"message":"Hello hoge!"}' });
  await worker.stop();
  await running;
  expect(sfn.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
  sfn.restore();
});
