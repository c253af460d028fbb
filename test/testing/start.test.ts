import { describe, expect, test } from '@jest/globals';
import { inject } from 'tsyringe';
import { Activity, CLOCK, Handle, Retry, type Clock, type TaskAborted, type TaskContext } from 'stepwright';
import { createTestBed } from 'stepwright/testing';

/** Works for the given time, in steps of a second, and heeds the signals as `manner` says. */
@Activity('work', { heartbeat: '10s', timeout: '5m' })
class Work {
  constructor(@inject(CLOCK) private readonly clock: Clock) {}

  onBegin = (): void => {};

  @Handle({ input: 'any' })
  async run({ seconds, manner }: { seconds: number; manner?: string }, task: TaskContext): Promise<unknown> {
    this.onBegin();
    task.log.info({ seconds }, 'working');
    for (let second = 1; second <= seconds; second++) {
      await this.clock.sleep(1000, manner === 'deaf' ? undefined : task.signal);
      if (manner === 'stops early' && task.shuttingDown.aborted) return `stopped after ${second} s`;
      if (manner !== 'deaf') task.signal.throwIfAborted();
    }
    return `worked ${seconds} s`;
  }
}

const start = async (input: { seconds: number; manner?: string }) => (await createTestBed(Work)).start(input);
const reasonOf = (task: { context: TaskContext }) => (task.context.signal.reason as TaskAborted).kind;

test('a task runs on a clock that the test moves, and beats', async () => {
  const task = await start({ seconds: 35 });
  expect(task.heartbeats).toBe(0);
  await task.advance('30s');
  expect([task.heartbeats, task.settled]).toEqual([3, false]);
  await task.advance('5s');
  expect(await task.outcome).toEqual({ status: 'succeeded', output: 'worked 35 s' });
  expect(task.settled).toBe(true);
  await task.advance('1m');
  expect(task.heartbeats).toBe(3);
});

test('its log lines are kept, with the fields of the task', async () => {
  const task = await start({ seconds: 0 });
  expect(await task.outcome).toEqual({ status: 'succeeded', output: 'worked 0 s' });
  expect(task.logs).toEqual([
    {
      level: 'info',
      message: 'working',
      fields: {
        seconds: 0,
        handler: 'Work.run',
        activity: 'arn:aws:states:us-east-1:123456789012:activity:work',
        task: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
    },
  ]);
});

test('heartbeat and timeout can be set for one task', async () => {
  const bed = await createTestBed(Work);
  const task = await bed.start({ seconds: 60 }, { heartbeat: false, timeout: '20s' });
  await task.advance('20s');
  expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
  expect(task.heartbeats).toBe(0);
});

describe('the task is gone', () => {
  test('a heartbeat learns it at once, the signal aborts, and nothing is reported', async () => {
    const task = await start({ seconds: 60 });
    await task.advance('3s');
    await task.gone();
    expect(reasonOf(task)).toBe('gone');
    expect(await task.outcome).toEqual({ status: 'gone' });
    expect(task.settled).toBe(true);
  });

  test('also when the handler goes on and returns', async () => {
    const task = await start({ seconds: 60, manner: 'deaf' });
    await task.gone();
    expect(await task.outcome).toEqual({ status: 'gone' });
    expect(task.settled).toBe(false);
    await task.advance('60s');
    expect(task.settled).toBe(true);
  });

  test('without automatic heartbeats too', async () => {
    const bed = await createTestBed(Work);
    const task = await bed.start({ seconds: 60 }, { heartbeat: false });
    await task.gone();
    expect(await task.outcome).toEqual({ status: 'gone' });
  });
});

test('the deadline is reported when it is over, and what comes later is dropped', async () => {
  const task = await start({ seconds: 400, manner: 'deaf' });
  await task.advance('5m');
  expect(reasonOf(task)).toBe('deadline');
  expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
  expect(task.settled).toBe(false);
  await task.advance('100s');
  expect(task.settled).toBe(true);
  expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
});

describe('the worker shuts down', () => {
  test('a handler that watches shuttingDown stops in a good place', async () => {
    const task = await start({ seconds: 60, manner: 'stops early' });
    await task.advance('3s');
    await task.shutdown();
    expect([task.context.shuttingDown.aborted, task.context.signal.aborted]).toEqual([true, false]);
    await task.advance('1s');
    expect(await task.outcome).toEqual({ status: 'succeeded', output: 'stopped after 4 s' });
  });

  test('at the end of the grace the signal aborts, and an error then is reported as WorkerShutdown', async () => {
    const task = await start({ seconds: 100 });
    await task.shutdown();
    await task.advance('59s');
    expect(task.context.signal.aborted).toBe(false);
    await task.advance('1s');
    expect(reasonOf(task)).toBe('shutdown');
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
  });

  test('a handler that ignores the abort is abandoned five seconds later', async () => {
    const bed = await createTestBed(Work);
    const task = await bed.start({ seconds: 100, manner: 'deaf' }, { grace: '10s' });
    await task.shutdown();
    await task.advance('15s');
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
  });
});

test('a duration without a unit is refused', async () => {
  const task = await start({ seconds: 1 });
  await expect(task.advance('20')).rejects.toThrow(
    /expected the duration to be a duration with its unit.*"20"/,
  );
});

test('during run the clock runs ahead by itself, so that nothing waits', async () => {
  @Activity('retried')
  class Retried {
    calls = 0;
    constructor(@inject(CLOCK) private readonly clock: Clock) {}
    @Handle({ interceptors: [Retry({ attempts: 3, delay: '1h', maxDelay: '1h' })] })
    async run(): Promise<string> {
      await this.clock.sleep(86_400_000);
      if (++this.calls < 3) throw new Error('again');
      return new Date(this.clock.now()).toISOString();
    }
  }
  const bed = await createTestBed(Retried);
  expect(await bed.run({})).toEqual({ status: 'succeeded', output: '2026-01-04T01:00:00.000Z' });
});

test('the progress of a handler can be read', async () => {
  @Activity('steps')
  class Steps {
    @Handle({ input: 'any' }) run(_: unknown, task: TaskContext): Promise<void> {
      task.progress(0.4, 'epoch 2/5');
      return new Promise(() => {});
    }
  }
  const task = await (await createTestBed(Steps)).start(null);
  expect(task.progress).toMatchObject({ fraction: 0.4, message: 'epoch 2/5' });
});

test('`run` beside a started task has a time of its own, and leaves that of the started one', async () => {
  const bed = await createTestBed(Work);
  const before = bed.clock.now();
  const task = await bed.start({ seconds: 1000 });
  expect(await bed.run({ seconds: 200 })).toMatchObject({ output: 'worked 200 s' });
  expect(bed.clock.now()).toBe(before);
  await task.advance('299s');
  expect([task.heartbeats, task.settled]).toEqual([29, false]);
  await task.advance('1s');
  expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
  const ended = bed.clock.now();
  await bed.run({ seconds: 200 });
  expect(bed.clock.now()).toBe(ended + 200_000);
});

describe("a task has a context of the test's own", () => {
  @Activity('context')
  class Context {
    @Handle({ input: 'any' }) async run(_input: unknown, task: TaskContext): Promise<unknown> {
      this.onBegin();
      const { token, receivedAt, rawInput } = task;
      return { token, receivedAt, rawInput, stops: [task.shuttingDown.aborted, task.signal.aborted] };
    }
    @Handle({ activity: 'waiting', input: 'any' }) waiting(
      _input: unknown,
      { signal }: TaskContext,
    ): Promise<string> {
      this.onBegin();
      return new Promise((resolve, reject) => {
        const end = (): void => {
          if (this.endsBy === 'return') resolve((signal.reason as TaskAborted).kind);
          else reject(signal.reason as TaskAborted);
        };
        if (signal.aborted) end();
        signal.addEventListener('abort', end);
      });
    }
    endsBy: 'return' | 'throw' = 'throw';
    onBegin = (): void => {};
  }
  const own = { token: 'mine', receivedAt: new Date('2020-02-03T04:05:06Z') };
  const handler = 'Context.run';

  test('its token and the time of its arrival', async () => {
    const bed = await createTestBed(Context);
    const output = { token: 'mine', receivedAt: '2020-02-03T04:05:06.000Z', stops: [false, false] };
    expect(await bed.runText('[7]', { ...own, handler })).toEqual({
      status: 'succeeded',
      output: { ...output, rawInput: '[7]' },
    });
    const task = await bed.startText('[8]', { ...own, handler });
    expect(await task.outcome).toEqual({ status: 'succeeded', output: { ...output, rawInput: '[8]' } });
  });

  test('a started one has its deadline from the time of its arrival on', async () => {
    const bed = await createTestBed(Context);
    const receivedAt = new Date(bed.clock.now() - 40_000);
    const task = await bed.start(null, { handler: 'Context.waiting', timeout: '1m', receivedAt });
    await task.advance('20s');
    expect(await task.outcome).toMatchObject({ error: 'Stepwright.DeadlineExceeded' });
  });

  test('its signal, which aborts as that of a worker that stops', async () => {
    const bed = await createTestBed(Context);
    const context = bed.container.resolve(Context);
    const runStopped = (name: 'Context.run' | 'Context.waiting') => {
      const stop = new AbortController();
      context.onBegin = () => stop.abort();
      return bed.run(null, { handler: name, signal: stop.signal });
    };
    expect(await runStopped('Context.run')).toMatchObject({ output: { stops: [true, true] } });
    expect(await runStopped('Context.waiting')).toMatchObject({
      error: 'Stepwright.WorkerShutdown',
      cause: expect.stringContaining('then TaskAborted was thrown'),
    });
    context.endsBy = 'return';
    expect(await runStopped('Context.waiting')).toEqual({ status: 'succeeded', output: 'shutdown' });
  });

  test('its signal: if it has aborted before the task, the handler is not called', async () => {
    const bed = await createTestBed(Context);
    let calls = 0;
    bed.container.resolve(Context).onBegin = () => void calls++;
    const ended = await bed.run(null, { handler, signal: AbortSignal.abort() });
    expect(ended).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    expect(calls).toBe(0);
  });

  test('one whose handler goes on after that signal is given up after 5 s, as by a worker', async () => {
    const bed = await createTestBed(Work);
    const work = bed.container.resolve(Work);
    const runStopped = (seconds: number) => {
      const stop = new AbortController();
      work.onBegin = () => stop.abort();
      return bed.run({ seconds, manner: 'deaf' }, { signal: stop.signal });
    };
    expect(await runStopped(60)).toMatchObject({ error: 'Stepwright.WorkerShutdown' });
    expect(await runStopped(4)).toEqual({ status: 'succeeded', output: 'worked 4 s' });
  });

  test('a run one has its deadline from the time of its arrival on, too', async () => {
    const bed = await createTestBed(Work);
    const receivedAt = new Date(bed.clock.now() - 4 * 60_000);
    expect(await bed.run({ seconds: 59 }, { receivedAt })).toHaveProperty('status', 'succeeded');
    expect(
      await bed.run({ seconds: 61 }, { receivedAt: new Date(bed.clock.now() - 4 * 60_000) }),
    ).toMatchObject({
      error: 'Stepwright.DeadlineExceeded',
    });
  });

  test.each([
    [{ token: 7 }, /token: expected a text/],
    [{ receivedAt: '2020' }, /receivedAt: expected a Date/],
    [{ signal: {} }, /signal: expected an AbortSignal/],
  ])('%j is refused', async (options, message) => {
    const bed = await createTestBed(Context);
    await expect(bed.run(null, { handler, ...(options as object) })).rejects.toThrow(message);
  });
});
