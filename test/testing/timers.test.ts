import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setInterval as every, setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, type Clock } from 'stepwright';
import { createTestBed, createTestMachine } from 'stepwright/testing';

let work: (clock: Clock) => Promise<unknown>;

@Activity('work')
class Work {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}
  @Handle() run(): Promise<unknown> {
    return work(this.clock);
  }
}

const HOUR = 3_600_000;
const MACHINE = {
  StartAt: 'Work',
  States: {
    Work: {
      Type: 'Task',
      Resource: 'arn:aws:states:eu-west-1:123456789012:activity:work',
      TimeoutSeconds: 86_400,
      End: true,
    },
  },
};

const execute = async () => (await createTestMachine(MACHINE, { activities: [Work] })).execute();

describe('a timer of Node that a handler sets fires by the clock', () => {
  test.each<[string, () => Promise<unknown>, number]>([
    ['setTimeout', () => new Promise((resolve) => setTimeout(resolve, HOUR, 'x')), HOUR],
    ['node:timers/promises', () => sleep(HOUR, 'x'), HOUR],
    ['one that is not referenced', () => sleep(HOUR, 'x', { ref: false }), HOUR],
    ['AbortSignal.timeout()', () => once(AbortSignal.timeout(HOUR), 'abort').then(() => 'x'), HOUR],
    [
      'an interval',
      async () => {
        let ticks = 0;
        for await (const _ of every(1000)) if (++ticks === 5) return 'x';
        return ticks;
      },
      5000,
    ],
    [
      'one that is refreshed',
      async () => {
        const fired = new Promise((resolve) => {
          const timer = setTimeout(resolve, 1000, 'x');
          setTimeout(() => timer.refresh(), 700);
        });
        return fired;
      },
      1700,
    ],
    [
      'one after another',
      async () => {
        for (let n = 0; n < 50; n++) await sleep(3);
        return 'x';
      },
      150,
    ],
  ])('%s', async (_, wait, tookMs) => {
    work = wait;
    expect(await execute()).toMatchObject({ status: 'succeeded', output: 'x', tookMs });
    expect(await (await createTestBed(Work)).run()).toEqual({ status: 'succeeded', output: 'x' });
  });

  test('in the order of their times, together with the timers of the clock', async () => {
    work = async (clock) => {
      const order: string[] = [];
      const note = (name: string) => (): void => void order.push(`${name} at ${clock.now() - begun}`);
      const begun = clock.now();
      await Promise.all([
        sleep(3000).then(note('third')),
        clock.sleep(2000).then(note('second')),
        sleep(1000).then(note('first')),
        clock.sleep(4000).then(note('last')),
      ]);
      return order;
    };
    const output = ['first at 1000', 'second at 2000', 'third at 3000', 'last at 4000'];
    expect(await execute()).toMatchObject({ output, tookMs: 4000 });
  });

  test('and one that has lost a race, or was cleared, delays nothing', async () => {
    work = (clock) => Promise.race([sleep(20_000, 'lost'), clock.sleep(1000).then(() => 'won')]);
    expect(await execute()).toMatchObject({ output: 'won', tookMs: 1000 });
    work = async (clock) => {
      const limit = sleep(20_000).then(() => Promise.reject(new Error('too late')));
      const first = await Promise.race([Promise.resolve('won'), limit]);
      limit.catch(() => {});
      clearTimeout(setTimeout(() => {}, 5000));
      await clock.sleep(HOUR);
      return first;
    };
    expect(await execute()).toMatchObject({ output: 'won', tookMs: HOUR });
  });
});

describe('a timer of Node', () => {
  const silentServer = async (): Promise<Server> => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };

  test('fires by real time too, while the clock stands still for real work', async () => {
    const server = await silentServer();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    work = async () => fetch(url, { signal: AbortSignal.timeout(40) }).catch(({ name }: Error) => name);
    expect(await execute()).toMatchObject({ output: 'TimeoutError', tookMs: 0 });
    server.closeAllConnections();
    server.close();
  });

  test('of a started task fires by real time, or when the test moves the clock', async () => {
    work = () => sleep(20, 'by real time');
    const bed = await createTestBed(Work);
    expect(await (await bed.start()).outcome).toMatchObject({ output: 'by real time' });
    work = () => sleep(HOUR, 'by the clock');
    const task = await bed.start();
    await task.advance('59m');
    expect(task.settled).toBe(false);
    await task.advance('1m');
    expect(task.settled).toBe(true);
    expect(await task.outcome).toMatchObject({ output: 'by the clock' });
  });

  test.each([1, 1.5, 2.5])('of a started task is an interval of any delay: %s ms', async (ms) => {
    let ticks = 0;
    work = async (clock) => {
      const interval = setInterval(() => ticks++, ms).unref();
      await clock.sleep(10);
      clearInterval(interval);
    };
    const task = await (await createTestBed(Work)).start();
    await task.advance('10ms');
    expect(ticks).toBeGreaterThanOrEqual(Math.floor(9 / ms));
    expect(task.settled).toBe(true);
  });

  test('that has fired and is refreshed by another task has its own delay', async () => {
    let fire = (): void => {};
    let timer: NodeJS.Timeout | undefined;
    work = () =>
      new Promise<void>((resolve) => {
        fire = resolve;
        timer = setTimeout(() => fire(), HOUR);
      });
    expect(await execute()).toMatchObject({ tookMs: HOUR });
    work = () =>
      new Promise<void>((resolve) => {
        fire = resolve;
        timer?.refresh();
      });
    expect(await execute()).toMatchObject({ tookMs: HOUR });
  });

  test('of an execution that the test moves fires when the test moves the clock', async () => {
    work = async (clock) => {
      await sleep(HOUR);
      await clock.sleep(HOUR);
      return 'done';
    };
    const execution = await (await createTestMachine(MACHINE, { activities: [Work] })).start();
    await execution.advance('119m');
    expect(execution.status).toBe('running');
    await execution.advance('1m');
    expect(execution.status).toBe('succeeded');
    expect(await execution.result()).toMatchObject({ output: 'done', tookMs: 2 * HOUR });
  });

  test('of a task beside a started one runs on the clock of its own task', async () => {
    const bed = await createTestBed(Work);
    work = (clock) => clock.sleep(HOUR);
    const started = await bed.start();
    work = () => sleep(HOUR, 'slept');
    expect(await bed.run()).toMatchObject({ output: 'slept' });
    expect(started.settled).toBe(false);
    await started.advance('1h');
    expect(started.settled).toBe(true);
  });

  test('that a handler leaves behind fires by real time', async () => {
    let left: Promise<string> | undefined;
    work = async () => void (left = sleep(20, 'fired'));
    expect(await execute()).toMatchObject({ status: 'succeeded', tookMs: 0 });
    expect(await left).toBe('fired');
  });
});
