import type { Clock } from '../../base/time/clock.js';
import type { ReportRequest } from '../../aws/call-request.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';

/** The result of a task, as a worker would report it to the service. */
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
  /** The service no longer wants the task, and gets no result. */
  | { readonly status: 'gone' };

/** Answers the calls for one task in a bed, in place of the service: accepts everything until the task is gone. */
export class BedPort implements ActivityPort {
  /** The epoch milliseconds of accepted heartbeats. */
  readonly heartbeats: number[] = [];
  /** The accepted result; `gone` before there is one, and for good once the task is gone. */
  result: TaskResult = { status: 'gone' };
  #gone: Error | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes the task gone: no report or heartbeat is accepted from now on. */
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
