import type { Logger } from '../../base/log/log.js';
import type { Clock } from '../../base/time/clock.js';
import type { ActivityPort, ReportAnswer } from '../../aws/port.js';
import { Task, type TaskWorld } from '../../worker/task/task.js';
import type { EnginePort } from './engine-port.js';
import type { BedHandler } from '../harness/bed-handlers.js';
import type { Fault } from '../harness/options.js';
import { taskWorld } from '../harness/task-world.js';

const THROTTLE: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: false,
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

/** The parts that a machine's worker is made of. */
export interface MachineWorkerParts {
  readonly port: EnginePort;
  readonly clock: Clock;
  readonly log: Logger;
  /** The faults of each handler's attempts, by the handler's name. */
  readonly faults: Readonly<Record<string, readonly Fault[]>>;
  readonly reportLimitMs: number;
}

/** Polls for the tasks of a test machine, and runs each by the `Task` of a real worker. */
export class MachineWorker {
  /** The names of the handlers that run now, one for each task. */
  readonly running: string[] = [];
  /** The number of tasks that have ended so far. */
  ended = 0;
  readonly #parts: MachineWorkerParts;
  readonly #faults: Map<string, Fault[]>;

  constructor(parts: MachineWorkerParts) {
    this.#parts = parts;
    this.#faults = new Map(Object.entries(parts.faults).map(([name, list]) => [name, [...list]]));
  }

  /** Polls an activity from now on. */
  serve(arn: string, handler: BedHandler): void {
    void this.#poll(arn, handler);
  }

  async #poll(arn: string, handler: BedHandler): Promise<never> {
    for (;;) {
      const answer = await this.#parts.port.poll(arn, WORKER_NAME);
      if (answer.kind === 'task') this.#take(arn, handler, answer.token, answer.input);
    }
  }

  #take(activityArn: string, handler: BedHandler, token: string, input: string): void {
    const { definition, handle, options } = handler;
    const { name } = definition;
    const fault = this.#faults.get(name)?.shift() ?? 'none';
    if (fault === 'lost-token') return;
    const dies = fault === 'worker-dies';
    const { timeoutMs } = options;
    const heartbeatMs = !dies && options.heartbeatMs;
    const lease = { token, input, receivedAt: this.#parts.clock.now() };
    const task = new Task(lease, { name, activityArn, handle, heartbeatMs, timeoutMs }, this.#world(fault));
    void (dies ? task.run() : this.#run(task, name));
  }

  #world(fault: Fault): TaskWorld {
    const { clock, log, reportLimitMs } = this.#parts;
    const port = fault === 'none' ? this.#parts.port : new FaultyPort(this.#parts.port, fault);
    return taskWorld({ port, clock, log, reportLimitMs, workerName: WORKER_NAME, emit: () => {} });
  }

  async #run(task: Task, name: string): Promise<void> {
    this.running.push(name);
    await task.run();
    this.running.splice(this.running.indexOf(name), 1);
    this.ended++;
  }
}

const WORKER_NAME = 'test-machine';

/** The port of one attempt, with the attempt's fault. */
class FaultyPort implements ActivityPort {
  readonly #port: EnginePort;
  readonly #fault: Fault;
  #throttled = false;

  constructor(port: EnginePort, fault: Fault) {
    this.#port = port;
    this.#fault = fault;
  }

  poll(activityArn: string, workerName: string): ReturnType<ActivityPort['poll']> {
    return this.#port.poll(activityArn, workerName);
  }

  succeed(token: string, output: string): Promise<ReportAnswer> {
    return this.#through(() => this.#port.succeed(token, output));
  }

  fail(token: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#through(() => this.#port.fail(token, error, cause));
  }

  heartbeat(token: string): Promise<ReportAnswer> {
    return this.#fault === 'worker-dies' ? NEVER : this.#port.heartbeat(token);
  }

  #through(report: () => Promise<ReportAnswer>): Promise<ReportAnswer> {
    if (this.#fault === 'worker-dies') return NEVER;
    if (this.#throttled) return report();
    this.#throttled = true;
    return Promise.resolve(THROTTLE);
  }
}

const NEVER = new Promise<never>(() => {});
