import { expect, test } from '@jest/globals';
import { HostedTask } from '../../../src/framework/worker/pool/entry/hosted-task.js';
import type { FromHost } from '../../../src/framework/worker/pool/pool-messages.js';

test('progress never throws, whatever it is told', () => {
  const sent: FromHost[] = [];
  const lease = { handler: 'A.run', text: '1', token: 't', activityArn: 'a', workerName: 'w', receivedAt: 0 };
  // Messages between threads are cloned.
  const { context } = new HostedTask(lease, (message) => void sent.push(structuredClone(message)));
  const anything = [() => 1, Symbol('s'), { message: () => 1 }, new WeakMap()] as unknown as string[];
  for (const each of anything) context.progress(0.5, each);
  for (const each of anything) context.progress(each as unknown as number, 'half');
  expect(new Set(sent.map((message) => JSON.stringify(message)))).toEqual(
    new Set(['{"kind":"progress","fraction":0.5}', '{"kind":"progress","message":"half"}']),
  );
  expect(sent).toHaveLength(8);
});
