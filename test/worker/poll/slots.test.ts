import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { array, assert, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { BytesInFlight, POLL_BYTES } from '../../../src/framework/worker/poll/bytes-in-flight.js';
import { inFlightLimit } from '../../../src/framework/worker/poll/in-flight-limit.js';
import { type Slot, Slots } from '../../../src/framework/worker/poll/slots.js';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { activity, holding } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

let world: World;
let faults: FaultPlan;
beforeEach(async () => {
  faults = faultPlan();
  world = await createWorld({ fault: faults.hook });
});
afterEach(() => world.close());

const seconds = (n: number): Promise<void> => world.clock.advance(n * 1000);

test('a slot is free as soon as its handler has settled, while the result is still on its way', async () => {
  faults.once('SendTaskSuccess', { kind: 'delay', ms: 10_000 });
  const { type, held } = holding({ concurrency: 1 });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type] });
  await world.execute(machine, 1);
  await world.execute(machine, 2);
  await world.clock.settle(() => held.length === 1);
  held[0]?.succeed();
  await world.clock.settle(() => held.length === 2);
  expect(w.worker.status().handlers).toMatchObject([{ used: 1, running: 1, undelivered: 1 }]);
  expect(w.worker.status().tasks.map(({ phase }) => phase)).toEqual(['reporting', 'handling']);
  await seconds(10);
  expect(w.worker.status().handlers).toMatchObject([{ used: 1, running: 1, undelivered: 0 }]);
  held[1]?.succeed();
});

test('a service that takes no results is not asked for more than twice the slots', async () => {
  faults.always('SendTaskSuccess', { kind: 'status', status: 503 });
  const machine = world.machine(ARN);
  const activities = [activity(() => 'done', { concurrency: 5 })];
  const w = await world.worker({ activities }, { random: 0.5 });
  await Promise.all(Array.from({ length: 30 }, (_, n) => world.execute(machine, n)));
  await seconds(60);
  expect(w.worker.status().counts.received).toBe(10);
  expect(w.worker.status().handlers).toMatchObject([{ used: 0, undelivered: 10, polls: { open: 0 } }]);
  faults.always('SendTaskSuccess', undefined);
  await seconds(30);
  expect(w.worker.status().counts).toMatchObject({ received: 30, succeeded: 30 });
});

test('a handler that runs on after its deadline was reported keeps its slot, and no other', async () => {
  const { type, held } = holding({ concurrency: 2, timeout: '5s' });
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [type] });
  await world.execute(machine);
  await world.clock.settle(() => held.length === 1);
  await seconds(6);
  expect(w.of('task:failed')).toMatchObject([{ error: 'Stepwright.DeadlineExceeded' }]);
  expect(w.worker.status().handlers).toMatchObject([{ running: 1, undelivered: 0 }]);
  held[0]?.succeed();
  await world.clock.settle(() => w.worker.status().tasks.length === 0);
  expect(w.worker.status().handlers).toMatchObject([{ running: 0, undelivered: 0 }]);
});

test('before a handler is called, which may block, its task is noted and the next poll is out', async () => {
  const seen: unknown[] = [];
  const look = (): void => {
    const { handlers, tasks } = w.worker.status();
    seen.push({ open: handlers[0]?.polls.open, tasks: tasks.length });
  };
  const machine = world.machine(ARN);
  const w = await world.worker({ activities: [activity(look, { concurrency: 2, pollers: 1 })] });
  await world.execute(machine);
  await world.clock.settle(() => seen.length === 1);
  expect(seen).toEqual([{ open: 1, tasks: 1 }]);
});

describe('inFlightBytes', () => {
  /** An input of this many KB. */
  const kilobytes = (n: number): string => 'x'.repeat(n * 1024);
  const started = async (machine: string, count: number, kb = 200): Promise<void> => {
    for (let n = 0; n < count; n++) await world.execute(machine, kilobytes(kb));
  };

  test('polls wait while tasks hold that much, and go on as they end; both are told once', async () => {
    const { type, held } = holding({ concurrency: 20 });
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [type], inFlightBytes: '1MB', healthPort: 0 });
    await seconds(1);
    await started(machine, 10);
    await seconds(60);
    // A fifth poll might bring 256 KB beside four times 200 KB.
    expect(held).toHaveLength(4);
    expect(w.worker.status()).toMatchObject({
      ...{ ready: true, inFlightBytes: { limit: 1024 ** 2, full: true } },
      handlers: [{ running: 4, bytes: w.worker.status().inFlightBytes?.used, polls: { open: 0 } }],
    });
    for (let n = 4; n <= 10; n++) {
      expect(w.worker.status().inFlightBytes?.used).toBeGreaterThan(800 * 1024);
      expect(w.worker.status().inFlightBytes?.used).toBeLessThanOrEqual(1024 ** 2);
      held.shift()?.succeed();
      await seconds(1);
      await world.clock.settle(() => held.length === Math.min(4, 13 - n));
    }
    for (const { succeed } of held.splice(0)) succeed();
    await seconds(40);
    expect(w.worker.status()).toMatchObject({ counts: { succeeded: 10 }, inFlightBytes: { full: false } });
    expect(w.of('bytes:full')).toEqual([
      {
        ...{ limit: 1024 ** 2, from: 'the config', waiting: ['Work.run'] },
        handlers: [{ name: 'Work.run', bytes: expect.any(Number), polls: 0 }],
      },
    ]);
    expect(w.of('bytes:freed')).toEqual([{ afterMs: expect.any(Number) }]);
  });

  test('a task that alone is as large runs, one at a time', async () => {
    const { type, held } = holding({ concurrency: 20 });
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [type], inFlightBytes: '256KB' });
    await started(machine, 3, 255);
    for (let n = 1; n <= 3; n++) {
      await seconds(20);
      expect(held).toHaveLength(1);
      held.pop()?.succeed();
    }
    await seconds(1);
    expect(w.worker.status().counts.succeeded).toBe(3);
  });

  test('each of many handlers polls, and runs its tasks, however low the limit is', async () => {
    const arns = ['A', 'B', 'C'].map((name) => `${ARN}${name}`);
    const handlers = arns.map((arn) => holding({ concurrency: 20 }, arn));
    const machines = arns.map((arn) => world.machine(arn));
    const activities = handlers.map(({ type }) => type);
    const w = await world.worker({ activities, inFlightBytes: '256KB' });
    await seconds(5);
    expect(w.worker.status().handlers.map(({ polls }) => polls.open)).toEqual([1, 1, 1]);
    for (const machine of machines) await started(machine, 2, 255);
    await seconds(20);
    for (let n = 0; n < 2; n++) {
      for (const { held } of handlers) held.pop()?.succeed();
      await seconds(20);
    }
    expect(w.worker.status().counts.succeeded).toBe(6);
  });

  test.each<[number, string | false, number, string[]]>([
    [4, '1MB', 2, ['expected at least 2 MB a process, got 1 MB (the config)']],
    [1, '256KB', 2, ['expected at least 1 MB a process, got 256 KB (the config)']],
    [4, '1025KB', 2, []],
    [4, '1MB', 1, []],
    [4, false, 2, []],
  ])(
    'a start with %d handlers and %s warns if they run less than their %d tasks at a time: %j',
    async (count, inFlightBytes, concurrency, warnings) => {
      const arns = Array.from({ length: count }, (_, n) => `${ARN}${n}`);
      const activities = arns.map((arn) => holding({ concurrency }, arn).type);
      const { log } = await world.worker({ activities, inFlightBytes });
      const found = log.flatMap(({ level, msg }) => (level === 'warn' ? [String(msg)] : []));
      const rest = `256 KB are kept for a poll of each handler (${count} here), so each runs one task at a time`;
      expect(found).toEqual(
        warnings.map((sizes) => `inFlightBytes: ${sizes}: ${rest}; raise inFlightBytes (the config)`),
      );
    },
  );

  test('if polls take the memory, the line says so, and that the limit can be raised', async () => {
    const arns = ['A', 'B', 'C', 'D'].map((name) => `${ARN}${name}`);
    const [first, ...others] = arns.map((arn) => holding({ concurrency: 20 }, arn));
    const machine = world.machine(`${ARN}A`);
    const activities = [first, ...others].flatMap((each) => each?.type ?? []);
    const w = await world.worker({ activities, inFlightBytes: '1MB' });
    await started(machine, 2, 1);
    await seconds(20);
    expect(first?.held).toHaveLength(1);
    const [line] = w.log.filter(({ msg }) => String(msg).includes('have reached inFlightBytes'));
    expect(line).toMatchObject({ waiting: ['WorkA.run'], tasks: '1 KB', polls: '1 MB' });
    expect(line?.['msg']).toContain('to run more at once, raise inFlightBytes (the config)');
    for (let n = 0; n < 2; n++) {
      first?.held.pop()?.succeed();
      await seconds(1);
    }
  });

  test('an input counts by the bytes of its text, not by its characters', async () => {
    const { type, held } = holding({ concurrency: 20 });
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [type], inFlightBytes: '512KB' });
    // Four bytes and two characters each.
    await world.execute(machine, '🙂'.repeat(50 * 1024));
    await seconds(5);
    expect(held).toHaveLength(1);
    expect(w.worker.status().inFlightBytes?.used).toBe((200 + 256) * 1024 + 2);
    held.pop()?.succeed();
    await seconds(1);
  });

  test('one handler with large inputs leaves the others their part', async () => {
    const OTHER = `${ARN}Other`;
    const [large, other] = [holding({ concurrency: 50 }), holding({ concurrency: 50 }, OTHER)];
    const [largeMachine, otherMachine] = [world.machine(ARN), world.machine(OTHER)];
    const w = await world.worker({ activities: [large.type, other.type], inFlightBytes: '2MB' });
    const held = (): number[] => w.worker.status().handlers.map(({ bytes }) => bytes / 1024);
    await started(largeMachine, 12);
    await seconds(5);
    // Its own 512 KB, and the megabyte that both share: seven tasks, and no room for another poll.
    expect(held()).toEqual([expect.closeTo(7 * 200, -1), 256]);
    await started(otherMachine, 6);
    await seconds(5);
    expect(held()).toEqual([expect.closeTo(7 * 200, -1), expect.closeTo(2 * 200, -1)]);
    // Of what the first gives back, the other gets a part too.
    for (const { succeed } of large.held.splice(0, 5)) succeed();
    await seconds(5);
    expect(other.held.length).toBeGreaterThan(2);
    expect(large.held.length).toBeGreaterThan(2);
    expect(w.worker.status().inFlightBytes?.used).toBeLessThanOrEqual(2 * 1024 ** 2);
  });

  test('polls that only wait keep no task of another handler out', async () => {
    const arns = ['Idle1', 'Idle2', 'Idle3', 'Busy'].map((name) => `${ARN}${name}`);
    const handlers = arns.map((arn) => holding({ concurrency: 10, pollers: 10 }, arn));
    const [[machine = ''], busy] = [arns.map((arn) => world.machine(arn)).toReversed(), handlers[3]];
    const activities = handlers.map(({ type }) => type);
    const w = await world.worker({ activities, inFlightBytes: '2MB' });
    await seconds(5);
    await started(machine, 4, 250);
    await seconds(5);
    // Each handler has a poll of its own. Of the megabyte that all share, further polls take half.
    expect(busy?.held).toHaveLength(3);
    expect(w.worker.status().handlers.map(({ polls }) => polls.open)).toEqual([3, 1, 1, 0]);
    expect(w.worker.status().inFlightBytes?.used).toBeLessThanOrEqual(2 * 1024 ** 2);
    for (const { succeed } of busy?.held.splice(0) ?? []) succeed();
    await world.clock.settle(() => busy?.held.length === 1);
    busy?.held.pop()?.succeed();
    await world.clock.settle(() => w.worker.status().counts.succeeded === 4);
  });

  test('results that the service does not accept count', async () => {
    faults.always('SendTaskSuccess', { kind: 'delay', ms: 10_000 });
    const machine = world.machine(ARN);
    const activities = [activity(() => kilobytes(200), { concurrency: 20 })];
    const w = await world.worker({ activities, inFlightBytes: '1MB' }, { random: 0.5 });
    const reported = (count: number) => world.clock.settle(() => faults.count('SendTaskSuccess') === count);
    await started(machine, 7, 1);
    // The fifth was polled for before all results of the others were known.
    await reported(5);
    await seconds(9);
    expect(w.worker.status().counts).toMatchObject({ received: 5, succeeded: 0 });
    await seconds(1);
    await reported(7);
    await seconds(10);
    await world.clock.settle(() => w.worker.status().counts.succeeded === 7);
  });

  test('memory that one task gives back goes to all handlers that wait for it', async () => {
    const arns = ['A', 'B', 'C'].map((name) => `${ARN}${name}`);
    const handlers = arns.map((arn) => holding({ concurrency: 20 }, arn));
    const machines = arns.map((arn) => world.machine(arn));
    const activities = handlers.map(({ type }) => type);
    const w = await world.worker({ activities, inFlightBytes: '1280KB' });
    for (const machine of machines) await started(machine, 1, 250);
    await seconds(5);
    // The first two had room for another poll.
    for (const machine of machines.slice(0, 2)) await started(machine, 1, 1);
    await seconds(5);
    const open = (): number[] => w.worker.status().handlers.map(({ polls }) => polls.open);
    expect(open()).toEqual([0, 0, 0]);
    handlers[0]?.held[0]?.succeed();
    await seconds(1);
    expect(open()).toEqual([1, 1, 1]);
    for (const { succeed } of handlers.flatMap(({ held }) => held)) succeed();
  });

  test('the cause of a failure that the service does not accept counts', async () => {
    faults.always('SendTaskFailure', { kind: 'delay', ms: 10_000 });
    const machine = world.machine(ARN);
    const fails = (): never => {
      throw new Error('x'.repeat(8 * 1024));
    };
    const w = await world.worker({ activities: [activity(fails, { concurrency: 1, pollers: 1 })] });
    await world.execute(machine, 1);
    await world.clock.settle(() => faults.count('SendTaskFailure') === 1);
    const held = w.worker.status().handlers.map(({ bytes, polls }) => bytes - polls.open * POLL_BYTES);
    expect(held[0]).toBeGreaterThan(8 * 1024);
    await seconds(10);
  });

  test('a worker that drains does not wait for memory, and tells nobody that it does', async () => {
    const { type, held } = holding({ concurrency: 20 });
    const machine = world.machine(ARN);
    const w = await world.worker({ activities: [type], inFlightBytes: '256KB', grace: '60s' });
    await started(machine, 1, 255);
    await world.clock.settle(() => held.length === 1);
    const stopped = w.worker.stop();
    await seconds(40);
    expect([w.worker.status().state, ...w.of('bytes:full')]).toEqual(['draining']);
    held.pop()?.succeed();
    await world.clock.settle(() => w.worker.status().state === 'stopped');
    await stopped;
  });

  test('by default it is an eighth of the heap, and false is no limit', async () => {
    const { heap_size_limit } = getHeapStatistics();
    const activities = [holding().type];
    const [some, none] = [
      await world.worker({ activities }),
      await world.worker({ activities, inFlightBytes: false }),
    ];
    expect(some.worker.status().inFlightBytes?.limit).toBe(Math.floor(heap_size_limit / 8));
    expect(none.worker.status().inFlightBytes).toBeUndefined();
  });

  test('the processes of a worker share it, and by default an eighth of the memory', () => {
    const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
    const heap = getHeapStatistics().heap_size_limit;
    for (const processes of [1, 8, 1_000])
      expect(inFlightLimit(undefined, processes)).toBe(Math.floor(Math.min(heap, memory / processes) / 8));
    expect(['8MB', '1MB', false].map((option) => inFlightLimit(option as string | false, 8))).toEqual([
      1024 ** 2,
      POLL_BYTES,
      Infinity,
    ]);
  });

  const trial = record({
    many: integer({ min: 1, max: 8 }),
    /** The number of polls that the limit suffices for. */
    suffices: integer({ min: 4, max: 12 }),
    /** True if only the first handler gets tasks. */
    isOne: boolean(),
    steps: array(
      record({
        ...{ of: nat(7), bytes: constantFrom(9, POLL_BYTES) },
        does: constantFrom('poll', 'poll', 'poll', 'poll', 'poll', 'task', 'task', 'empty', 'end'),
      }),
      { minLength: 60, maxLength: 150 },
    ),
  });

  test('handlers may open as many polls as at the start once these have ended', () => {
    const bytes = new BytesInFlight(16 * POLL_BYTES, world.clock, { full: () => {}, freed: () => {} });
    const handlers = Array.from({ length: 9 }, (_, n) => bytes.add(`${n}`, () => {}));
    const atStart = handlers.map(({ polls }) => polls);
    for (const step of [1, 1, -1, -1] as const) for (const each of handlers) each.poll(step);
    expect(handlers.map(({ polls }) => polls)).toEqual(atStart);
  });

  test('whatever the polls come to, it is not exceeded, and polls alone leave each handler a quarter of it', () => {
    const held = property(trial, ({ many, suffices, isOne, steps }) => {
      const limit = Math.max(suffices, 2 * many) * POLL_BYTES;
      const bytes = new BytesInFlight(limit, world.clock, { full: () => {}, freed: () => {} });
      const slotsOf = (n: number): Slots =>
        new Slots(
          50,
          bytes.add(`${n}`, () => {}),
          () => Infinity,
        );
      const handlers = Array.from({ length: many }, (_, n) => ({ n, slots: slotsOf(n) }));
      const polls = handlers.map((): Slot[] => []);
      const tasks = handlers.map((): Slot[] => []);
      for (const { of, does, bytes: size } of steps) {
        const n = of % many;
        if (does === 'poll') polls[n]?.push(...[handlers[n]?.slots.reserve()].flatMap((slot) => slot ?? []));
        else if (does === 'end') tasks[n]?.pop()?.free();
        else {
          const slot = polls[n]?.pop();
          if (!slot) continue;
          if (does === 'empty' || (isOne && n > 0)) slot.free();
          else {
            slot.work(size);
            tasks[n]?.push(slot);
          }
        }
        expect(bytes.status?.used).toBeLessThanOrEqual(limit);
        const kept = handlers.filter(({ slots }, at) => {
          const isAlone = tasks.every((each, other) => other === at || each.length === 0);
          return polls[at]?.length === 0 && slots.bytes.used <= (isAlone ? limit / 4 : 0);
        });
        expect(kept.filter(({ slots }) => slots.free === 0)).toEqual([]);
      }
    });
    expect(() => assert(held, { numRuns: 12 })).not.toThrow();
  });
});
