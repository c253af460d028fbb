import { expect, test } from '@jest/globals';
import { HandClock } from 'stepwright/testing';
import { HostedTask } from '../../../src/framework/worker/pool/entry/hosted-task.js';
import { LogBudget } from '../../../src/framework/worker/pool/entry/task-runner.js';
import type { FromHost } from '../../../src/framework/worker/pool/pool-messages.js';

const lease = {
  handler: 'A.run',
  text: '1',
  token: 't',
  activityArn: 'a',
  workerName: 'w',
  receivedAt: 0,
  scope: 's',
};

test('progress never throws, whatever it is told', async () => {
  const clock = new HandClock();
  const sent: FromHost[] = [];
  // Messages between threads are cloned.
  const send = (message: FromHost): void => void sent.push(structuredClone(message));
  const { context } = new HostedTask(lease, { clock, send, sendLine: send });
  const anything = [() => 1, Symbol('s'), { message: () => 1 }, new WeakMap()] as unknown as string[];
  for (const each of anything) {
    context.progress(0.5, each);
    await clock.advance(1_000);
  }
  for (const each of anything) {
    context.progress(each as unknown as number, 'half');
    await clock.advance(1_000);
  }
  expect(new Set(sent.map((message) => JSON.stringify(message)))).toEqual(
    new Set(['{"kind":"progress","fraction":0.5}', '{"kind":"progress","message":"half"}']),
  );
  expect(sent).toHaveLength(8);
});

test('heartbeats join the one that is on its way, and all learn its answer', async () => {
  const sent: FromHost[] = [];
  const send = (message: FromHost): void => void sent.push(message);
  const task = new HostedTask(lease, { clock: new HandClock(), send, sendLine: send });
  const both = [task.context.heartbeat(), task.context.heartbeat()];
  expect(sent).toEqual([{ kind: 'heartbeat', call: 1 }]);
  task.onMessage({ kind: 'answer', call: 1, wanted: 'wanted' });
  await Promise.all(both);
  const gone = [task.context.heartbeat(), task.context.heartbeat()];
  expect(sent).toHaveLength(2);
  task.onMessage({ kind: 'answer', call: 2, wanted: 'gone' });
  for (const each of gone) await expect(each).rejects.toMatchObject({ kind: 'gone' });
  const left = task.context.heartbeat();
  task.close();
  await Promise.all([left, task.context.heartbeat()]);
  expect(sent.filter(({ kind }) => kind === 'heartbeat')).toHaveLength(3);
});

test('a task that is used after its end is logged once for its handler', async () => {
  const sent: FromHost[] = [];
  const send = (message: FromHost): void => void sent.push(message);
  const output = { clock: new HandClock(), send, sendLine: send };
  for (let each = 0; each < 2; each++) {
    const task = new HostedTask(lease, output);
    task.close();
    await task.context.heartbeat();
    task.context.progress(1);
  }
  expect(sent).toEqual([
    expect.objectContaining({
      kind: 'stray',
      line: expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(
          /^A\.run used its task \(heartbeat at \S*hosted-task\.test\.ts:\d+\) after the handler had ended/,
        ),
      }),
    }),
  ]);
});

test('lines beyond the budget are dropped and counted until the worker has written some, or a while has passed', async () => {
  const clock = new HandClock();
  const sent: FromHost[] = [];
  const budget = new LogBudget((message) => void sent.push(message), clock);
  const line = { level: 'info', message: 'x'.repeat(9_900), fields: '' } as const;
  const write = (count: number): void => {
    for (let i = 0; i < count; i++) budget.send({ kind: 'log', line });
  };
  const lost = (): number =>
    sent.reduce((sum, message) => sum + (message.kind === 'lines-lost' ? message.lines : 0), 0);
  const written = (): number => sent.filter(({ kind }) => kind === 'log').length;
  write(100);
  expect([written(), lost()]).toEqual([27, 0]);
  budget.add(100_000);
  write(20);
  expect([written(), lost()]).toEqual([37, 73]);
  await clock.advance(1_000);
  write(10);
  expect([written(), lost()]).toEqual([43, 83]);
  budget.tellLost();
  expect(written() + lost()).toBe(130);
});

test('a pause that is asked for in a loop is sent once, and a longer one again', () => {
  const sent: FromHost[] = [];
  const send = (message: FromHost): void => void sent.push(message);
  const task = new HostedTask(lease, { clock: new HandClock(), send, sendLine: send });
  for (let n = 0; n < 1_000; n++) task.context.pauseHandler('30s', '429');
  task.context.pauseHandler('1s');
  task.context.pauseHandler('2m', 'x'.repeat(1_000));
  expect(sent).toEqual([
    { kind: 'pause', forMs: 30_000, reason: '429' },
    { kind: 'pause', forMs: 120_000, reason: 'x'.repeat(256) },
  ]);
  expect(() => task.context.pauseHandler('soon')).toThrow('task.pauseHandler: expected a duration');
  task.close();
  task.context.pauseHandler('5m');
  expect(sent).toHaveLength(2);
});
