import { expect, test } from '@jest/globals';
import { CallLimiter } from '../../../src/framework/aws/call-limiter.js';
import type { ActivityPort, PollAnswer } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { Report, ReportsInFlight } from '../../../src/framework/worker/task/report.js';
import type { Worker } from '../../../src/framework/worker/worker.js';
import { bucket, portOf, seeded, task, workerOn } from '../../support/port.js';

/** A service with a backlog that never ends, at a distance, which refuses polls as it is told. */
class Service implements ActivityPort {
  polls = 0;
  refused = 0;
  #tasks = 0;

  constructor(
    private readonly clock: HandClock,
    private readonly refuse: () => boolean,
  ) {}

  get granted(): number {
    return this.polls - this.refused;
  }

  async poll(_arn: string, _worker: string, _signal: AbortSignal, onSent: () => void): Promise<PollAnswer> {
    this.polls++;
    onSent();
    await this.clock.sleep(10);
    if (!this.refuse()) return { kind: 'task', token: `t${this.#tasks++}`, input: '{}' };
    this.refused++;
    const error = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    return { kind: 'failed', trouble: 'throttled', mayHaveLostToken: false, error };
  }

  readonly report = async (): Promise<{ kind: 'ok' }> => ({ kind: 'ok' });
  readonly heartbeat = async (): Promise<{ kind: 'ok' }> => ({ kind: 'ok' });
}

/** Workers of twice ten slots whose tasks take 300 ms; the two handlers share the pace. */
function run(clock: HandClock, service: Service, workers: number, seed = 1): Worker[] {
  const random = seeded(seed);
  const work = (): Promise<void> => clock.sleep(300);
  return Array.from({ length: workers }, () => workerOn(service, { clock, work, random, names: ['a', 'b'] }));
}

test.each([
  [20, 2, 1.25, 1],
  [40, 2, 1.25, 1],
  // So little is refused too much here that it was taken for refusals at random, after a while.
  [40, 2, 1.25, 2],
  [80, 2, 1.25, 1],
  // One worker stays below what it takes for a quota, so that the other is refused as much as before.
  [80, 2, 1.25, 3],
  [80, 2, 1.25, 8],
  [20, 10, 2, 1],
  [80, 10, 1.5, 1],
])(
  'a quota of %i polls a second is filled by %i workers, who ask at most %d times as often (seed %i)',
  async (perSecond, workers, times, seed) => {
    const clock = new HandClock(undefined, { promisesOnly: true });
    const service = new Service(clock, bucket(clock, perSecond));
    const made = run(clock, service, workers, seed);
    await clock.advance(10_000);
    const before = { granted: service.granted, polls: service.polls };
    await clock.advance(25_000);
    expect(service.granted - before.granted).toBeGreaterThanOrEqual(perSecond * 25 * 0.95);
    expect(service.polls - before.polls).toBeLessThanOrEqual(perSecond * 25 * times);
    for (const worker of made) void worker.stop();
  },
);

test.each([4, 8, 9])(
  'a worker whose last poll is throttled after the stop leaves no timer (%i)',
  async (seed) => {
    const clock = new HandClock(undefined, { promisesOnly: true });
    const refuse = bucket(clock, 1);
    let isShut = false;
    const service = new Service(clock, () => refuse() || isShut);
    const [worker] = run(clock, service, 1, seed);
    await clock.advance(20_000);
    const before = service.polls;
    while (service.polls === before) await clock.advance(1);
    isShut = true;
    let stopped = false;
    void worker?.stop().then(() => (stopped = true));
    await clock.advance(400);
    expect([stopped, clock.pending]).toEqual([true, 0]);
  },
);

test('a worker that stops while its polls wait for their turn leaves no timer', async () => {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const service = new Service(clock, bucket(clock, 1));
  const [worker] = run(clock, service, 1);
  await clock.advance(20_000);
  let stopped = false;
  void worker?.stop().then(() => (stopped = true));
  await clock.advance(400);
  expect([stopped, clock.pending]).toEqual([true, 0]);
});

test.each([
  [0.05, 0.9],
  [0.1, 0.85],
  [0.2, 0.75],
])('where %d of the polls are refused at random, the pace is kept', async (share, part) => {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const random = seeded(7);
  const service = new Service(clock, () => random() < share);
  const made = run(clock, service, 2);
  await clock.advance(40_000);
  // Forty slots, each a poll of 10 ms and a task of 300.
  expect(service.granted).toBeGreaterThanOrEqual(part * 40 * (40 / 0.31));
  for (const worker of made) void worker.stop();
});

test('a quota of reports is filled, and not asked for twice as much, while more results wait', async () => {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const refuse = bucket(clock, 20);
  const told = { granted: 0, refused: 0 };
  const error = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
  const report: ActivityPort['report'] = async () => {
    if (!refuse()) return (told.granted++, { kind: 'ok' });
    told.refused++;
    return { kind: 'retry', pace: 'throttled', mayHaveArrived: false, error };
  };
  let tasks = 0;
  const worker = workerOn(
    portOf(async () => task(tasks++), { report }),
    {
      clock,
      random: seeded(1),
      handler: { concurrency: 15, pollers: { min: 15, max: 15 } },
    },
  );
  await clock.advance(12_000);
  expect(told.granted).toBeGreaterThanOrEqual(12 * 20 * 0.95);
  expect(told.refused).toBeLessThanOrEqual(12 * 20 * 1.25);
  void worker.stop();
});

test('a result never waits for its turn for longer than 2.5 s, however low the pace', async () => {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const limiter = new CallLimiter(clock, () => 0.5);
  for (let n = 0; n < 20; n++) {
    limiter.answered(true, clock.now());
    await clock.advance(50);
  }
  expect(limiter.perSecond).toBeLessThan(3);
  const sentAt: number[] = [];
  const port = portOf(() => new Promise(() => {}), {
    report: async () => (sentAt.push(clock.now()), { kind: 'ok' }),
  });
  const inFlight = new ReportsInFlight();
  const world = { port, limiter, inFlight, clock, random: () => 0.5, reportLimitMs: 900_000 };
  const reportedAt = clock.now();
  for (let n = 0; n < 30; n++)
    void new Report(`t${n}`, world, () => {}).send({ status: 'succeeded', output: '1' });
  await clock.advance(2_500);
  expect(sentAt).toHaveLength(30);
  expect(Math.max(...sentAt) - reportedAt).toBeGreaterThan(2_000);
});
