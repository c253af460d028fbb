import { afterEach, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, integer, nat, oneof, record } from 'fast-check';
import type { PollAnswer, PollFailure } from '../../../src/framework/aws/activity-port.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { Poller } from '../../../src/framework/worker/poll/poller.js';
import { type Slot, Slots } from '../../../src/framework/worker/poll/slots.js';
import { CallLimiter } from '../../../src/framework/aws/call-limiter.js';
import { portOf, seeded, task } from '../../support/port.js';

const TROUBLES = ['throttled', 'crowded', 'refused', 'unreachable'] as const satisfies PollFailure[];

const failed = (trouble: PollFailure): PollAnswer => {
  const error = Object.assign(new Error(trouble), { name: trouble });
  return { kind: 'failed', trouble, mayHaveLostToken: false, error };
};
const EMPTY: PollAnswer = { kind: 'empty' };

interface OpenPoll {
  readonly sentAt: number;
  readonly answer: (answer: PollAnswer) => void;
}

interface Played {
  readonly min?: number;
  readonly max?: number;
  readonly slots?: number;
  /** The number of polls that the activity has room for. */
  readonly room?: number;
  readonly random?: () => number;
}

let stop: (() => void)[] = [];
afterEach(() => {
  for (const each of stop) each();
  stop = [];
});

/** A poller on a hand clock, whose polls end as the test says. */
class Trial {
  readonly clock = new HandClock(0, { promisesOnly: true });
  readonly open: OpenPoll[] = [];
  /** The times at which polls were sent. */
  readonly sent: number[] = [];
  readonly poller: Poller;
  mostOpen = 0;
  readonly #slots: Slots;
  readonly #busy: Slot[] = [];
  #tasks = 0;

  constructor(played: Played = {}) {
    const { min = 1, max = 20, slots = 20, room = Infinity, random = seeded(1) } = played;
    const { clock } = this;
    this.#slots = new Slots(slots, { room: () => Infinity });
    const port = portOf((_arn, _worker, signal, onSent) => {
      this.sent.push(clock.now());
      if (this.open.length >= room) return clock.sleep(10).then(() => failed('crowded'));
      onSent();
      return new Promise((answer) => {
        const poll = { sentAt: clock.now(), answer };
        this.open.push(poll);
        this.mostOpen = Math.max(this.mostOpen, this.open.length);
        signal.addEventListener('abort', () => this.#end(poll, failed('unreachable')));
      });
    });
    this.poller = new Poller({
      ...{ port, clock, random, slots: this.#slots, pollers: { min, max }, workerName: 'w', emit: () => {} },
      ...{ handler: { handler: 'a', activityArn: 'arn:a' }, limiter: new CallLimiter(clock, random) },
      onLease: (_lease, slot) => slot.pass('none'),
    });
    this.poller.start(0);
    stop.push(() => void this.poller.stop(0));
  }

  get now(): number {
    return this.clock.now();
  }

  wait(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Leaves so many slots for polls and their tasks. */
  leave(free: number): void {
    while (this.#slots.free > free) {
      const slot = this.#slots.reserve();
      slot?.pass('handler');
      this.#busy.push(...(slot ? [slot] : []));
    }
    while (this.#slots.free < free && this.#busy.length > 0) this.#busy.pop()?.pass('none');
    this.poller.fill();
  }

  async end(which: 'oldest' | 'newest', answer: PollAnswer = task(this.#tasks++)): Promise<void> {
    const poll = this.open.at(which === 'oldest' ? 0 : -1);
    if (poll) this.#end(poll, answer);
    await this.wait(0);
  }

  async endAll(answer?: PollAnswer): Promise<void> {
    for (const poll of [...this.open]) this.#end(poll, answer ?? task(this.#tasks++));
    await this.wait(0);
  }

  #end(poll: OpenPoll, answer: PollAnswer): void {
    const index = this.open.indexOf(poll);
    if (index !== -1) this.open.splice(index, 1);
    poll.answer(answer);
  }
}

const which = constantFrom('oldest' as const, 'newest' as const);
const trial = record({
  seed: integer({ min: 1, max: 1_000_000 }),
  min: integer({ min: 1, max: 5 }),
  more: nat(15),
  steps: array(
    oneof(
      record({ kind: constantFrom('wait' as const), ms: integer({ min: 1, max: 40_000 }) }),
      record({ kind: constantFrom('task' as const, 'empty' as const), which }),
      record({ kind: constantFrom('failed' as const), which, trouble: constantFrom(...TROUBLES) }),
      record({ kind: constantFrom('slots' as const), free: nat(20) }),
    ),
    { maxLength: 60 },
  ),
});
type Play = typeof trial extends { generate(...args: never[]): { value: infer T } } ? T : never;

async function play({ seed, min, more, steps }: Play): Promise<Trial> {
  const made = new Trial({ min, max: min + more, random: seeded(seed) });
  await made.wait(0);
  for (const each of steps) {
    if (each.kind === 'wait') await made.wait(each.ms);
    else if (each.kind === 'slots') made.leave(each.free);
    else if (each.kind === 'failed') await made.end(each.which, failed(each.trouble));
    else await made.end(each.which, ...(each.kind === 'empty' ? [EMPTY] : []));
  }
  return made;
}

describe('whatever the polls come to', () => {
  test('no more are open than may be', async () => {
    const played = asyncProperty(trial, async (each) => {
      expect((await play(each)).mostOpen).toBeLessThanOrEqual(each.min + each.more);
    });
    await expect(assert(played, { numRuns: 200 })).resolves.toBeUndefined();
  });

  test('a poll is open again within half a minute, and all that may be within a minute of tasks that wait', async () => {
    const played = asyncProperty(trial, async (each) => {
      const made = await play(each);
      made.leave(20);
      await made.endAll(EMPTY);
      // A poll that found no room may stand for the one that is open.
      const wasCrowded = each.steps.some((one) => one.kind === 'failed' && one.trouble === 'crowded');
      await made.wait(wasCrowded ? 61_000 : 31_000);
      expect(made.open.length).toBeGreaterThan(0);
      for (let round = 0; round < 600; round++) {
        await made.endAll();
        await made.wait(100);
      }
      expect(made.open.length).toBe(Math.min(20, each.min + each.more));
    });
    await expect(assert(played, { numRuns: 40 })).resolves.toBeUndefined();
  });

  test('where all fail, at most two polls a second are sent after the first ten seconds', async () => {
    const played = asyncProperty(trial, constantFrom(...TROUBLES), async (each, trouble) => {
      const made = await play(each);
      made.leave(20);
      const fail = async (seconds: number): Promise<void> => {
        for (let tenth = 0; tenth < seconds * 10; tenth++) {
          await made.endAll(failed(trouble));
          await made.wait(100);
        }
      };
      await fail(10);
      const before = made.sent.length;
      await fail(30);
      expect(made.sent.length - before).toBeLessThanOrEqual(60);
    });
    await expect(assert(played, { numRuns: 20 })).resolves.toBeUndefined();
  });
});

test.each([
  ['unreachable', [50, 100, 200, 400, 800, 1_500]],
  ['throttled', [200, 400, 800, 1_600, 3_200, 4_000]],
  ['refused', [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
] as const)('a poll that fails again and again (%s) waits %j ms at most', async (trouble, most) => {
  const made = new Trial({ max: 1, random: () => 1 - Number.EPSILON });
  await made.wait(0);
  for (const ms of most) {
    await made.end('oldest', failed(trouble));
    await made.wait(ms - 1);
    expect(made.open).toHaveLength(0);
    await made.wait(1);
    expect(made.open).toHaveLength(1);
  }
});

test('what is refused after a while is asked for less and less often, too', async () => {
  const made = new Trial({ max: 10 });
  for (let second = 0; second < 300; second += 0.5) {
    await made.wait(500);
    while (made.open[0] && made.now - made.open[0].sentAt >= 1_500)
      await made.end('oldest', failed('refused'));
  }
  expect(made.sent.length).toBeGreaterThan(8);
  expect(made.sent.length).toBeLessThan(45);
});

test('where there is no room for one more poll, those that are open get through', async () => {
  const made = new Trial({ min: 10, max: 10, room: 5 });
  await made.wait(200_000);
  expect(made.poller.status.state).toBe('open');
  expect(made.open).toHaveLength(5);
  // Each of the other five asks about once in a minute.
  expect(made.sent.length).toBeLessThan(10 + 5 * 4 + 5 * 4);
});

test('where there was no room for one more poll, another is sent at once when the last one open has got a task', async () => {
  const made = new Trial({ room: 1 });
  while (made.sent.length < 2) await made.wait(100);
  await made.wait(2_000);
  const before = made.sent.length;
  await made.endAll();
  expect(made.sent.length - before).toBe(1);
});

test('a hundred slots are in use after four round trips from one idle poll', async () => {
  const made = new Trial({ max: 100, slots: 100 });
  await made.wait(200);
  let tasks = 0;
  for (let round = 0; round < 4; round++) {
    tasks += made.open.length;
    made.leave(Math.max(0, 100 - tasks));
    await made.endAll();
    await made.wait(100);
  }
  expect(tasks).toBeGreaterThanOrEqual(100);
});

test('a trickle of work does not keep open what a crowd of tasks opened', async () => {
  const made = new Trial();
  await made.wait(1);
  for (let round = 0; round < 10; round++) {
    await made.endAll();
    await made.wait(20);
  }
  expect(made.open).toHaveLength(20);
  for (let n = 0; n < 25; n++) {
    await made.wait(5_000);
    await made.end('oldest');
  }
  expect(made.poller.status.target).toBeLessThanOrEqual(2);
});

test('polls that hung since before a later one was answered are no trouble when they end', async () => {
  const made = new Trial({ min: 10 });
  await made.wait(70_000);
  await made.end('newest', EMPTY);
  await made.end('newest');
  await made.wait(6_000);
  expect(made.poller.status.state).toBe('open');
  expect(made.open.length).toBeGreaterThanOrEqual(10);
});
