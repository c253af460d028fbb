import type { Clock } from '../../base/time/clock.js';
import type { ReportRequest } from '../../aws/call-request.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';

/** The result of a task, as a worker would report it to Step Functions. */
export type TaskResult<Output = unknown> =
  | {
      readonly status: 'succeeded';
      /** The output, parsed from the JSON that would be sent. */ readonly output: Output;
    }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** The cause as the JSON text that would be sent. */ readonly cause: string;
    }
  /** Step Functions no longer wants the task, so no result was accepted. */
  | { readonly status: 'gone' };

/**
 * Answers the calls for one task in a bed, in place of Step Functions. Every call is accepted until the task is gone.
 */
export class BedPort implements ActivityPort {
  /** The times of the accepted heartbeats, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /**
   * The accepted result. Its status is `gone` until there is a result, and stays `gone` if the task is gone before
   * that.
   */
  result: TaskResult = { status: 'gone' };
  #gone: Error | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes the task gone: from now on no result, failure or heartbeat is accepted. */
  close(): void {
    this.#gone = Object.assign(new Error('Task Timed Out'), { name: 'TaskTimedOut' });
  }

  async poll(): Promise<PollAnswer> {
    return { kind: 'empty' };
  }

  async report({ operation, input }: ReportRequest): Promise<ReportAnswer> {
    const { output = 'null', error = '', cause = '' } = input;
    return this.#answer(() => {
      this.result =
        operation === 'SendTaskSuccess'
          ? { status: 'succeeded', output: JSON.parse(output) }
          : { status: 'failed', error, cause };
    });
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
