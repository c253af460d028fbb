import type { HandClock } from '../hand-clock.js';
import type { Logger } from '../../base/log/log.js';
import type { ActivityPort, ReportAnswer } from '../../aws/port.js';
import { Pace } from '../../worker/poll/pace.js';
import { Task } from '../../worker/task/task.js';
import type { Engine } from './engine.js';
import { ExactHeartbeats } from '../exact-heartbeats.js';
import type { BedHandler } from '../tested-handlers.js';
import type { Fault } from '../options.js';

const REPORT_LIMIT_MS = 15 * 60_000;
const THROTTLE: ReportAnswer = {
  kind: 'retry',
  pace: 'fast',
  mayHaveArrived: false,
  error: Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }),
};

/** Takes the tasks of an engine, each by a task of the worker's own. */
export class MachineWorker {
  /** The names of the handlers that run: one for each task. */
  readonly running: string[] = [];
  /** How many have ended. */
  ended = 0;
  readonly #engine: Engine;
  readonly #clock: HandClock;
  readonly #log: Logger;
  readonly #faults: Map<string, Fault[]>;

  constructor(
    engine: Engine,
    clock: HandClock,
    log: Logger,
    faults: Readonly<Record<string, readonly Fault[]>>,
  ) {
    this.#engine = engine;
    this.#clock = clock;
    this.#log = log;
    this.#faults = new Map(Object.entries(faults).map(([name, list]) => [name, [...list]]));
  }

  /** Serves an activity, from now on. */
  serve(arn: string, handler: BedHandler): void {
    void this.#poll(arn, handler);
  }

  async #poll(arn: string, handler: BedHandler): Promise<never> {
    for (;;) {
      const answer = await this.#engine.poll(arn, 'test-machine');
      if (answer.kind === 'task') this.#take(arn, handler, answer.token, answer.input);
    }
  }

  #take(
    activityArn: string,
    { definition, handle, options }: BedHandler,
    token: string,
    input: string,
  ): void {
    const fault = this.#faults.get(definition.name)?.shift() ?? 'none';
    if (fault === 'lost-token') return;
    const { heartbeatMs, timeoutMs } = options;
    const task = new Task(
      { token, input, receivedAt: this.#clock.now() },
      {
        name: definition.name,
        activityArn,
        handle,
        heartbeatMs: fault !== 'worker-dies' && heartbeatMs,
        timeoutMs,
      },
      {
        port: fault === 'none' ? this.#engine : new FaultyPort(this.#engine, fault),
        clock: this.#clock,
        random: () => 0.5,
        heartbeats: new ExactHeartbeats(this.#clock),
        log: this.#log,
        emit: () => {},
        workerName: 'test-machine',
        reportLimitMs: REPORT_LIMIT_MS,
        reportPace: new Pace(),
        outside: (fn) => fn(),
      },
    );
    if (fault === 'worker-dies') return void task.run();
    void this.#run(task, definition.name);
  }

  async #run(task: Task, name: string): Promise<void> {
    this.running.push(name);
    await task.run();
    this.running.splice(this.running.indexOf(name), 1);
    this.ended++;
  }
}

/** The engine behind a network that is in trouble. */
class FaultyPort implements ActivityPort {
  readonly #engine: Engine;
  readonly #fault: Fault;
  #throttled = false;

  constructor(engine: Engine, fault: Fault) {
    this.#engine = engine;
    this.#fault = fault;
  }

  poll(activityArn: string, workerName: string): ReturnType<ActivityPort['poll']> {
    return this.#engine.poll(activityArn, workerName);
  }

  succeed(token: string, output: string): Promise<ReportAnswer> {
    return this.#through(() => this.#engine.succeed(token, output));
  }

  fail(token: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#through(() => this.#engine.fail(token, error, cause));
  }

  heartbeat(token: string): Promise<ReportAnswer> {
    return this.#fault === 'worker-dies' ? NEVER : this.#engine.heartbeat(token);
  }

  #through(report: () => Promise<ReportAnswer>): Promise<ReportAnswer> {
    if (this.#fault === 'worker-dies') return NEVER;
    if (this.#throttled) return report();
    this.#throttled = true;
    return Promise.resolve(THROTTLE);
  }
}

const NEVER = new Promise<never>(() => {});
