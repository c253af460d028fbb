import type { HandClock } from '../harness/hand-clock.js';
import { Activities } from '../../local/engine/activities.js';
import { MockTable, type Mocks } from '../../local/resources/mocks.js';
import { RunningMemory, type Execution } from '../../local/engine/execution.js';
import { Executions } from '../../local/engine/executions.js';
import { Machines, seededHome, type Machine } from '../../local/engine/machines.js';
import type { Call } from '../../local/api/operation.js';
import { ServiceError } from '../../local/engine/service-error.js';
import { taskOperations } from '../../local/api/task-operations.js';
import { TaskTable } from '../../local/engine/task-table.js';
import { compileMachine } from '../../local/asl/machine.js';
import { EvaluationThreads } from '../../local/asl/jsonata/evaluation-threads.js';
import { silentLog } from '../../base/log/log.js';
import { classifyReportFailure } from '../../aws/classify-failure.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../aws/port.js';

const KEPT = { executions: 1_000, bytes: 256 * 1024 * 1024 };

/** The local Step Functions without its wire: what a worker would do by HTTP is a call here. */
export class Engine implements ActivityPort {
  readonly #activities: Activities;
  readonly #machines: Machines;
  readonly #executions: Executions;
  readonly #threads = new EvaluationThreads();
  readonly #state: Parameters<(typeof taskOperations)[string]>[1];

  /** @param pollHoldMs how long a poll waits for its task. */
  constructor(clock: HandClock, resources: Mocks, pollHoldMs: number) {
    const tasks = new TaskTable(clock);
    const mocks = new MockTable(resources);
    this.#activities = new Activities(tasks, clock);
    this.#machines = new Machines(clock, mocks, silentLog);
    const world = {
      clock,
      tasks,
      resources: mocks,
      activities: this.#activities,
      random: () => 0.5,
      threads: this.#threads,
      memory: new RunningMemory(),
      log: silentLog,
    };
    this.#executions = new Executions(world, KEPT, () => {});
    this.#state = {
      ...{ clock, tasks, activities: this.#activities, machines: this.#machines },
      executions: this.#executions,
      pollHoldMs,
      pollsEnded: false,
      endedWorkers: new Set(),
    };
  }

  /** Whether an execution is at work, and only waits for its turn of the event loop or for a thread. */
  get busy(): boolean {
    if (this.#threads.busy > 0) return true;
    for (const { stepCounter } of this.#executions.startedAfter(0)) if (stepCounter.waiting > 0) return true;
    return false;
  }

  createActivity(arn: string): void {
    this.#activities.create(arn);
  }

  /** Whether a task of this activity waits for somebody to take it. */
  hasWaiting(arn: string): boolean {
    return this.#activities.get(arn).queuedTasks > 0;
  }

  /** @throws DefinitionError where the definition cannot be run */
  createMachine(name: string, definition: string): Machine {
    const program = compileMachine(definition);
    return this.#machines.create(name, definition, program, seededHome(program, {}));
  }

  start(machine: Machine, input: string): Execution {
    return this.#executions.start(machine, undefined, input, JSON.parse(input));
  }

  poll(activityArn: string, workerName: string): Promise<PollAnswer> {
    return new Promise((resolve) => {
      this.#activities
        .get(activityArn)
        .poll(workerName, this.#state.pollHoldMs, ({ taskToken, input }) =>
          resolve(taskToken === undefined ? { kind: 'empty' } : { kind: 'task', token: taskToken, input }),
        );
    });
  }

  succeed(taskToken: string, output: string): Promise<ReportAnswer> {
    return this.#send('SendTaskSuccess', { taskToken, output });
  }

  fail(taskToken: string, error: string, cause: string): Promise<ReportAnswer> {
    return this.#send('SendTaskFailure', { taskToken, error, cause });
  }

  heartbeat(taskToken: string): Promise<ReportAnswer> {
    return this.#send('SendTaskHeartbeat', { taskToken });
  }

  async #send(operation: string, body: Call['body']): Promise<ReportAnswer> {
    try {
      const call = { operation, body, region: 'us-east-1', closedWindowMs: 0, onClosed: () => {} };
      await taskOperations[operation]?.(call, this.#state);
      return { kind: 'ok' };
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const told = Object.assign(new Error(error.message), { name: error.type });
      return classifyReportFailure({ error: told, type: error.type, status: 400, sent: true, setup: false });
    }
  }
}
