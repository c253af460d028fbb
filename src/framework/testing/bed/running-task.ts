import { CONFIG_OPTIONS } from '../../config/config.js';
import type { Clock } from '../../base/time/clock.js';
import type { ReportRequest } from '../../aws/call.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import type { HandClock } from '../harness/hand-clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import { millisecondsOf } from '../../base/time/duration.js';
import { withResolvers } from '../../base/time/wait.js';
import { type Logger, partsOf } from '../../base/log/log.js';
import type { ReceivedTask } from '../../worker/task/received-task.js';
import { Task } from '../../worker/task/task.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { DeferredTask, successOf, type TaskResult } from './task-result.js';
import type { TaskProgress, WorkerEvents } from '../../declare/worker-events.js';
import type { StartOptions } from '../harness/options.js';
import { taskRuntime, type TestedRuntime } from '../harness/task-runtime.js';
import type { BedHandler, Whole } from '../harness/bed-handlers.js';

/** What a task of a test bed needs of the bed. */
export interface BedWorld extends Pick<TestedRuntime, 'ask' | 'deferrals' | 'log' | 'reportLimitMs'> {
  readonly clock: HandClock;
  /** The clock of the task's deadline. @default `clock` */
  readonly limits?: Clock | undefined;
  readonly whole: Whole;
  /** Called when the handler has settled. */
  readonly onSettled: () => void;
  /** Called when the result was sent and the handler has settled. @default nothing is called */
  readonly onEnded?: () => void;
  /** Called when the task is over for Step Functions. */
  readonly onCompleted: () => void;
}

/**
 * A task that runs in a test bed with the heartbeats and deadlines that it would have in a worker. The test moves the
 * clock. All that the task sends to Step Functions is accepted until the test calls `gone()`.
 */
export class RunningTask<Output = unknown> {
  /**
   * Resolves with the result that a worker would send. If the handler waits for a time on the clock, the test must call
   * `advance` first.
   */
  readonly outcome: Promise<TaskResult<Output>>;
  /** The lines that were logged with `task.log` and its child loggers. */
  readonly logs: readonly LogEntry[];
  /** The task's clock. Only the test moves it. */
  readonly clock: HandClock;
  readonly #task: Task;
  readonly #port: BedPort;
  readonly #graceMs: number;
  #settled = false;

  /** @param given the options of the call that starts the task. They override those of the decorators */
  constructor(received: ReceivedTask, handler: BedHandler, world: BedWorld, given: StartOptions = {}) {
    const { definition, options, handle, checkpoints } = handler;
    const { clock, limits = clock, whole, log, onCompleted, ask, deferrals, reportLimitMs } = world;
    const entries: LogEntry[] = [];
    this.logs = entries;
    this.clock = clock;
    this.#graceMs = millisecondsOf(given.grace ?? CONFIG_OPTIONS.grace.default);
    this.#port = new BedPort(clock, whole);
    const outcome = withResolvers<TaskResult<Output>>();
    this.outcome = outcome.promise;
    this.#task = new Task(
      received,
      {
        name: definition.name,
        activityArn: activityArnOf(definition),
        handle,
        checkpoints,
        heartbeatMs: overridden(given.heartbeat, options.heartbeatMs),
        timeoutMs: overridden(given.timeout, options.timeoutMs),
      },
      taskRuntime({
        ask,
        deferrals,
        reportLimitMs,
        port: this.#port,
        clock: limits,
        log: keepLog(entries, log),
        emit: (event, payload) => {
          if (ENDS.has(event)) outcome.resolve(this.#port.result as Promise<TaskResult<Output>>);
          if (ENDS.has(event)) onCompleted();
          if (event === 'task:deferred')
            outcome.resolve(new DeferredTask(definition, idOf(payload), onCompleted));
        },
        workerName: 'test-bed',
      }),
    );
    void this.#task.run(world.onSettled).then(() => {
      this.#settled = true;
      world.onEnded?.();
    });
  }

  /** The task context that the handler was given. */
  get context(): TaskContext {
    return this.#task.context;
  }

  /** The number of heartbeats of this task that were accepted so far. */
  get heartbeats(): number {
    return this.#port.heartbeats.length;
  }

  /** The last progress that the handler has reported; undefined if there is none. */
  get progress(): TaskProgress | undefined {
    return this.#task.progress;
  }

  /**
   * True when the result was sent and the handler's own code has ended too. A worker would now have a free slot for
   * another task.
   */
  get settled(): boolean {
    return this.#settled;
  }

  /** Moves the clock on by a duration such as `'20s'`, and runs every timer that falls due in that time. */
  async advance(duration: string): Promise<void> {
    await this.clock.advance(millisecondsOf(duration));
  }

  /**
   * Behaves as if the task had timed out or its execution had ended: nothing that is sent for it is accepted any more.
   * Sends a heartbeat at once, so that the task finds out.
   */
  async gone(): Promise<void> {
    this.#port.close();
    // The context's `heartbeat` sends a heartbeat at once, and rejects if the task is gone.
    await this.context.heartbeat().catch(() => {});
    await this.clock.settle();
  }

  /** Behaves as if the worker began to shut down. The task's signal aborts after the time in the option `grace`. */
  async shutdown(): Promise<void> {
    this.#task.beginDrain(Number.POSITIVE_INFINITY);
    this.clock.after(this.#graceMs, () => this.#task.shutDown());
    await this.clock.settle();
  }

  /** Aborts the task's signals, as a worker does when it is shutting down and the grace period is over. */
  abort(): void {
    this.#task.beginDrain(Number.POSITIVE_INFINITY);
    this.#task.shutDown();
  }
}

/**
 * Returns the ARN of a handler's activity. If the handler declares only the activity's name, returns an invented ARN
 * with that name.
 */
function activityArnOf({ activity }: HandlerDefinition): string {
  if (activity.kind === 'arn') return activity.arn;
  return `arn:aws:states:us-east-1:123456789012:activity:${activity.name}`;
}

/** Returns a duration in milliseconds: that of a call if it is given, else that of the handler. */
const overridden = (given: string | false | undefined, ms: number | false): number | false =>
  given === undefined ? ms : given === false ? false : millisecondsOf(given);

const idOf = (payload: object): string | undefined => (payload as WorkerEvents['task:deferred']).id;

/** The names of the worker's events that mean that a task has its result. */
const ENDS: ReadonlySet<string> = new Set(['task:gone', 'task:succeeded', 'task:failed']);

/**
 * Stands in for Step Functions for one task in a test bed. It accepts every result, failure and heartbeat until `close`
 * is called.
 */
class BedPort implements ActivityPort {
  /** The times at which heartbeats of the task were accepted, in epoch milliseconds. */
  readonly heartbeats: number[] = [];
  /** The result that was accepted. Its status is `gone` as long as none was. */
  result: Promise<TaskResult> = Promise.resolve({ status: 'gone' });
  #gone: Error | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly whole: Whole,
  ) {}

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
      // The task does not wait for what is read to show its output.
      this.result =
        operation === 'SendTaskSuccess'
          ? successOf(output, this.whole)
          : Promise.resolve({ status: 'failed', error, cause });
    });
  }

  async heartbeat(): Promise<ReportAnswer> {
    return this.#answer(() => this.heartbeats.push(this.clock.now()));
  }

  #answer(take: () => unknown): ReportAnswer {
    if (this.#gone) return { kind: 'gone', error: this.#gone };
    take();
    return { kind: 'ok' };
  }
}

/** One line that a handler logged. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /**
   * The fields that were logged with the line, merged with those of its logger. A field that is in both has the line's
   * value.
   */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Creates a logger that adds each line to `entries` and also writes it to the logger `passOn`. */
export function keepLog(entries: LogEntry[], passOn: Logger, fields: Record<string, unknown> = {}): Logger {
  const line =
    (level: LogEntry['level']) =>
    (...args: [string] | [object, string]): void => {
      const [own, message] = partsOf(...args);
      entries.push({ level, message, fields: { ...fields, ...own } });
      if (args.length === 1) passOn[level](message);
      else passOn[level](...args);
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (more) => keepLog(entries, passOn.child(more), { ...fields, ...more }),
  };
}
