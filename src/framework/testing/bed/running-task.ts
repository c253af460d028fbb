import type { HandClock } from '../hand-clock.js';
import { resolveConfig, resolveHandler } from '../../config/resolve.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskContext } from '../../declare/task-context.js';
import { DURATION_EXPECTED, parseDuration } from '../../base/time/duration.js';
import { show } from '../../base/errors.js';
import type { CompiledHandler } from '../../worker/handler/compile.js';
import type { Logger } from '../../base/log/log.js';
import { Pace } from '../../worker/poll/pace.js';
import type { TaskProgress } from '../../worker/task/progress.js';
import { Task } from '../../worker/task/task.js';
import { activityArnOf } from './bed-context.js';
import { keepLog, type LogEntry } from './bed-log.js';
import { BedPort, type TaskResult } from './bed-port.js';
import { ExactHeartbeats } from '../exact-heartbeats.js';
import type { StartOptions } from '../options.js';

/** What a running task is made of. */
export interface TaskRecipe {
  readonly definition: HandlerDefinition;
  readonly handle: CompiledHandler;
  readonly clock: HandClock;
  readonly log: Logger;
  readonly json: string;
  readonly token: string;
  /** Over `@Handle` and `@Activity`, as the config's `handlers` are. */
  readonly options: StartOptions;
}

/**
 * A task of a bed, in a world that stands still until a test moves it: the worker's own task, over a service that takes
 * everything.
 */
export class RunningTask<Output = unknown> {
  /** What the service is told, once it is. A task that waits for time needs `advance` first. */
  readonly outcome: Promise<TaskResult<Output>>;
  /** What was logged through `task.log`, and below it. */
  readonly logs: readonly LogEntry[];
  /** Moves with the task. */
  readonly clock: HandClock;
  readonly #task: Task;
  readonly #port: BedPort;
  readonly #graceMs: number;
  #settled = false;

  constructor({ definition, handle, clock, log, json, token, options }: TaskRecipe) {
    const { grace, heartbeat, timeout } = options;
    const handlers = { [definition.name]: { heartbeat, timeout } };
    const settings = resolveConfig({ config: { grace, handlers }, env: {} });
    const { heartbeatMs, timeoutMs } = resolveHandler(definition, settings).options;
    const entries: LogEntry[] = [];
    this.logs = entries;
    this.clock = clock;
    this.#graceMs = settings.graceMs;
    this.#port = new BedPort(clock);
    let tell = (_result: TaskResult<Output>): void => {};
    this.outcome = new Promise((resolve) => (tell = resolve));
    this.#task = new Task(
      { token, input: json, receivedAt: clock.now() },
      {
        name: definition.name,
        activityArn: activityArnOf(definition),
        handle,
        heartbeatMs,
        timeoutMs,
      },
      {
        port: this.#port,
        clock,
        random: () => 0.5,
        heartbeats: new ExactHeartbeats(clock),
        log: keepLog(entries, log),
        emit: (event) => {
          if (event === 'task:gone' || event === 'task:succeeded' || event === 'task:failed')
            tell(this.#port.told as TaskResult<Output>);
        },
        workerName: 'test-bed',
        reportLimitMs: settings.reportLimitMs,
        reportPace: new Pace(),
        outside: (fn) => fn(),
      },
    );
    void this.#task.run().then(() => (this.#settled = true));
  }

  /** What the handler was given: its signals, for one. */
  get context(): TaskContext {
    return this.#task.context;
  }

  /** How many heartbeats the service has taken. */
  get heartbeats(): number {
    return this.#port.heartbeats.length;
  }

  /** How far the handler is, as it last said; undefined where it says nothing. */
  get progress(): TaskProgress | undefined {
    return this.#task.progress;
  }

  /** Whether the handler has settled too, so that its slot would be free. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Moves time on, by a duration such as `'20s'`, and lets all that falls due on the way happen. */
  async advance(duration: string): Promise<void> {
    await this.clock.advance(milliseconds(duration));
  }

  /** The service no longer wants the task: it timed out there, or its execution was stopped. A heartbeat learns of it. */
  async gone(): Promise<void> {
    this.#port.close();
    // The handler's own asking is how a test can beat at once; where the task is gone it rejects.
    await this.context.heartbeat().catch(() => {});
    await this.clock.settle();
  }

  /** The worker begins to stop. When the grace is over, the task's signal aborts. */
  async shutdown(): Promise<void> {
    this.#task.beginDrain(Number.POSITIVE_INFINITY);
    this.clock.after(this.#graceMs, () => this.#task.shutDown());
    await this.clock.settle();
  }
}

function milliseconds(value: string): number {
  const parsed = parseDuration(value);
  if (parsed !== undefined) return parsed;
  throw new TypeError(`expected the duration to be ${DURATION_EXPECTED}, got ${show(value)}`);
}
