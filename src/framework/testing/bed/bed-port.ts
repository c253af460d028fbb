import type { Clock } from '../../base/time/clock.js';
import type { ReportRequest } from '../../aws/call-request.js';
import type { DeferredTask } from './deferred-task.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';

/** The result of a task: what a worker would send to Step Functions. */
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
  /** The handler has deferred the task: somebody else completes it. */
  | DeferredTask<Output>
  /** The task had timed out or its execution had ended, so Step Functions would have accepted no result. */
  | { readonly status: 'gone' };

/**
 * Stands in for Step Functions for one task in a test bed. It accepts every result, failure and heartbeat until `close`
 * is called.
 */
export class BedPort implements ActivityPort {
  /** The times at which heartbeats of the task were accepted, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /** The result that was accepted. Its status is `gone` as long as none was. */
  result: TaskResult = { status: 'gone' };
  #gone: Error | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Behaves from now on as if the task had timed out: no result, failure or heartbeat is accepted. */
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
