import { afterEach, expect, test } from '@jest/globals';
import type { PollAnswer } from '../../../src/framework/aws/activity-port.js';
import type { PollFailure } from '../../../src/framework/base/worker-status.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { Poller } from '../../../src/framework/worker/poll/poller.js';
import { type Slot, Slots } from '../../../src/framework/worker/poll/slots.js';
import { CallLimiter } from '../../../src/framework/aws/call-limiter.js';
import { portOf, seeded, task } from '../../support/port.js';

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
      port,
      clock,
      random,
      slots: this.#slots,
      pollers: { min, max },
      workerName: 'w',
      emit: () => {},
      handler: { handler: 'a', activityArn: 'arn:a' },
      limiter: new CallLimiter(clock, random),
      onTask: (_lease, slot) => slot.pass('none'),
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
