import type { ActivityPort, PollAnswer, ReportAnswer } from '../service/port.js';
import type { Beat, Beating, Heartbeats } from '../task/heartbeats.js';
import type { HandClock } from '../clock.js';

/** The service as one task of a bed sees it: it takes everything, until the task is gone. */
export class BedPort implements ActivityPort, Heartbeats {
  /** When each heartbeat was taken, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /** What was reported; undefined until then. */
  reported: { readonly output: string } | { readonly error: string; readonly cause: string } | undefined;
  #gone: Error | undefined;
  #beat: BedBeat | undefined;
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    this.#clock = clock;
  }

  /** From now on the service no longer wants the task; a heartbeat learns of it at once. */
  async close(): Promise<void> {
    this.#gone = Object.assign(new Error('Task Timed Out'), { name: 'TaskTimedOut' });
    await this.#beat?.send();
  }

  poll(): Promise<PollAnswer> {
    return Promise.resolve({ kind: 'empty' });
  }

  async succeed(_token: string, output: string): Promise<ReportAnswer> {
    return this.#answer(() => (this.reported = { output }));
  }

  async fail(_token: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#answer(() => (this.reported = { error, cause }));
  }

  async heartbeat(): Promise<ReportAnswer> {
    return this.#answer(() => this.heartbeats.push(this.#clock.now()));
  }

  track(beating: Beating): Beat {
    this.#beat = new BedBeat(beating, this, this.#clock);
    return this.#beat;
  }

  #answer(take: () => unknown): ReportAnswer {
    if (this.#gone) return { kind: 'gone', error: this.#gone };
    take();
    return { kind: 'ok' };
  }
}

/** Beats exactly at its interval, so that a test can count. */
class BedBeat implements Beat {
  lastAt: number | undefined;
  readonly #beating: Beating;
  readonly #port: BedPort;
  readonly #clock: HandClock;
  readonly #stop: () => void;
  #released = false;

  constructor(beating: Beating, port: BedPort, clock: HandClock) {
    this.#beating = beating;
    this.#port = port;
    this.#clock = clock;
    const { everyMs } = beating;
    this.#stop = Number.isFinite(everyMs) ? clock.every(everyMs, () => void this.send()) : () => {};
  }

  now(): Promise<void> {
    return this.send();
  }

  release(): void {
    this.#released = true;
    this.#stop();
  }

  async send(): Promise<void> {
    if (this.#released) return;
    const answer = await this.#port.heartbeat();
    if (answer.kind === 'ok') this.lastAt = this.#clock.now();
    if (answer.kind !== 'gone' || this.#released) return;
    this.release();
    this.#beating.onGone(answer.error);
  }
}
