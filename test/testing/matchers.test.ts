import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { matchers, type StepwrightMatchers, type TaskResult } from 'stepwright/testing';

declare module 'expect' {
  // oxlint-disable-next-line typescript/no-empty-object-type -- this is how matchers are declared
  interface Matchers<R> extends StepwrightMatchers<R> {}
}

expect.extend(matchers);

const succeeded: TaskResult = { status: 'succeeded', output: { message: 'Hi', at: 7 } };
const failed: TaskResult = {
  status: 'failed',
  error: 'PaymentDeclined',
  cause: '{"errorType":"PaymentDeclined","errorMessage":"no","data":{"limit":5}}',
};
const machine = {
  status: 'succeeded',
  output: 1,
  path: ['First', 'Second'],
  history: [{ id: 1, type: 'ExecutionStarted' }],
};

const messageOf = (check: () => void): string => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return 'it passed';
};

describe('toHaveSucceededWith', () => {
  test('compares the output', () => {
    expect(succeeded).toHaveSucceededWith({ message: 'Hi', at: expect.any(Number) });
    expect(succeeded).not.toHaveSucceededWith({ message: 'Hi' });
    expect(failed).not.toHaveSucceededWith(undefined);
    expect({ status: 'gone' }).not.toHaveSucceededWith(undefined);
  });

  test.each([
    ['gone', 'a task that is gone'],
    ['timedOut', 'an execution that timed out'],
    ['aborted', 'an execution that was stopped'],
  ])('shows the actual result: %s', (status, said) => {
    expect(messageOf(() => expect({ status }).toHaveSucceededWith(1))).toContain(`Received: ${said}`);
  });

  test('shows a failure with its cause', () => {
    const message = messageOf(() => expect(failed).toHaveSucceededWith(1));
    expect(message).toBe(
      'Expected: success with 1\n\nReceived: failure by PaymentDeclined: no\n{ data: { limit: 5 } }',
    );
  });
});

describe('toHaveFailedWith', () => {
  test('compares the name, and the given fields of the cause', () => {
    expect(failed).toHaveFailedWith('PaymentDeclined');
    expect(failed).toHaveFailedWith('PaymentDeclined', { data: { limit: 5 } });
    expect(failed).toHaveFailedWith('PaymentDeclined', { errorMessage: expect.stringContaining('n') });
    expect(failed).not.toHaveFailedWith('PaymentDeclined', { data: { limit: 6 } });
    expect(failed).not.toHaveFailedWith('Payment');
    expect(succeeded).not.toHaveFailedWith('PaymentDeclined');
  });

  test('says what it expected', () => {
    const message = messageOf(() => expect(succeeded).toHaveFailedWith('PaymentDeclined', { data: 1 }));
    expect(message).toContain('Expected: failure by PaymentDeclined and a cause with { data: 1 }');
    expect(messageOf(() => expect(failed).not.toHaveFailedWith('PaymentDeclined'))).toContain(
      'Expected: anything but failure',
    );
  });
});

describe('toHaveVisited', () => {
  test('compares the states', () => {
    expect(machine).toHaveVisited(['First', 'Second']);
    expect(machine).not.toHaveVisited(['First']);
  });

  test('shows the history', () => {
    const message = messageOf(() => expect(machine).toHaveVisited(['Third']));
    expect(message).toContain('Expected: the states Third');
    expect(message).toContain('Entered: First → Second');
    expect(message.split('What happened:')).toHaveLength(2);
    expect(message).toContain('\n  1 ExecutionStarted');
  });
});

describe('a check that checks nothing', () => {
  test.each([
    [
      'a Promise',
      Promise.resolve(succeeded),
      'got a Promise\nFix: await it: expect(await …).toHaveSucceededWith(…)',
    ],
    ['undefined', undefined, 'got undefined\nFix: give it what `await bed.run(…)`'],
    ['an output by itself', { message: 'Hi' }, "got { message: 'Hi' }"],
    ['an output with a status of its own', { status: 'paid' }, "got { status: 'paid' }"],
  ])('fails, also after .not: %s', (_, received, said) => {
    for (const check of [
      () => expect(received).toHaveSucceededWith(1),
      () => expect(received).not.toHaveSucceededWith(1),
    ])
      expect(messageOf(check)).toContain(said);
  });

  test('as do states of a task', () => {
    expect(messageOf(() => expect(succeeded).not.toHaveVisited([]))).toContain('which enters no states');
  });
});

test('a difference is shown as a diff', () => {
  const message = messageOf(() => expect(succeeded).toHaveSucceededWith({ message: 'Ho', at: 7 }));
  expect(stripVTControlCharacters(message)).toContain('-   "message": "Ho",\n+   "message": "Hi",');
});

test('the end of a long history is shown', () => {
  const history = Array.from({ length: 40 }, (_, id) => ({ id, type: 'TaskStateEntered' }));
  const message = messageOf(() => expect({ ...machine, history }).toHaveVisited([]));
  expect(message).toContain('… 25 events before\n  25 TaskStateEntered');
});

test('a cause of plain text, and an execution that timed out', () => {
  const failed = { status: 'failed', error: 'NoMoney', cause: 'declined' };
  expect(failed).toHaveFailedWith('NoMoney', 'declined');
  expect(failed).not.toHaveFailedWith('NoMoney', 'decline');
  expect({ status: 'timedOut' }).toHaveTimedOut();
  expect(failed).not.toHaveTimedOut();
});

test('each end without output and error has a matcher', () => {
  const said = (check: () => void): string => messageOf(check).split('\n')[0] ?? '';
  expect({ status: 'aborted' }).toHaveBeenAborted();
  expect({ status: 'timedOut' }).not.toHaveBeenAborted();
  expect(said(() => expect(failed).toHaveBeenAborted())).toBe('Expected: an execution that was stopped');
  expect({ status: 'gone' }).toBeGone();
  expect(succeeded).not.toBeGone();
  expect(said(() => expect(failed).toBeGone())).toMatch(/^Expected: a task that is gone/);
  expect(said(() => expect(failed).toHaveTimedOut())).toBe('Expected: an execution that timed out');
  expect(said(() => expect(undefined).not.toBeGone())).toMatch(/^toBeGone: expected the result of a task/);
});
