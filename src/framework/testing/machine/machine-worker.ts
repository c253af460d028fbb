import type { Logger } from '../../base/log/log.js';
import type { ReportRequest } from '../../aws/call.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/activity-port.js';
import { methodName } from '../../declare/definition.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { Ask } from '../../worker/keep/record.js';
import type { Deferrals } from '../../worker/task/deferral.js';
import type { TaskRef } from '../../declare/worker-events.js';
import { Task, type TaskRuntime } from '../../worker/task/task.js';
import type { EnginePort } from './engine.js';
import type { BedHandler } from '../harness/bed-handlers.js';
import { type HandTasks, WORKER_NAME } from './hand-tasks.js';
import { nextTurn } from '../work/real-time.js';
import type { Fault } from '../harness/options.js';
import type { TestClock } from '../harness/test-clock.js';
import { taskRuntime } from '../harness/task-runtime.js';

const THROTTLE: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: false,
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

/** The objects and values that the worker of a test machine needs. */
export interface MachineWorkerParts {
  readonly port: EnginePort;
  readonly handTasks: HandTasks;
  readonly clock: TestClock;
  readonly log: Logger;
  /** The faults to inject into the attempts of each handler, by the name of the handler or of its method. */
  readonly faults: Readonly<Record<string, readonly Fault[]>>;
  readonly reportLimitMs: number;
  readonly deferrals: (ask: Ask) => Deferrals;
  /** The most tasks that each handler runs at the same time. @default the handler's own `concurrency` */
  readonly concurrency: number | undefined;
}

/**
 * Gets the tasks of a test machine, and runs each with the class `Task` of a real worker. A handler never runs more
 * tasks at the same time than it has slots.
 */
export class MachineWorker {
  /** The names of the handlers that are running. A name occurs once for each task. */
  readonly running: string[] = [];
  /** The number of tasks that have ended so far. */
  ended = 0;
  readonly #tasks = new Set<Task>();
  readonly #deferrals: Deferrals;
  readonly #ask: Ask = async ({ token }) => {
    const { kind } = await this.parts.port.heartbeat(token);
    return kind === 'ok' ? 'wanted' : kind === 'gone' ? 'gone' : 'unknown';
  };
  /** The faults that are left for each handler, by its name. */
  readonly #faults = new Map<string, Fault[]>();

  constructor(private readonly parts: MachineWorkerParts) {
    this.#deferrals = parts.deferrals(this.#ask);
  }

  /** Starts to get tasks of an activity for a handler, whenever the handler has a free slot. */
  serve(arn: string, handler: BedHandler): void {
    const { faults } = this.parts;
    const { name } = handler.definition;
    this.#faults.set(name, [...(faults[name] ?? faults[methodName(handler.definition)] ?? [])]);
    void this.#poll(arn, handler, this.parts.concurrency ?? handler.options.concurrency);
  }

  /** Aborts the signal of a task. @default of all tasks */
  abort(context?: TaskContext): void {
    for (const task of this.#tasks) if (!context || task.context === context) task.shutDown();
  }

  async #poll(arn: string, handler: BedHandler, slots: number): Promise<void> {
    let free = slots;
    let onFree = (): void => {};
    const release = (): void => {
      free++;
      onFree();
    };
    for (;;) {
      if (free === 0) {
        await new Promise<void>((resolve) => (onFree = resolve));
        // The report of the task that freed the slot reaches the service before the next poll, as on the wire.
        await nextTurn();
      }
      const answer = await this.parts.port.poll(arn, WORKER_NAME);
      if (answer.kind !== 'task') return;
      free--;
      this.#take(arn, handler, answer, release);
    }
  }

  #take(activityArn: string, handler: BedHandler, { token, input }: TaskAnswer, release: () => void): void {
    if (this.parts.handTasks.hasToken(activityArn, token)) return release();
    const { definition, handle, options, checkpoints } = handler;
    const { name } = definition;
    const fault = this.#faults.get(name)?.shift() ?? 'none';
    if (fault === 'lost-token') return release();
    const dies = fault === 'worker-dies';
    const { timeoutMs } = options;
    const heartbeatMs = !dies && options.heartbeatMs;
    const lease = { token, input, receivedAt: this.parts.clock.now() };
    const taken = { name, activityArn, handle, heartbeatMs, timeoutMs, checkpoints };
    const task = new Task(lease, taken, this.#runtime(fault));
    // A worker that dies is replaced by a new one, so the slot is free again.
    if (dies) release();
    void (dies ? task.run() : this.#run(task, name, release));
  }

  #runtime(fault: Fault): TaskRuntime {
    const { clock, log, reportLimitMs } = this.parts;
    const port = fault === 'none' ? this.parts.port : new FaultyPort(this.parts.port, fault);
    return taskRuntime({
      port,
      clock,
      log,
      reportLimitMs,
      heartbeats: clock.heartbeats,
      workerName: WORKER_NAME,
      ask: this.#ask,
      deferrals: this.#deferrals,
      emit: (event, payload) => {
        if (event === 'task:deferred') this.parts.handTasks.defer((payload as TaskRef).token);
      },
    });
  }

  async #run(task: Task, name: string, release: () => void): Promise<void> {
    this.#tasks.add(task);
    this.running.push(name);
    await task.run(release);
    this.running.splice(this.running.indexOf(name), 1);
    this.#tasks.delete(task);
    this.ended++;
  }
}

type TaskAnswer = Extract<PollAnswer, { readonly kind: 'task' }>;

/** Makes the API calls for one attempt at a task, with the fault that is to be injected into it. */
class FaultyPort implements ActivityPort {
  #throttled = false;

  constructor(
    private readonly port: EnginePort,
    private readonly fault: Fault,
  ) {}

  poll(activityArn: string, workerName: string): ReturnType<ActivityPort['poll']> {
    return this.port.poll(activityArn, workerName);
  }

  report(request: ReportRequest): Promise<ReportAnswer> {
    if (this.fault === 'worker-dies') return NEVER;
    if (this.#throttled) return this.port.report(request);
    this.#throttled = true;
    return Promise.resolve(THROTTLE);
  }

  heartbeat(token: string): Promise<ReportAnswer> {
    return this.fault === 'worker-dies' ? NEVER : this.port.heartbeat(token);
  }
}

const NEVER = new Promise<never>(() => {});
