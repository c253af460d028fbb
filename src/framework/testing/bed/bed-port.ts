import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/time/clock.js';
import type { ReportRequest } from '../../aws/call.js';
import type { DeferredTask } from './deferred-task.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import type { Whole } from '../harness/whole.js';

/** The result of a task: what a worker would send to Step Functions. */
export type TaskResult<Output = unknown> =
  | {
      readonly status: 'succeeded';
      /** The output, parsed from the JSON that would be sent. */ readonly output: Output;
      /**
       * The JSON that would be sent, parsed, if the output goes out as a reference to the store of `payloads`. `output`
       * is then the whole output.
       */
      readonly sent?: unknown;
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

/** Returns the result of a task that succeeded with this output, as JSON text. */
export async function successOf(text: string, whole: Whole): Promise<TaskResult> {
  const output = await whole(text);
  const sent: unknown = JSON.parse(text);
  return isDeepStrictEqual(output, sent)
    ? { status: 'succeeded', output }
    : { status: 'succeeded', output, sent };
}

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
  readonly #whole: Whole;

  constructor(clock: Clock, whole: Whole) {
    this.#clock = clock;
    this.#whole = whole;
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
    const result: TaskResult =
      operation === 'SendTaskSuccess'
        ? await successOf(output, this.#whole)
        : { status: 'failed', error, cause };
    return this.#answer(() => (this.result = result));
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
