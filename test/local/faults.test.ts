import { expect, test } from '@jest/globals';
import { type Fault } from 'stepwright/local';
import { openBench } from './service.js';

const CREATE = { method: 'POST', headers: { 'x-amz-target': 'AWSStepFunctions.CreateActivity' } };

interface Row {
  readonly fault: Fault;
  /** The answer as the client sees it: a status and a part of the text, or the connection's end. */
  readonly seen: { status: number; text: string } | 'reset';
  /** True where the call takes effect. */
  readonly done: boolean;
  /** The duration on the service's clock. */
  readonly afterMs?: number;
}

const throttled = 'Exception","message":"Rate exceeded"';
const rows: Row[] = [
  { fault: { kind: 'reset-before' }, seen: 'reset', done: false },
  { fault: { kind: 'answer-lost' }, seen: 'reset', done: true },
  { fault: { kind: 'reset-during' }, seen: 'reset', done: true },
  { fault: { kind: 'reset-after' }, seen: { status: 200, text: '"activityArn":"arn:' }, done: true },
  { fault: { kind: 'torn-body' }, seen: { status: 200, text: '"activityArn":"arn:' }, done: true },
  { fault: { kind: 'status', status: 500 }, seen: { status: 500, text: '<html>' }, done: false },
  { fault: { kind: 'status', status: 503, done: true }, seen: { status: 503, text: '<html>' }, done: true },
  {
    fault: { kind: 'error', error: 'ThrottlingException' },
    seen: { status: 400, text: throttled },
    done: false,
  },
  {
    fault: { kind: 'error', error: 'KmsThrottlingException' },
    seen: { status: 400, text: throttled },
    done: false,
  },
  {
    fault: { kind: 'error', error: 'ActivityWorkerLimitExceeded' },
    seen: { status: 400, text: '#ActivityWorker' },
    done: false,
  },
  {
    fault: { kind: 'error', error: 'ExpiredTokenException' },
    seen: { status: 400, text: 'com.amazon.coral.service#ExpiredTokenException' },
    done: false,
  },
  {
    fault: { kind: 'error', error: 'AccessDeniedException' },
    seen: { status: 400, text: '#AccessDenied' },
    done: false,
  },
  { fault: { kind: 'black-hole', closeAfterMs: 3_000 }, seen: 'reset', done: false, afterMs: 3_000 },
  {
    fault: { kind: 'delay', ms: 10_000 },
    seen: { status: 200, text: '"activityArn"' },
    done: true,
    afterMs: 10_000,
  },
];

test.each(rows)('a call with $fault', async ({ fault, seen, done, afterMs = 0 }) => {
  const calls: unknown[] = [];
  const bench = await openBench({
    fault: (call) => {
      calls.push(call);
      return call.operation === 'CreateActivity' ? fault : undefined;
    },
  });
  let settled = false;
  const answer = fetch(bench.service.url, { ...CREATE, body: '{"name":"A"}' })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => 'reset' as const)
    .finally(() => (settled = true));
  await bench.clock.settle(() => calls.length === 1);
  await bench.clock.advance(Math.max(afterMs - 1, 0));
  const early = afterMs > 0 && settled;
  expect(early).toBe(false);
  await bench.clock.advance(1);
  const got = await answer;
  const shown =
    got !== 'reset' && seen !== 'reset' && got.text.includes(seen.text) ? { ...got, text: seen.text } : got;
  expect(shown).toEqual(seen);
  expect(calls).toEqual([{ operation: 'CreateActivity', body: { name: 'A' }, index: 0 }]);
  const listed = await fetch(bench.service.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSStepFunctions.ListActivities' },
    body: '{}',
  });
  expect(await listed.json()).toMatchObject({ activities: done ? [{ name: 'A' }] : [] });
});

test('a torn body is half of the JSON', async () => {
  const bench = await openBench({ fault: () => ({ kind: 'torn-body' }) });
  const answer = await fetch(bench.service.url, { ...CREATE, body: '{"name":"A"}' });
  await expect(answer.json()).rejects.toThrow(/JSON/);
});
