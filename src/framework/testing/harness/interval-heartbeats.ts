import type { Clock } from '../../base/time/clock.js';
import type { Heartbeat, TrackedLease, Heartbeats } from '../../worker/heartbeat/heartbeats.js';

/** Sends each task's heartbeats at exact intervals, so that a test can count them. */
export class IntervalHeartbeats implements Heartbeats {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  track(lease: TrackedLease): Heartbeat {
    return new IntervalBeat(lease, this.#clock);
  }
}

class IntervalBeat implements Heartbeat {
  lastAt: number | undefined;
  readonly #lease: TrackedLease;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #released = false;

  constructor(lease: TrackedLease, clock: Clock) {
    this.#lease = lease;
    this.#clock = clock;
    const { everyMs } = lease;
    this.#stop = Number.isFinite(everyMs) ? clock.every(everyMs, () => void this.now()) : () => {};
  }

  async now(): Promise<void> {
    if (this.#released) return;
    const { port, token, onGone } = this.#lease;
    const answer = await port.heartbeat(token, NEVER);
    if (answer.kind === 'ok') this.lastAt = this.#clock.now();
    if (answer.kind !== 'gone' || this.#released) return;
    this.release();
    onGone(answer.error);
  }

  release(): void {
    this.#released = true;
    this.#stop();
  }
}

const NEVER = new AbortController().signal;
