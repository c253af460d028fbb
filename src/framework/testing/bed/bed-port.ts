import type { Clock } from '../../base/time/clock.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/port.js';

/** What the service would be told of a task. */
export type TaskResult<Output = unknown> =
  | { readonly status: 'succeeded'; /** Parsed from the JSON that would be sent. */ readonly output: Output }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** The JSON text that would be sent. */ readonly cause: string;
    }
  /** The service no longer wants the task, and is told nothing. */
  | { readonly status: 'gone' };

/** The service as one task of a bed sees it: it takes everything, until the task is gone. */
export class BedPort implements ActivityPort {
  /** When each heartbeat was taken, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /** What it was told of the task: nothing yet, and nothing ever where that is gone. */
  told: TaskResult = { status: 'gone' };
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
    return this.#answer(() => (this.told = { status: 'succeeded', output: JSON.parse(output) }));
  }

  async fail(_token: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#answer(() => (this.told = { status: 'failed', error, cause }));
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
