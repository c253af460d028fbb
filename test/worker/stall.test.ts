import { expect, test } from '@jest/globals';
import type { PollAnswer, ReportAnswer } from '../../src/framework/aws/activity-port.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { portOf, task, workerOn } from '../support/port.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const TIMED_OUT: ReportAnswer = { kind: 'gone', error: new Error('Task Timed Out') };

/**
 * A worker whose only poll is answered while the process stands still, as it is on the wire: the answer lies in the
 * socket, and is read a turn after the timers have fired, or first.
 */
function stalled(
  heartbeat: () => Promise<ReportAnswer> = async () => ({ kind: 'ok' }),
  work = async (): Promise<void> => {},
) {
  const clock = new HandClock();
  const told = { handled: 0, beats: 0, aborted: false };
  let answer = (): void => {};
  let answerFirst = (): void => {};
  let polls = 0;
  const worker = workerOn(
    portOf(
      (_arn, _name, signal, onSent) => {
        onSent();
        if (polls++ > 0) return new Promise<PollAnswer>(() => {});
        return new Promise<PollAnswer>((resolve) => {
          signal.addEventListener('abort', () => {
            told.aborted = true;
            const error = signal.reason as Error;
            resolve({ kind: 'failed', trouble: 'unreachable', mayHaveLostToken: true, error });
          });
          answer = () =>
            void nextTurn()
              .then(nextTurn)
              .then(() => resolve(task(1)));
          answerFirst = () => resolve(task(1));
        });
      },
      { heartbeat: () => (told.beats++, heartbeat()) },
    ),
    { clock, work: () => (told.handled++, work()) },
  );
  return { clock, told, worker, answer: () => answer(), answerFirst: () => answerFirst() };
}

test('an answer that lay in the socket while the process stood still is read before its poll is given up', async () => {
  const { clock, told, worker, answer } = stalled();
  await clock.advance(58_000);
  clock.stall(87_000);
  answer();
  await clock.advance(500);
  expect(told.aborted).toBe(false);
  expect(worker.status().counts).toMatchObject({ succeeded: 1, tokensPossiblyLost: 0 });
});

test('a lease that came out of a standstill is beaten, and its handler waits for the answer', async () => {
  let beaten: (answer: ReportAnswer) => void = () => {};
  const { clock, told, answer } = stalled(() => new Promise((resolve) => (beaten = resolve)));
  await clock.advance(10_000);
  clock.stall(18_000);
  answer();
  await clock.advance(500);
  expect(told).toMatchObject({ beats: 1, handled: 0 });
  beaten({ kind: 'ok' });
  await clock.settle();
  expect(told).toMatchObject({ beats: 1, handled: 1 });
});

test('so is one whose socket is read before any timer fires', async () => {
  const { clock, told, answerFirst } = stalled();
  await clock.advance(10_000);
  clock.stall(18_000);
  answerFirst();
  await nextTurn();
  expect(told).toMatchObject({ handled: 0 });
  await clock.settle();
  expect(told).toMatchObject({ beats: 1, handled: 1 });
});

test('the handler does not wait for longer than 2 s', async () => {
  const { clock, told, answer } = stalled(() => new Promise(() => {}));
  await clock.advance(10_000);
  clock.stall(18_000);
  answer();
  await clock.advance(1_900);
  expect(told.handled).toBe(0);
  await clock.advance(200);
  expect(told.handled).toBe(1);
});

test('a lease that is gone by then never reaches its handler', async () => {
  const { clock, told, worker, answer } = stalled(async () => TIMED_OUT);
  await clock.advance(10_000);
  clock.stall(18_000);
  answer();
  await clock.advance(5_000);
  expect(told).toMatchObject({ beats: 1, handled: 0 });
  expect(worker.status()).toMatchObject({ counts: { gone: 1 }, tasks: [] });
});

test('a lease that came as it should is not asked about', async () => {
  const { clock, told, answer } = stalled();
  await clock.advance(10_000);
  answer();
  await clock.advance(500);
  expect(told).toMatchObject({ beats: 0, handled: 1 });
});

test('an answer to a report that lay in the socket while the process stood still is read before it is given up', async () => {
  const clock = new HandClock();
  const told = { reports: 0, aborted: false };
  let answer = (): void => {};
  let polls = 0;
  const port = portOf(() => (polls++ > 0 ? new Promise<PollAnswer>(() => {}) : Promise.resolve(task(1))), {
    report: (_request, signal) => {
      told.reports++;
      signal.addEventListener('abort', () => (told.aborted = true));
      return new Promise<ReportAnswer>((resolve) => {
        answer = () =>
          void nextTurn()
            .then(nextTurn)
            .then(() => resolve({ kind: 'ok' }));
      });
    },
  });
  const worker = workerOn(port, { clock });
  await clock.advance(10_000);
  clock.stall(20_000);
  answer();
  await clock.advance(500);
  expect(told).toEqual({ reports: 1, aborted: false });
  expect(worker.status().counts).toMatchObject({ succeeded: 1 });
});

test('its age is counted from when it may have been leased: a beat that fails is repeated as for an old lease', async () => {
  const error = new Error('no');
  const fails: ReportAnswer = { kind: 'retry', pace: 'fast', mayHaveArrived: false, error };
  const { clock, told, answer } = stalled(
    async () => fails,
    () => new Promise(() => {}),
  );
  await clock.advance(10_000);
  clock.stall(58_000);
  answer();
  await clock.advance(500);
  expect(told.beats).toBe(1);
  // A twentieth of its age; of a lease that has just come it would be a second.
  await clock.advance(2_000);
  expect(told.beats).toBe(1);
  await clock.advance(1_500);
  expect(told.beats).toBe(2);
});
