import { describe, expect, test } from '@jest/globals';
import { Activity, ActivityFailure, CircuitBreaker, Handle, type HandlerOptions } from 'stepwright';
import { activity, type Held, holding } from '../../support/work.js';
import { ARN, useWorld, type WorkerWorld } from '../../support/world.js';

const world = useWorld();
const { faults } = world;

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);
const polls = (): number => faults.count('GetActivityTask');
const NAME = 'Work.run';

interface Working {
  readonly w: WorkerWorld;
  readonly held: Held[];
  /** Starts this many executions. */
  readonly start: (count: number) => Promise<void>;
}

async function working(options: Parameters<typeof holding>[0] = {}, config: object = {}): Promise<Working> {
  const { type, held } = holding(options);
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type], ...config });
  await seconds(1);
  const start = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await world.execute(machine, n);
  };
  return { w, held, start };
}

const handlerOf = ({ worker }: WorkerWorld) => worker.status().handlers[0];

describe('pause', () => {
  test('no poll is opened, running tasks go on, and resume takes tasks at once', async () => {
    const { w, held, start } = await working();
    await start(1);
    await world.clock.settle(() => held.length === 1);
    await seconds(1);
    w.worker.pause(NAME);
    // The poll that is open is held for a minute.
    await seconds(61);
    const before = polls();
    await start(3);
    await seconds(600);
    expect(polls()).toBe(before);
    expect(held).toHaveLength(1);
    held[0]?.succeed();
    await seconds(1);
    expect(w.of('task:succeeded')).toHaveLength(1);
    expect(polls()).toBe(before);
    w.worker.resume(NAME);
    await world.clock.settle(() => held.length === 4);
    expect(w.of('handler:paused')).toEqual([
      expect.objectContaining({ handler: NAME, activityArn: ARN, by: 'control', reason: 'asked for' }),
    ]);
    expect(w.of('handler:resumed')).toEqual([{ handler: NAME, activityArn: ARN }]);
  });

  test('a poll that is open may still bring a task, and that task is run', async () => {
    const { w, held, start } = await working();
    w.worker.pause(NAME);
    await start(2);
    await seconds(120);
    expect(held).toHaveLength(1);
    held[0]?.succeed();
    await seconds(1);
    expect(w.of('task:succeeded')).toHaveLength(1);
  });

  test('ready says so, and does not fail the pod; the other handlers go on', async () => {
    const other = ARN.replace('Work', 'Other');
    const { type, held } = holding({}, other);
    const machine = world.machine(other);
    const { w } = await working({}, { healthPort: 0, activities: [holding().type, type] });
    w.worker.pause(NAME);
    await seconds(600);
    const [url = ''] = w.log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg))?.[1] ?? []);
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      state: 'running',
      ready: true,
      reasons: [],
      paused: ['Work.run: paused by a person (asked for)'],
    });
    const status = (await (await fetch(`${url}/status`)).json()) as { handlers: object[] };
    expect(status.handlers[0]).toMatchObject({ paused: { by: 'control', reason: 'asked for' } });
    expect(w.of('slots:stuck')).toEqual([]);
    await world.execute(machine);
    await world.clock.settle(() => held.length === 1);
  });

  test('a worker that is paused stops as any other', async () => {
    const { w } = await working();
    w.worker.pause(NAME);
    void w.worker.stop();
    await seconds(61);
    await w.done;
    expect(w.worker.status().state).toBe('stopped');
  });

  test('the name of a method stands for its handler of each activity', async () => {
    const other = ARN.replace('Work', 'Other');
    @Activity([ARN, other])
    class Work {
      @Handle({ input: 'any' }) run(): void {}
    }
    world.machine(other);
    const { w } = await working({}, { activities: [Work] });
    w.worker.pause(NAME);
    w.worker.resume('Work.run@Work');
    expect(w.worker.status().handlers.map(({ paused }) => paused?.by)).toEqual([undefined, 'control']);
  });

  test('a name that no handler has is told, with the nearest', async () => {
    const { w } = await working();
    expect(() => w.worker.pause('Work.runs')).toThrow(
      "there is no handler 'Work.runs': did you mean 'Work.run'? There are: Work.run",
    );
    expect(() => w.worker.resume('x')).toThrow(RangeError);
    expect(() => w.worker.configure('x', {})).toThrow(RangeError);
  });
});

describe('configure', () => {
  test('more slots take tasks at once, fewer wait until enough have ended, and nothing is cut', async () => {
    const { w, held, start } = await working({ concurrency: 1 });
    await start(6);
    await seconds(1);
    expect(held).toHaveLength(1);
    w.worker.configure(NAME, { concurrency: 4 });
    await seconds(1);
    expect(held).toHaveLength(4);
    expect(handlerOf(w)).toMatchObject({ concurrency: 4, running: 4 });
    w.worker.configure(NAME, { concurrency: 2 });
    for (const { succeed } of held.splice(0, 2)) succeed();
    await seconds(1);
    // Two run, as many as there are slots.
    expect(held).toHaveLength(2);
    held.shift()?.succeed();
    await seconds(1);
    expect(held).toHaveLength(2);
    expect(w.of('task:succeeded')).toHaveLength(3);
    expect(w.of('task:failed')).toEqual([]);
  });

  test("200 slots are 200 open connections, also through the SDK's own client", async () => {
    const { w } = await working({ concurrency: 2 }, { calls: 'sdk' });
    w.worker.configure(NAME, { concurrency: 200, pollers: 200 });
    await world.clock.settle(() => world.service.parkedPolls === 200);
    expect(world.service.parkedPolls).toBe(200);
  });

  test('pollers are opened at once, up to the slots', async () => {
    const { w } = await working({ concurrency: 8 });
    expect(world.service.parkedPolls).toBe(1);
    w.worker.configure(NAME, { pollers: { min: 5, max: 20 } });
    await seconds(1);
    expect(world.service.parkedPolls).toBe(5);
    expect(handlerOf(w)?.polls.target).toBe(5);
  });

  test.each([
    [{ concurrency: 0 }, 'Work.run.concurrency: expected a whole number from 1 to 100000, got 0 (number)'],
    [{ pollers: { min: 3, max: 1 } }, 'Work.run.pollers: expected'],
    [{ rate: 'fast' }, 'Work.run.rate: expected a whole number of tasks from 1 to 100000 in a second'],
    [{ heartbeat: '5s' }, 'Work.run.heartbeat: there is no such option'],
  ])('%j is refused, and changes nothing', async (options, message) => {
    const { w } = await working();
    expect(() => w.worker.configure(NAME, options as HandlerOptions)).toThrow(message);
    expect(handlerOf(w)).toMatchObject({ concurrency: 10 });
  });
});

describe('rate', () => {
  /** The times at which tasks began, in milliseconds since the first. */
  const begun = (w: WorkerWorld): number[] => {
    const at = w.of('task:received').map(({ receivedAt }) => receivedAt.getTime());
    return at.map((each) => each - (at[0] ?? 0));
  };
  /** The most tasks that began in any span of this length. */
  const most = (times: readonly number[], spanMs: number): number =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length));

  test.each([
    ['3/s', 1_000, 3],
    ['5/m', 60_000, 5],
    ['1/10s', 10_000, 1],
  ])('%s begins no more in any such span, and as many where there is work', async (rate, spanMs, count) => {
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [activity(() => 1, { rate, concurrency: 50, pollers: 20 })] });
    for (let n = 0; n < 12; n++) await world.execute(machine);
    for (let n = 0; n < 50; n++) await world.clock.advance(spanMs / 10);
    await seconds(120);
    const times = begun(w);
    expect(times).toHaveLength(12);
    expect(most(times, spanMs)).toBe(count);
    // No slower than it may be, but for the time that a poll takes.
    expect(times.at(-1)).toBeLessThanOrEqual(Math.ceil(12 / count - 1) * spanMs * 1.2 + 1_000);
  });

  test('a handler that waits for its rate is ready, and no slot of it is stuck', async () => {
    const { w, held, start } = await working({ rate: '1/h' });
    await start(2);
    await world.clock.settle(() => held.length === 1);
    held[0]?.succeed();
    await seconds(1_800);
    expect(w.worker.status()).toMatchObject({ ready: true, reasons: [] });
    expect(w.of('slots:stuck')).toEqual([]);
    await seconds(1_805);
    expect(held).toHaveLength(2);
  });

  test('configure sets another rate, and ends it', async () => {
    const { w, held, start } = await working({ rate: '1/h' });
    await start(8);
    await seconds(5);
    expect(held).toHaveLength(1);
    w.worker.configure(NAME, { rate: '2/m' });
    await seconds(59);
    expect(held).toHaveLength(3);
    w.worker.configure(NAME, { rate: false });
    await seconds(5);
    expect(held).toHaveLength(8);
  });
});

describe('CircuitBreaker', () => {
  /** A handler that fails by a name while the test says so. */
  async function failing() {
    const state = { name: 'Down' as string | undefined, calls: 0 };
    const handle = (): unknown => {
      state.calls++;
      if (state.name !== undefined) throw new ActivityFailure(state.name, 'as planned');
      return 1;
    };
    const machine = world.machine(ARN);
    const interceptors = [CircuitBreaker({ failed: 0.5, of: 4, pause: '1m', on: ['Down'] })];
    const w = await world.worker({ activities: [activity(handle, { interceptors, concurrency: 1 })] });
    const start = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await world.execute(machine);
    };
    return { w, state, start };
  }

  test('more than a share of failures pauses the handler, and after the pause the tasks are counted anew', async () => {
    const { w, state, start } = await failing();
    await start(20);
    await seconds(5);
    // Three of four are more than half.
    expect(state.calls).toBe(3);
    expect(w.of('handler:paused')).toMatchObject([
      { by: 'task', reason: '3 of the last 3 tasks failed by Down', until: expect.any(Number) },
    ]);
    await seconds(50);
    expect(state.calls).toBe(3);
    await seconds(10);
    expect(state.calls).toBe(6);
    expect(w.of('handler:paused')).toHaveLength(2);
    state.name = undefined;
    await seconds(61);
    expect(w.of('handler:resumed')).toHaveLength(2);
    expect(state.calls).toBe(20);
  });

  test('a task that was received before the pause does not count after it', async () => {
    const interceptors = [CircuitBreaker({ failed: 0.5, of: 4, pause: '1m', on: ['Down'] })];
    const { w, held, start } = await working({ interceptors, concurrency: 6 });
    await start(6);
    await world.clock.settle(() => held.length === 6);
    await seconds(1);
    const down = new ActivityFailure('Down', 'as planned');
    for (const each of held.slice(0, 3)) each.fail(down);
    await seconds(1);
    expect(w.of('handler:paused')).toHaveLength(1);
    await seconds(60);
    for (const each of held.slice(3)) each.fail(down);
    await start(2);
    await world.clock.settle(() => held.length === 8);
    expect(w.of('handler:paused')).toHaveLength(1);
  });

  test('failures by other names, and fewer of them, pause nothing', async () => {
    const { w, state, start } = await failing();
    state.name = 'NotFound';
    await start(10);
    await seconds(10);
    expect(state.calls).toBe(10);
    for (let n = 0; n < 6; n++) {
      state.name = n % 2 === 0 ? 'Down' : undefined;
      await start(1);
      await seconds(2);
    }
    expect(state.calls).toBe(16);
    expect(w.of('handler:paused')).toEqual([]);
  });

  test('resume ends the pause', async () => {
    const { w, state, start } = await failing();
    await start(10);
    await seconds(5);
    state.name = undefined;
    w.worker.resume(NAME);
    await seconds(5);
    expect(state.calls).toBe(10);
  });

  test.each([
    [{ failed: 1 }, /`failed` to be a number from 0 up to but not 1, got 1/],
    [{ of: 0 }, /`of` to be a whole number from 1 to 1000, got 0/],
    [{ on: [] }, /`on` to be a list of error names, got \[\]/],
    [{ pause: '0s' }, /`pause` to be .*, above 0, got "0s"/],
  ])('refuses %j', (wrong, message) => {
    const right = { failed: 0.5, of: 20, pause: '1m', on: ['X'] };
    expect(() => CircuitBreaker({ ...right, ...wrong })).toThrow(message);
  });
});

describe('task.pauseHandler', () => {
  test('a handler gets no task for a while, and the task that asked goes on', async () => {
    const { w, held, start } = await working({ concurrency: 2 });
    await start(1);
    await world.clock.settle(() => held.length === 1);
    held[0]?.task.pauseHandler('90s', '429 of the gateway, card 4111');
    // What an open poll still brings.
    await seconds(61);
    await start(3);
    await seconds(28);
    expect(held).toHaveLength(1);
    expect(handlerOf(w)).toMatchObject({ paused: { by: 'task' } });
    // The status shows no words of a task: the event and the log do.
    expect(handlerOf(w)?.paused).not.toHaveProperty('reason');
    held[0]?.succeed();
    await seconds(2);
    expect(w.of('task:succeeded')).toHaveLength(1);
    expect(held.length).toBeGreaterThan(1);
    expect(w.of('handler:paused')).toMatchObject([{ by: 'task' }]);
    expect(w.of('handler:resumed')).toHaveLength(1);
  });

  test('a longer pause stays, and what is asked in a loop is told once', async () => {
    const { w, held, start } = await working();
    await start(1);
    await world.clock.settle(() => held.length === 1);
    for (let n = 0; n < 1_000; n++) held[0]?.task.pauseHandler('2m');
    held[0]?.task.pauseHandler('1s', 'shorter');
    expect(w.of('handler:paused')).toHaveLength(1);
    await seconds(119);
    expect(handlerOf(w)?.paused).toBeDefined();
    await seconds(2);
    expect(handlerOf(w)?.paused).toBeUndefined();
  });

  test('a pause by a person outlives that of a task', async () => {
    const { w, held, start } = await working();
    await start(1);
    await world.clock.settle(() => held.length === 1);
    w.worker.pause(NAME);
    held[0]?.task.pauseHandler('1s');
    await seconds(10);
    expect(handlerOf(w)).toMatchObject({ paused: { by: 'control' } });
  });

  test('the words of a handler are in no public status', async () => {
    const { w, held, start } = await working({}, { healthPort: 0 });
    await start(1);
    await world.clock.settle(() => held.length === 1);
    held[0]?.task.pauseHandler('2m', 'card 4111');
    const [url = ''] = w.log.flatMap(({ msg }) => /Health: (http:\S+)\//.exec(String(msg))?.[1] ?? []);
    for (const path of ['/status', '/ready', '/'])
      expect(await (await fetch(url + path)).text()).not.toContain('4111');
  });

  test('a duration that is none is the handler’s mistake, and fails its task alone', async () => {
    const machine = world.machine(ARN);
    const handle = (_: unknown, task: { pauseHandler(duration: string): void }): unknown =>
      task.pauseHandler('soon');
    const w = await world.worker({ activities: [activity(handle)] });
    await world.execute(machine);
    await seconds(1);
    const [failed] = w.of('task:failed');
    expect(failed?.error).toBe('TypeError');
    expect(failed?.cause).toContain('task.pauseHandler: expected a duration with its unit');
    expect(w.worker.status().state).toBe('running');
  });
});
