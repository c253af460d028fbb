import type { Clock } from '../../base/time/clock.js';
import type { Beat, Beating, Heartbeats } from '../../worker/heartbeat/heartbeats.js';

/** Sends heartbeats at exact intervals, so that a test can count them. */
export class IntervalHeartbeats implements Heartbeats {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  track(beating: Beating): Beat {
    return new IntervalBeat(beating, this.#clock);
  }
}

class IntervalBeat implements Beat {
  lastAt: number | undefined;
  readonly #beating: Beating;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #released = false;

  constructor(beating: Beating, clock: Clock) {
    this.#beating = beating;
    this.#clock = clock;
    const { everyMs } = beating;
    this.#stop = Number.isFinite(everyMs) ? clock.every(everyMs, () => void this.now()) : () => {};
  }

  async now(): Promise<void> {
    if (this.#released) return;
    const { port, token, onGone } = this.#beating;
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
