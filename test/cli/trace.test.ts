import { expect, test } from '@jest/globals';
import { startLocalService } from 'stepwright/local';
import { type HistoryEvent, viewEvent } from '../../src/framework/local/view/history-event.js';
import { Trace } from '../../src/framework/local/view/trace.js';
import {
  HistoryReader,
  startExecution,
  followExecution,
} from '../../src/framework/aws/queries/execution-queries.js';
import { findMachine } from '../../src/framework/aws/queries/machine-queries.js';
import { AwsService } from '../../src/framework/aws/sdk/aws-service.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { systemClock } from '../../src/framework/base/time/clock.js';
import { localEndpoint } from '../../src/framework/aws/endpoint.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Pay';
const START = Date.UTC(2026, 0, 1);
const at = (id: number, previousEventId: number, ms: number, type: string, details: object = {}) =>
  viewEvent({ id, previousEventId, timestamp: new Date(START + ms), type, ...details });
const entered = (name: string): object => ({ stateEnteredEventDetails: { name } });
const exited = (name: string): object => ({ stateExitedEventDetails: { name } });

function traced(looks: readonly [events: HistoryEvent[], now: number][]): string[] {
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line.trim()));
  for (const [events, now] of looks) trace.print(events, START + now);
  return lines;
}

const scheduled = { activityScheduledEventDetails: { resource: ARN } };

test('attempts, workers, failures and waits are told as they come', () => {
  const cause = JSON.stringify({ errorType: 'Declined', errorMessage: 'the card is stolen' });
  const events = [
    at(1, 0, 0, 'ExecutionStarted'),
    at(2, 0, 0, 'TaskStateEntered', entered('Pay')),
    at(3, 2, 0, 'ActivityScheduled', scheduled),
    at(4, 3, 100, 'ActivityStarted', { activityStartedEventDetails: { workerName: 'host-1' } }),
    at(5, 4, 1200, 'ActivityFailed', { activityFailedEventDetails: { error: 'Declined', cause } }),
    at(6, 5, 3200, 'ActivityScheduled', scheduled),
    at(7, 6, 3300, 'ActivityStarted', { activityStartedEventDetails: {} }),
    at(8, 7, 4000, 'ActivitySucceeded'),
    at(9, 8, 4000, 'TaskStateExited', exited('Pay')),
    at(10, 9, 4000, 'WaitStateEntered', entered('Night')),
  ];
  expect(traced([[events, 4000]])).toEqual([
    '0.0 s  Pay: begins',
    '0.1 s  Pay: taken by host-1',
    '1.2 s  Pay: failed by Declined: the card is stolen',
    '3.2 s  Pay: tried again (attempt 2)',
    '3.3 s  Pay: taken by a worker',
    '4.0 s  Pay: ends',
    '4.0 s  Night: waits',
  ]);
});

test('a state that is entered again counts its attempts anew; what ends it is told, and not the end of all', () => {
  const lambda = { lambdaFunctionScheduledEventDetails: { resource: 'arn:aws:lambda:…' } };
  const events = [
    at(1, 0, 0, 'TaskStateEntered', entered('Call')),
    at(2, 1, 0, 'LambdaFunctionScheduled', lambda),
    at(3, 2, 1000, 'LambdaFunctionTimedOut', {
      lambdaFunctionTimedOutEventDetails: { error: 'States.Timeout' },
    }),
    at(4, 3, 2000, 'LambdaFunctionScheduled', lambda),
    at(5, 4, 2000, 'TaskStateExited', exited('Call')),
    at(6, 5, 3000, 'TaskStateEntered', entered('Call')),
    at(7, 6, 3000, 'TaskScheduled'),
    at(8, 7, 4000, 'TaskStateAborted'),
    at(9, 8, 4000, 'ExecutionAborted'),
    at(10, 9, 4000, 'ExecutionFailed', { executionFailedEventDetails: { error: 'Late' } }),
  ];
  expect(traced([[events, 4000]])).toEqual([
    '0.0 s  Call: begins',
    '1.0 s  Call: timed out by States.Timeout',
    '2.0 s  Call: tried again (attempt 2)',
    '2.0 s  Call: ends',
    '3.0 s  Call: begins',
    '4.0 s  Call: stopped',
  ]);
});

test('an attempt after a redrive is told apart from one that is tried again', () => {
  const events = [
    at(1, 0, 0, 'ExecutionStarted'),
    at(2, 0, 0, 'TaskStateEntered', entered('Pay')),
    at(3, 2, 0, 'ActivityScheduled', scheduled),
    at(4, 3, 0, 'ActivityStarted', { activityStartedEventDetails: { workerName: 'host-1' } }),
    at(5, 4, 1000, 'ActivityFailed', { activityFailedEventDetails: { error: 'Declined' } }),
    at(6, 5, 1000, 'ExecutionFailed', { executionFailedEventDetails: { error: 'Declined' } }),
    at(7, 6, 9000, 'ExecutionRedriven', { executionRedrivenEventDetails: { redriveCount: 1 } }),
    at(8, 5, 9000, 'ActivityScheduled', scheduled),
  ];
  expect(traced([[events, 9000]])).toEqual([
    '0.0 s  Pay: begins',
    '0.0 s  Pay: taken by host-1',
    '1.0 s  Pay: failed by Declined',
    '9.0 s  the execution is redriven',
    '9.0 s  Pay: redriven (attempt 2)',
  ]);
});

test('iterations are told apart, and a Parallel ends under its own name', () => {
  const iteration = (type: string, index: number): object => ({
    [`mapIteration${type}EventDetails`]: { name: 'All', index },
  });
  const events = [
    at(1, 0, 0, 'ParallelStateEntered', entered('Both')),
    at(2, 1, 0, 'ParallelStateStarted'),
    at(3, 2, 0, 'PassStateEntered', entered('One')),
    at(4, 3, 0, 'PassStateExited', exited('One')),
    at(5, 4, 0, 'ParallelStateSucceeded'),
    at(6, 4, 0, 'ParallelStateExited', exited('Both')),
    at(7, 6, 0, 'MapStateEntered', entered('All')),
    at(8, 7, 0, 'MapStateStarted', { mapStateStartedEventDetails: { length: 2 } }),
    at(9, 8, 0, 'MapIterationStarted', iteration('Started', 0)),
    at(10, 8, 0, 'MapIterationStarted', iteration('Started', 1)),
    at(11, 9, 0, 'TaskStateEntered', entered('Hi')),
    at(12, 10, 0, 'TaskStateEntered', entered('Hi')),
    at(13, 11, 0, 'LambdaFunctionScheduled'),
    at(14, 12, 0, 'LambdaFunctionScheduled'),
    at(15, 14, 0, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: { error: 'Busy' } }),
    at(16, 15, 0, 'LambdaFunctionScheduled'),
  ];
  expect(traced([[events, 0]]).map((line) => line.replace('0.0 s  ', ''))).toEqual([
    'Both: begins',
    'One: begins',
    'One: ends',
    'Both: ends',
    'All: begins',
    'Hi[0]: begins',
    'Hi[1]: begins',
    'Hi[1]: failed by Busy',
    'Hi[1]: tried again (attempt 2)',
  ]);
});

test('a task that nobody takes is told after two seconds, once', () => {
  const events = [
    at(1, 0, 0, 'TaskStateEntered', entered('Pay')),
    at(2, 1, 0, 'ActivityScheduled', scheduled),
  ];
  const looks: [HistoryEvent[], number][] = [
    [events, 0],
    [[], 1900],
    [[], 2100],
    [[], 9000],
  ];
  expect(traced(looks)).toEqual([
    '0.0 s  Pay: begins',
    `2.1 s  Pay: no worker has taken its task: is one running that polls ${ARN}?`,
  ]);
});

test('without a trace only a task that no worker takes is told', () => {
  const lines: string[] = [];
  const trace = new Trace((line) => lines.push(line), { onlyUntaken: true });
  trace.print(
    [at(1, 0, 0, 'TaskStateEntered', entered('Pay')), at(2, 1, 0, 'ActivityScheduled', scheduled)],
    START + 2100,
  );
  expect(lines).toEqual([expect.stringMatching(/2\.1 s {2}Pay: no worker has taken its task/)]);
});

test('a history is read piece by piece, each event once, while the execution runs', async () => {
  const clock = new HandClock();
  const local = await startLocalService({ port: 0, clock });
  const service = new AwsService({ endpoint: localEndpoint(local.port), sdk: {}, region: 'us-east-1' });
  try {
    const States = { Night: { Type: 'Wait', Seconds: 60, Next: 'Done' }, Done: { Type: 'Succeed' } };
    local.seedMachine({ name: 'Waits', definition: JSON.stringify({ StartAt: 'Night', States }) });
    const client = await service.client('us-east-1');
    const execution = await startExecution(
      client,
      await findMachine(client, 'Waits', systemClock),
      '{}',
      systemClock,
    );
    const history = new HistoryReader(client, execution, systemClock);
    const types: (string | undefined)[][] = [];
    const end = await followExecution(client, execution, {
      clock: systemClock,
      onLook: async () => {
        types.push((await history.next()).map(({ type }) => type));
        if (types.length === 1) await clock.advance(60_000);
      },
    });
    expect(end.status).toBe('SUCCEEDED');
    expect(types[0]).toEqual(['ExecutionStarted', 'WaitStateEntered']);
    expect(types.slice(1).flat()).toEqual([
      'WaitStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  } finally {
    service.close();
    await local.close();
  }
});
