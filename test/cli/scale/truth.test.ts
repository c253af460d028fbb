import { expect, test } from '@jest/globals';
import { ActivityMetrics } from '../../../src/framework/aws/queries/activity-metrics.js';
import { createLog } from '../../../src/framework/base/log/log.js';
import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import { FleetScaler } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { seenIn } from '../../../src/framework/cli/scale/worker-statuses.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { ARN } from '../../support/world.js';
import { standIn } from './stand-in.js';

const HOUR_MS = 60 * MINUTE_MS;

/** The status of a worker whose clock is ahead by this much, and whose slots are all at work. */
function statusAt(now: number, aheadMs = 0, change: object = {}): object {
  const minuteAt = Math.floor((now + aheadMs) / MINUTE_MS) * MINUTE_MS;
  const queue = { emptyAt: now + aheadMs - 10 * MINUTE_MS, emptyMinuteAt: minuteAt, minuteAt, begun: [0] };
  const handler = { activityArn: ARN, concurrency: 5, running: 5, queue, ...change };
  return { name: 'worker', state: 'running', handlers: [handler] };
}

function scalerWith(statuses: () => readonly object[], { clock, metrics }: Pick<Scene, 'clock' | 'metrics'>) {
  const lines: string[] = [];
  const options = { activityArns: [ARN], fleet: 'f', slotsOfWorker: 5, withinMs: MINUTE_MS, publish: true };
  const scaler = new FleetScaler(options, {
    clock,
    metrics,
    log: createLog({ destination: { write: (line) => void lines.push(line) } }),
    readWorkers: async () => {
      const seen = statuses().map((status) => seenIn(status, clock.now()));
      return {
        workers: seen.flatMap((each) => (typeof each === 'string' ? [] : [each.worker])),
        unreadable: seen.flatMap((each) => (typeof each === 'string' ? [`10.0.0.1:8080: ${each}`] : [])),
        wrongClocks: seen.flatMap((each) =>
          typeof each === 'string' || !each.wrongClock ? [] : [`10.0.0.1:8080: ${each.wrongClock}`],
        ),
      };
    },
  });
  return { scaler, lines };
}

interface Scene {
  readonly clock: HandClock;
  readonly metrics: ReturnType<typeof standIn>['metrics'];
  readonly put: ReturnType<typeof standIn>['put'];
}

/** An activity whose 670 tasks wait, as CloudWatch counts them. */
async function scene(): Promise<Scene> {
  const clock = new HandClock(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const { metrics, put } = standIn();
  await put('ActivitiesScheduled', clock.now() - 6 * MINUTE_MS, 670);
  return { clock, metrics, put };
}

test('a worker whose clock is an hour ahead proves nothing, is named, and its figure does not outlive it', async () => {
  const { clock, metrics } = await scene();
  const { scaler, lines } = scalerWith(() => [statusAt(clock.now(), HOUR_MS)], { clock, metrics });
  await scaler.tick();
  const estimate = await scaler.estimate();
  expect(estimate).toMatchObject({ wrongClocks: [expect.stringContaining('a time in the future')] });
  expect(estimate.activities).toMatchObject([{ waiting: 670, sure: 'assumed', atWork: 5 }]);
  expect(lines.join('')).toContain('10.0.0.1:8080: its status has a time in the future');
  // A scaler of an earlier version had published it.
  const dimensions = { Fleet: 'f', ActivityArn: ARN };
  const value = (clock.now() + HOUR_MS) / MINUTE_MS;
  await metrics.publish([{ name: 'NothingWaitedMinute', dimensions, value }]);
  const { scaler: next } = scalerWith(
    () => [statusAt(clock.now(), 0, { queue: { minuteAt: 0, begun: [0] } })],
    {
      clock,
      metrics,
    },
  );
  await next.tick();
  expect((await next.estimate()).activities).toMatchObject([{ waiting: 670, sure: 'assumed' }]);
});

test('a clock that differs by its response is not believed either, ahead or behind', () => {
  const now = Date.now();
  expect(seenIn(statusAt(now), now, -2 * HOUR_MS)).toMatchObject({
    wrongClock: "its clock is 120 min behind this machine's, so its times are not believed",
    worker: { handlers: [{ running: 5, queue: { begun: [] } }] },
  });
  expect(seenIn(statusAt(now), now, 2_000)).toMatchObject({ wrongClock: undefined });
});

test('a minute of CloudWatch that is still to come is not believed', async () => {
  const { clock, metrics, put } = await scene();
  await put('ActivitiesStarted', clock.now() + HOUR_MS, 670);
  const { scaler } = scalerWith(() => [statusAt(clock.now(), 0, { queue: { minuteAt: 0, begun: [0] } })], {
    clock,
    metrics,
  });
  await scaler.tick();
  const { activities } = await scaler.estimate();
  expect(activities).toMatchObject([{ waiting: 670 }]);
});

const queueOf = (change: object): object => ({ queue: { minuteAt: 0, begun: [0], ...change } });

test.each<[string, object, string]>([
  ['130,000 minutes', queueOf({ begun: Array.from({ length: 130_000 }, () => 1) }), 'queue.begun is [1,1,1'],
  ['no slot', { concurrency: 0 }, 'concurrency is 0 (number), expected a number of slots'],
  ['more slots than there are', { concurrency: 1e300 }, 'concurrency is'],
  ['a text', { running: 'many' }, 'running is "many" (string)'],
  ['no number', { running: null }, 'running is null'],
  ['a time that is none', queueOf({ emptyAt: 'now' }), 'queue.emptyAt is'],
  ['no queue', { queue: 7 }, 'queue is 7 (number), expected an object'],
])('a status with %s is named, and counts as a worker that can not be read', async (_, change, says) => {
  const { clock, metrics } = await scene();
  const bad = statusAt(clock.now(), 0, change);
  const { scaler } = scalerWith(() => [bad, statusAt(clock.now(), 0, queueOf({}))], { clock, metrics });
  await scaler.tick();
  const { unreadable, workers } = await scaler.estimate();
  expect(unreadable).toEqual([expect.stringContaining(`its status is not believed: handlers[0].${says}`)]);
  expect(workers).toBe(2);
});

test('a CloudWatch that always has a next page is cut off', async () => {
  const metrics = new ActivityMetrics('us-east-1', new HandClock());
  const { client } = await metrics.open();
  let pages = 0;
  client.send = async () => ({ NextToken: String(++pages), MetricDataResults: [] });
  await expect(metrics.counts([ARN], 0)).rejects.toThrow('CloudWatch has a next page after 20 pages');
  expect(pages).toBe(20);
});
