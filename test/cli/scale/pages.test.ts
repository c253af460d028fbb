import { describe, expect, test } from '@jest/globals';
import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import { FleetScaler, type ScalerSources } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { answerScale } from '../../../src/framework/cli/scale/scaler.js';
import { NoEstimate } from '../../../src/framework/cli/scale/estimate.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { ARN } from '../../support/world.js';

import { believed, type Metrics, standIn } from './stand-in.js';
describe('the pages', () => {
  const scalerOf = (change: Partial<ScalerSources> = {}, clock = new HandClock()): FleetScaler =>
    new FleetScaler(
      { activityArns: [ARN], fleet: 'orders', slotsOfWorker: 10, withinMs: MINUTE_MS, publish: false },
      {
        clock,
        log: silentLog,
        metrics: standIn().metrics,
        readWorkers: async () => ({ workers: [], unreadable: [], wrongClocks: [] }),
        ...change,
      },
    );
  const pageOf = async (scaler: FleetScaler, path = '/scale') => {
    const { status, body } = await answerScale('GET', path, scaler);
    return { status, body: path === '/scale' ? (JSON.parse(body) as unknown) : body };
  };

  test('serve the estimate as JSON and as metrics', async () => {
    const clock = new HandClock();
    const { metrics, put } = standIn();
    await put('ActivitiesScheduled', clock.now() - 5 * MINUTE_MS, 12);
    const scaler = scalerOf({ metrics }, clock);
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({
      status: 200,
      body: {
        fleet: 'orders',
        workersWanted: 2,
        workersMissing: 2,
        activities: [{ activityArn: ARN, waiting: 12 }],
      },
    });
    const { body } = await pageOf(scaler, '/metrics');
    expect(body).toContain('stepwright_scaler_workers_wanted{fleet="orders"} 2\n');
    expect(body).toContain(`stepwright_scaler_tasks_waiting{fleet="orders",activity_arn="${ARN}"} 12\n`);
    expect(await answerScale('POST', '/scale', scaler)).toMatchObject({ status: 405 });
    expect(await answerScale('GET', '/', scaler)).toMatchObject({ status: 404 });
  });

  test('answer 503 in place of a number that is not known, so that no autoscaler takes it for none', async () => {
    const clock = new HandClock();
    let broken = true;
    const counts: Metrics['counts'] = async () => {
      if (broken) throw new Error('AccessDenied: cloudwatch:GetMetricData');
      return [{ scheduled: [], started: [] }];
    };
    const scaler = scalerOf({ metrics: { ...standIn().metrics, counts } }, clock);
    await scaler.tick();
    expect(await pageOf(scaler)).toEqual({
      status: 503,
      body: { error: 'CloudWatch was not read yet: AccessDenied: cloudwatch:GetMetricData' },
    });
    broken = false;
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({ status: 200, body: { workersWanted: 0 } });
    broken = true;
    await clock.advance(6 * MINUTE_MS);
    await scaler.tick();
    expect(await pageOf(scaler)).toMatchObject({ status: 503 });
    expect(await answerScale('GET', '/live', scaler)).toMatchObject({ status: 200 });
  });

  describe('while tasks run by CloudWatch and no worker can be seen', () => {
    const HOUR = 60 * MINUTE_MS;
    const log = () => {
      const lines: string[] = [];
      const note = (first: unknown, message = first): void => void lines.push(String(message));
      return { lines, log: { ...silentLog, warn: note, info: note } };
    };

    test('no number is served, but by /least what is needed for those that wait, and it is logged once', async () => {
      const clock = new HandClock();
      const { metrics, put } = standIn();
      await put('ActivitiesStarted', clock.now() - 3 * HOUR, 400);
      await put('ActivitiesSucceeded', clock.now() - 2 * HOUR, 39);
      const { lines, log: logger } = log();
      const scaler = scalerOf({ metrics, log: logger }, clock);
      await scaler.tick();
      const why =
        'no name in --workers has an address, but CloudWatch has 361 tasks of ' +
        `${ARN} that were started and have not ended: the fleet is left as it is`;
      expect(await pageOf(scaler)).toEqual({ status: 503, body: { error: why, sure: 'blind', least: 0 } });
      const least = async () => (await answerScale('GET', '/least', scaler)).body;
      expect(JSON.parse(await least())).toEqual({
        fleet: 'orders',
        workersWanted: 0,
        sure: 'blind',
        why,
      });
      const { status, body } = await pageOf(scaler, '/metrics');
      expect(status).toBe(200);
      expect(body).toContain('stepwright_scaler_estimated{fleet="orders"} 0\n');
      expect(body).toContain(`stepwright_scaler_tasks_unseen{fleet="orders",activity_arn="${ARN}"} 361\n`);
      expect(body).not.toContain('workers_wanted');

      await put('ActivitiesScheduled', clock.now() - 4 * MINUTE_MS, 25);
      await clock.advance(20_000);
      await scaler.tick();
      expect(JSON.parse(await least())).toMatchObject({ workersWanted: 3 });
      expect(lines).toEqual([`there is no estimate: ${why}`]);

      await put('ActivitiesSucceeded', clock.now() - 3 * MINUTE_MS, 361);
      await clock.advance(20_000);
      await scaler.tick();
      expect(await pageOf(scaler)).toMatchObject({ status: 200, body: { workersWanted: 3 } });
      expect((await pageOf(scaler, '/metrics')).body).toContain(
        'stepwright_scaler_estimated{fleet="orders"} 1\n',
      );
      expect(lines.slice(1)).toEqual(['the number of workers that are needed is known again']);
    });

    test('the reason names the addresses that do not answer, or the workers of another fleet', async () => {
      const clock = new HandClock();
      const { metrics, put } = standIn();
      await put('ActivitiesStarted', clock.now() - 3 * HOUR, 2);
      const other = believed({ name: 'b', state: 'running', handlers: [] });
      if (!other) throw new Error('it is a worker');
      const found = [
        [
          { workers: [], unreadable: ['10.0.0.7:80: ECONNREFUSED'], wrongClocks: [] },
          /^none of the 1 addresses of --workers answers as a worker \(10.0.0.7:80: ECONNREFUSED\), but /,
        ],
        [
          { workers: [other], unreadable: [], wrongClocks: [] },
          /^none of the 1 workers at --workers has a handler for arn:.*Work, but /,
        ],
      ] as const;
      for (const [seen, error] of found) {
        const scaler = scalerOf({ metrics, readWorkers: async () => seen }, clock);
        await scaler.tick();
        expect(await pageOf(scaler)).toMatchObject({
          status: 503,
          body: { error: expect.stringMatching(error) },
        });
      }
      const idle = scalerOf({ readWorkers: async () => found[1][0] }, clock);
      await idle.tick();
      expect(await pageOf(idle)).toEqual({
        status: 503,
        body: {
          error: `none of the 1 workers at --workers has a handler for ${ARN}: is --workers the name of this fleet?`,
        },
      });
    });

    test('an alarm adds a worker to those that there may be, if tasks wait, and removes none', async () => {
      const clock = new HandClock();
      const { metrics, put } = standIn();
      await put('ActivitiesStarted', clock.now() - 3 * HOUR, 2);
      const published: string[] = [];
      const publish: Metrics['publish'] = async (values) =>
        void published.push(values.map(({ name, value }) => `${name} ${value}`).join(', '));
      const scaler = new FleetScaler(
        { activityArns: [ARN], fleet: 'orders', slotsOfWorker: 1, withinMs: MINUTE_MS, publish: true },
        {
          clock,
          log: silentLog,
          metrics: { ...metrics, publish },
          readWorkers: async () => ({ workers: [], unreadable: [], wrongClocks: [] }),
        },
      );
      await scaler.tick();
      await put('ActivitiesScheduled', clock.now() - 4 * MINUTE_MS, 9);
      await clock.advance(20_000);
      await scaler.tick();
      expect(published).toEqual(['Blind 1, TasksUnseen 2', 'Blind 1, TasksUnseen 2, WorkersMissing 1']);
    });

    test('what was stopped while it ran counts no longer once the workers were seen without a task', async () => {
      const clock = new HandClock();
      const { metrics, put } = standIn();
      await put('ActivitiesStarted', clock.now() - 3 * HOUR, 5);
      const queue = { minuteAt: clock.now(), begun: [0] };
      const idle = believed({
        name: 'a',
        state: 'running',
        handlers: [{ activityArn: ARN, concurrency: 3, running: 0, queue }],
      });
      const workers = [idle];
      const readWorkers = async () => ({ workers: workers.splice(0), unreadable: [], wrongClocks: [] });
      const scaler = scalerOf({ metrics, readWorkers }, clock);
      await scaler.tick();
      await clock.advance(HOUR);
      await scaler.tick();
      expect(await pageOf(scaler)).toMatchObject({ status: 200, body: { workersWanted: 0 } });
    });

    test('CloudWatch that does not say if tasks run is no proof that none does', async () => {
      const scaler = scalerOf({
        metrics: { ...standIn().metrics, work: () => Promise.reject(new Error('Throttling')) },
      });
      await scaler.tick();
      expect(await pageOf(scaler)).toEqual({
        status: 503,
        body: { error: 'no worker is found, and CloudWatch does not say if tasks run: Throttling' },
      });
    });
  });

  test('answer 503 where no worker is found and tasks are started, or where a name can not be looked up', async () => {
    const clock = new HandClock();
    const { metrics, put } = standIn();
    await put('ActivitiesStarted', clock.now() - 3 * MINUTE_MS, 1);
    await put('ActivitiesSucceeded', clock.now() - 3 * MINUTE_MS, 1);
    const scaler = scalerOf({ metrics }, clock);
    await scaler.tick();
    expect((await pageOf(scaler)).body).toEqual({
      error: expect.stringMatching(/is --workers the name of this fleet\?$/),
    });
    const readWorkers = () =>
      Promise.reject(new NoEstimate('the name worker could not be looked up: timeout'));
    const blind = scalerOf({ readWorkers }, clock);
    await blind.tick();
    expect(await pageOf(blind)).toMatchObject({
      status: 503,
      body: { error: 'the name worker could not be looked up: timeout' },
    });
  });
});
