import type { Clock } from '../clock.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../service/port.js';

/** The service as one task of a bed sees it: it takes everything, until the task is gone. */
export class BedPort implements ActivityPort {
  /** When each heartbeat was taken, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /** What was reported; undefined until then. */
  reported: { readonly output: string } | { readonly error: string; readonly cause: string } | undefined;
  #gone: Error | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on the service no longer wants the task. */
  close(): void {
    this.#gone = Object.assign(new Error('Task Timed Out'), { name: 'TaskTimedOut' });
  }

  async poll(): Promise<PollAnswer> {
    return { kind: 'empty' };
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

  #answer(take: () => unknown): ReportAnswer {
    if (this.#gone) return { kind: 'gone', error: this.#gone };
    take();
    return { kind: 'ok' };
  }
}
