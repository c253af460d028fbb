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

  test('shows a failure with its cause', () => {
    const message = messageOf(() => expect(failed).toHaveSucceededWith(1));
    expect(message).toContain('expected success with 1');
    expect(message).toContain("error: 'PaymentDeclined'");
    expect(message).toContain("errorMessage: 'no'");
  });
});

describe('toHaveFailedWith', () => {
  test('compares the name, and what is asked of the cause', () => {
    expect(failed).toHaveFailedWith('PaymentDeclined');
    expect(failed).toHaveFailedWith('PaymentDeclined', { data: { limit: 5 } });
    expect(failed).toHaveFailedWith('PaymentDeclined', { errorMessage: expect.stringContaining('n') });
    expect(failed).not.toHaveFailedWith('PaymentDeclined', { data: { limit: 6 } });
    expect(failed).not.toHaveFailedWith('Payment');
    expect(succeeded).not.toHaveFailedWith('PaymentDeclined');
  });

  test('says what it expected', () => {
    const message = messageOf(() => expect(succeeded).toHaveFailedWith('PaymentDeclined', { data: 1 }));
    expect(message).toMatch(/expected failure by "PaymentDeclined".* and a cause with \{ data: 1 \}/);
    expect(messageOf(() => expect(failed).not.toHaveFailedWith('PaymentDeclined'))).toContain(
      'expected anything but failure',
    );
  });
});

describe('toHaveVisited', () => {
  test('compares the states', () => {
    expect(machine).toHaveVisited(['First', 'Second']);
    expect(machine).not.toHaveVisited(['First']);
    expect(succeeded).not.toHaveVisited([]);
  });

  test('shows the history', () => {
    const message = messageOf(() => expect(machine).toHaveVisited(['Third']));
    expect(message).toContain('expected the states Third');
    expect(message).toContain("history:\n  { id: 1, type: 'ExecutionStarted' }");
  });
});
