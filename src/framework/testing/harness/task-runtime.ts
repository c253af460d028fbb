import type { Clock } from '../../base/time/clock.js';
import { CallLimiter } from '../../aws/call-limiter.js';
import { ReportsInFlight } from '../../worker/task/report.js';
import type { TaskRuntime } from '../../worker/task/task.js';
import type { Heartbeat, Heartbeats, Lease } from '../../worker/heartbeat/heartbeats.js';

/** The parts of a task's runtime that a test chooses. */
export type TestedRuntime = Pick<
  TaskRuntime,
  'port' | 'log' | 'emit' | 'ask' | 'deferrals' | 'workerName' | 'reportLimitMs'
> & {
  readonly clock: Clock;
  /** Sends the heartbeats. @default an object for this task alone */
  readonly heartbeats?: IntervalHeartbeats;
};

/** All tasks of a test come from the same place. */
export const scopeOfTest = (): string => 'test';

/**
 * Returns what a worker's task needs of its worker, for a test: nothing is random, no rate limit is shared with other
 * tasks, and heartbeats are sent at exact intervals.
 */
export const taskRuntime = (tested: TestedRuntime): TaskRuntime => ({
  ...tested,
  random: () => 0.5,
  heartbeats: tested.heartbeats ?? new IntervalHeartbeats(tested.clock),
  limiter: new CallLimiter(tested.clock, () => 0.5),
  inFlight: new ReportsInFlight(),
  scope: scopeOfTest(),
  outside: (fn) => fn(),
  // A test's tasks are given to a handler one by one.
  pauseHandler: () => {},
});

/** Sends each task's heartbeats at exact intervals, so that a test can count them. */
export class IntervalHeartbeats implements Heartbeats {
  /** The number of timers that are currently set for heartbeats. */
  waiting = 0;
  /** The number of timers that were ever set for heartbeats. */
  timersSet = 0;

  constructor(private readonly clock: Clock) {}

  track(lease: Lease): Heartbeat {
    return new IntervalBeat(lease, this.clock, (fn) => this.#every(lease.everyMs, fn));
  }

  #every(ms: number, fn: () => void): () => void {
    this.waiting++;
    this.timersSet++;
    const stop = this.clock.every(ms, () => {
      this.timersSet++;
      fn();
    });
    return () => {
      this.waiting--;
      stop();
    };
  }
}

class IntervalBeat implements Heartbeat {
  lastAt: number | undefined;
  readonly #stop: () => void;
  #released = false;

  constructor(
    private readonly lease: Lease,
    private readonly clock: Clock,
    every: (fn: () => void) => () => void,
  ) {
    this.#stop = Number.isFinite(lease.everyMs) ? every(() => void this.now()) : () => {};
  }

  async now(): Promise<void> {
    if (this.#released) return;
    const { port, token, onGone } = this.lease;
    const answer = await port.heartbeat(token, NEVER);
    if (answer.kind === 'ok') this.lastAt = this.clock.now();
    if (answer.kind !== 'gone' || this.#released) return;
    this.release();
    onGone(answer.error);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#stop();
  }
}

const NEVER = new AbortController().signal;
