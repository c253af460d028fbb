import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { createWorker } from 'stepwright';
import { silentLog } from '../../src/framework/base/log/log.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../src/framework/aws/activity-port.js';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { CallLimiter } from '../../src/framework/aws/call-limiter.js';
import { Report, MOST_REPORTS_IN_FLIGHT, ReportsInFlight } from '../../src/framework/worker/task/report.js';
import { portOf, task, workerOn } from '../support/port.js';
import { SERVICE_HEADERS } from '../support/service-headers.js';
import { activity } from '../support/work.js';

const never = new Promise<never>(() => {});
const accepted: ReportAnswer = { kind: 'ok' };
const timedOut: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: true,
  error: new Error('no answer'),
};

/** A service that gives out so many tasks, and keeps each report until the test answers it or its limit is over. */
class SlowService {
  /** The tasks that were reported, each attempt by itself. */
  readonly reported: string[] = [];
  readonly #open: ((answer: ReportAnswer) => void)[] = [];
  readonly port: ActivityPort;

  constructor(tasks: number, name = 't') {
    let given = 0;
    const poll = (): Promise<PollAnswer> =>
      given < tasks ? Promise.resolve({ ...task(0), token: `${name}${given++}` } as PollAnswer) : never;
    const report: ActivityPort['report'] = ({ input }, signal) =>
      new Promise((resolve) => {
        this.reported.push(input['taskToken'] ?? '');
        this.#open.push(resolve);
        signal.addEventListener('abort', () => {
          this.#open.splice(this.#open.indexOf(resolve), 1);
          resolve(timedOut);
        });
      });
    this.port = portOf(poll, { report });
  }

  get open(): number {
    return this.#open.length;
  }

  /** Accepts the oldest open reports. */
  accept(many: number): void {
    for (const answer of this.#open.splice(0, many)) answer(accepted);
  }
}

const slots = (concurrency: number) => ({ concurrency, pollers: { min: concurrency, max: concurrency } });
const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `t${from + n}`);

test('so many reports of a handler are in flight at once, and those that wait go as their tasks were decided', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const service = new SlowService(600);
  const worker = workerOn(service.port, { clock, handler: slots(600) });
  await clock.advance(3_000);
  expect(service.open).toBe(MOST_REPORTS_IN_FLIGHT);
  service.accept(100);
  await clock.advance(0);
  expect(service.reported).toEqual(names(0, MOST_REPORTS_IN_FLIGHT + 100));
  while (service.open > 0) {
    service.accept(100);
    await clock.advance(0);
  }
  expect(service.reported).toEqual(names(0, 600));
  expect(worker.status().counts).toMatchObject({ succeeded: 600, reportsRetried: 0 });
  void worker.stop();
});

test('a report whose attempt hangs goes behind those that wait, so that none waits for ever', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const service = new SlowService(600);
  const worker = workerOn(service.port, { clock, handler: slots(600) });
  await clock.advance(60_000);
  expect(new Set(service.reported).size).toBe(600);
  expect(service.open).toBeLessThanOrEqual(MOST_REPORTS_IN_FLIGHT);
  void worker.stop();
});

test('the reports of one handler wait for none of another', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const service = new SlowService(700);
  let given = 0;
  const port = portOf(
    (arn, ...rest) => (arn === 'arn:a' ? service.port.poll(arn, ...rest) : given++ ? never : tokenOfB),
    {
      report: (request, signal) =>
        request.input['taskToken'] === 'b' ? Promise.resolve(accepted) : service.port.report(request, signal),
    },
  );
  const worker = workerOn(port, { clock, names: ['a', 'b'], handler: slots(600) });
  await clock.advance(3_000);
  expect(service.open).toBe(MOST_REPORTS_IN_FLIGHT);
  expect(worker.status().counts.succeeded).toBe(1);
  void worker.stop();
});
const tokenOfB = Promise.resolve({ ...task(0), token: 'b' } as PollAnswer);

test('reports and heartbeats wait for none of each other', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  const hung = new SlowService(400);
  const beats = new Set<string>();
  const heartbeat: ActivityPort['heartbeat'] = async (token) => (beats.add(token), accepted);
  const one = workerOn({ ...hung.port, heartbeat }, { clock, handler: slots(400) });
  const { port } = new SlowService(400);
  const beating = portOf((...asked) => port.poll(...asked), { heartbeat: () => never });
  const other = workerOn(beating, { clock, handler: slots(400), work: () => clock.sleep(50_000) });
  await clock.advance(51_000);
  expect(beats.size).toBe(400);
  expect(other.status().counts).toMatchObject({ succeeded: 400 });
  for (const worker of [one, other]) void worker.stop();
});

test('at the end of a drain each report that waits is sent once more, however many are in flight', async () => {
  const clock = new HandClock(0, { promisesOnly: true });
  // Two of five have had no attempt by then.
  const many = 5 * MOST_REPORTS_IN_FLIGHT;
  const service = new SlowService(many);
  const worker = workerOn(service.port, { clock, handler: slots(many) });
  await clock.advance(14_000);
  expect(service.reported).toHaveLength(MOST_REPORTS_IN_FLIGHT);
  // The grace of a second, and the 30 s for reports.
  void worker.stop();
  await clock.advance(30_900);
  const before = service.reported.length;
  await clock.advance(200);
  expect(service.reported.length - before).toBeGreaterThan(MOST_REPORTS_IN_FLIGHT);
  expect(new Set(service.reported).size).toBe(many);
  await clock.advance(1_000);
  expect(worker.status()).toMatchObject({ tasks: [], counts: { reportsLost: many } });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a result that waits for its first attempt is held as a body, and not in the heap', async () => {
  const [many, size] = [100, 250_000];
  const clock = new HandClock(0, { promisesOnly: true });
  const [{ port }, inFlight] = [new SlowService(0), new ReportsInFlight(1)];
  const world = {
    port,
    inFlight,
    clock,
    limiter: new CallLimiter(clock, () => 0.5),
    random: () => 0.5,
    reportLimitMs: 20_000,
  };
  collect();
  const before = process.memoryUsage().heapUsed;
  const ends = Array.from({ length: many }, (_, n) =>
    new Report(`t${n}`, world, () => {}).send({ status: 'succeeded', output: `${n}`.padEnd(size, 'x') }),
  );
  await clock.advance(0);
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan((many * size) / 2);
  await clock.advance(30_000);
  const outcomes = (await Promise.all(ends)).map((end) => 'outcome' in end && end.outcome);
  expect(outcomes).toEqual(
    Array.from({ length: many }, (_, n) => ({ status: 'succeeded', output: `${n}`.padEnd(size, 'x') })),
  );
});

/** A service over HTTP that gives out so many tasks and answers each result with a 503. It keeps nothing. */
async function brownOut(tasks: number): Promise<Server> {
  let given = 0;
  const server = createServer((request, response) => {
    const isPoll = String(request.headers['x-amz-target']).endsWith('GetActivityTask');
    request.resume().once('end', () => {
      if (!isPoll) response.writeHead(503).end('busy');
      else if (given < tasks)
        response
          .writeHead(200, SERVICE_HEADERS)
          .end(JSON.stringify({ taskToken: `t${given}`, input: String(given++) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

// The SDK writes a body of its own for each attempt, from the text.
describe('over the lean path', () => {
  test('results that wait to be reported again are held as bodies, and not in the heap', async () => {
    const [many, size] = [80, 250_000];
    const text = (n: number): string => `${n}`.padEnd(size, 'x');
    const server = await brownOut(many);
    const clock = new HandClock();
    const worker = await createWorker(
      {
        endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        sdk: { credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret' } },
        activities: [activity((n) => text(n as number), { concurrency: many })],
        reportLimit: '15s',
        grace: '1s',
      },
      { clock, random: () => 0.5, log: silentLog },
    );
    const [waiting, lost] = [new Set<string>(), new Set<unknown>()];
    worker.on('report:retried', ({ token }) => void waiting.add(token));
    worker.on('report:lost', ({ outcome }) => lost.add(outcome.status === 'succeeded' && outcome.output));
    collect();
    const before = process.memoryUsage().heapUsed;
    void worker.run();
    await clock.settle(() => waiting.size === many);
    await clock.advance(5_000);
    collect();
    const after = process.memoryUsage().heapUsed;
    expect(worker.status().tasks).toHaveLength(many);
    expect(after - before).toBeLessThan((many * size) / 2);
    // A result that is lost has its text all the same.
    await clock.advance(15_000);
    expect(lost).toEqual(new Set(Array.from({ length: many }, (_, n) => JSON.stringify(text(n)))));
    void worker.stop();
    server.closeAllConnections();
    server.close();
    await clock.advance(100_000);
  });
});
