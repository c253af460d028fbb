import type { Execution } from '../../local/engine/execution.js';
import type { OpenTask } from '../../local/engine/tasks/open-tasks.js';
import type { TestClock } from '../harness/test-clock.js';
import type { Engine } from './engine.js';
import type { CallingExecution, TaskOrder, TaskOrigin } from '../../asl/runtime/resource.js';
import type { Body } from '../../local/api/request-validation.js';
import { ServiceError } from '../../local/engine/service-error.js';

/** The worker name that the history shows for every task of a test machine. */
export const WORKER_NAME = 'test-machine';

/** The tasks of a test machine that the test ends itself, instead of a handler. */
export class HandTasks {
  /** The ARNs of the activities for which there is no handler. */
  readonly #unserved: ReadonlySet<string>;
  /**
   * The executions that the test moves on step by step, each with the names of the states whose tasks the test ends.
   */
  readonly #started = new WeakMap<CallingExecution, ReadonlySet<string>>();
  /** The tokens of the tasks that the test has got from `execution.task(…)`. */
  readonly #given = new Set<string>();
  /** The tokens of the tasks that a handler has deferred. */
  readonly #deferred = new Set<string>();
  #anyStarted = false;

  constructor(
    private readonly engine: Engine,
    private readonly clock: TestClock,
    unserved: readonly string[],
  ) {
    this.#unserved = new Set(unserved);
  }

  /**
   * Registers an execution that the test moves on step by step. The test ends the execution's tasks that have no
   * handler, and those of the given states.
   */
  add(execution: Execution, states: readonly string[]): void {
    this.#anyStarted = true;
    this.#started.set(execution, new Set(states));
  }

  /** Returns true if the test moves the execution on step by step. */
  isStarted(execution: Execution): boolean {
    return this.#started.has(execution);
  }

  /** Returns true if the test, not a handler, ends this task of an activity. */
  has(arn: string, { origin }: TaskOrder): boolean {
    if (origin?.kind !== 'activity') return false;
    for (const execution of this.#around(origin.execution)) {
      const states = this.#started.get(execution);
      if (states && (this.#unserved.has(arn) || states.has(nameOf(origin, execution)))) return true;
    }
    return false;
  }

  /** Returns true if the test ends the task with this token, which the machine's worker has just received. */
  hasToken(arn: string, token: string): boolean {
    if (!this.#anyStarted) return false;
    const { task } = this.engine.stepFunctions.tasks.lookUp(token);
    return task !== undefined && this.has(arn, task.order);
  }

  /** Returns true if an execution is another one, or was started for it. */
  isWithin(inner: CallingExecution | undefined, outer: Execution): boolean {
    return inner !== undefined && [...this.#around(inner)].includes(outer);
  }

  /** Yields an execution, the one that has started it, and so on. */
  *#around({ arn }: CallingExecution): Generator<Execution> {
    const { executions } = this.engine.stepFunctions;
    let next = executions.find(arn);
    for (let order = Infinity; next && next.order < order;) {
      order = next.order;
      yield next;
      next = executions.find(next.startedBy.parent?.executionArn ?? '');
    }
  }

  /** Takes all tasks that the test ends from the queues, so that their timeouts run as if a worker had taken them. */
  lease(): void {
    if (!this.#anyStarted) return;
    for (const arn of this.engine.arns) {
      const activity = this.engine.stepFunctions.activities.get(arn);
      while (activity.takeOldest(WORKER_NAME, (order) => this.has(arn, order)));
    }
  }

  /**
   * Returns the oldest open task of a state that the test hasn't got yet, and records that it has got it now.
   * @param iteration the indexes of the Map iterations of the task, the outermost first. If there are fewer than the
   * task has, they are those of the innermost Maps. @default any
   */
  next(execution: Execution, state: string, iteration: readonly number[] = []): OpenTask | undefined {
    const task = this.open(execution).find(
      ({ order, token }) =>
        order.origin !== undefined &&
        nameOf(order.origin, execution) === state &&
        !this.#given.has(token) &&
        isIn(order, iteration),
    );
    if (task) this.#given.add(task.token);
    return task;
  }

  /**
   * Returns the tasks of an execution and of those nested in it that wait for the test to end them, including those of `.waitForTaskToken`
   * resources.
   */
  open(execution: Execution): OpenTask[] {
    return [...this.engine.stepFunctions.tasks].filter(
      ({ order, subject, lease, token }) =>
        lease !== undefined &&
        order.origin !== undefined &&
        this.isWithin(order.origin.execution, execution) &&
        (order.origin.kind === 'callback' || this.#deferred.has(token) || this.has(subject, order)),
    );
  }

  /** Returns the task with this token, unless it has ended. */
  find(token: string): OpenTask | undefined {
    for (const task of this.engine.stepFunctions.tasks)
      if (task.token === token && task.isOpen()) return task;
    return undefined;
  }

  /**
   * Returns the object with which the test ends a task.
   * @param input the task's input, with each reference replaced by its payload. @default the input as it was sent
   */
  handOver(task: OpenTask, input: unknown = JSON.parse(task.order.input)): HandTask {
    return new HandTask(task, input, async (operation, body) => {
      await this.engine.port.send(operation, body);
      await this.clock.turns();
    });
  }

  /** From now on the test ends this task, which a handler has deferred. */
  defer(token: string): void {
    this.#deferred.add(token);
  }

  /** Returns true if the test has got the task. */
  isGiven({ token }: OpenTask): boolean {
    return this.#given.has(token);
  }
}

function isIn({ origin }: TaskOrder, iteration: readonly number[]): boolean {
  return (
    iteration.length === 0 || (origin?.iterations ?? []).slice(-iteration.length).join() === iteration.join()
  );
}

/**
 * Returns the name by which a test knows the state of a task: `Machine.State` for one of a nested execution, but not for
 * one of a Distributed Map, whose states are the machine's own.
 */
function nameOf({ execution, state }: TaskOrigin, outer: Execution): string {
  const { arn, machineName } = execution;
  const isOwn = execution === outer || (machineName === outer.machineName && arn.includes('/'));
  return isOwn ? state : `${machineName}.${state}`;
}

/** Returns the name of the state to which a task belongs. */
export const stateOf = ({ origin }: TaskOrder): string => origin?.state ?? '';

/**
 * A task of a test machine that the test ends itself, in place of a worker. After each method, the test can go on when
 * the promise resolves: everything that follows without moving the clock has then happened. If the test never ends the
 * task, the timeouts of its state do.
 */
export class HandTask {
  /** The name of the state to which the task belongs. */
  readonly state: string;
  /** The task token, as a worker or a called service would receive it. */
  readonly token: string;
  readonly #task: OpenTask;
  readonly #send: (operation: string, body: Body) => Promise<void>;

  /**
   * @param input the parsed input
   * @param send sends a result, a failure or a heartbeat to Step Functions, and waits for what follows without moving
   * the clock
   */
  constructor(
    task: OpenTask,
    /**
     * The parsed input of the task. If the task came from `task`, references to payloads are replaced. For a
     * `.waitForTaskToken` resource, the arguments of the call.
     */
    readonly input: unknown,
    send: (operation: string, body: Body) => Promise<void>,
  ) {
    this.state = stateOf(task.order);
    this.token = task.token;
    this.#task = task;
    this.#send = send;
  }

  /**
   * True while the task accepts a result, a failure or a heartbeat: it has no result yet, hasn't timed out, and its
   * execution is running.
   */
  get isOpen(): boolean {
    return this.#task.isOpen();
  }

  /**
   * Ends the task successfully. The output is converted to JSON.
   * @throws an Error if Step Functions would reject the call
   */
  succeed(output: unknown = null): Promise<void> {
    return this.#report('SendTaskSuccess', { output: JSON.stringify(output) ?? 'null' });
  }

  /**
   * Ends the task with an error. A Retry or Catch can match its name.
   * @throws an Error if Step Functions would reject the call
   */
  fail(error: string, cause?: string): Promise<void> {
    return this.#report('SendTaskFailure', { error, ...(cause !== undefined && { cause }) });
  }

  /** Sends a heartbeat. The time in `HeartbeatSeconds` starts again. @throws an Error if the task has ended */
  heartbeat(): Promise<void> {
    return this.#report('SendTaskHeartbeat', {});
  }

  async #report(operation: string, body: object): Promise<void> {
    try {
      await this.#send(operation, { taskToken: this.token, ...body });
    } catch (error) {
      if (error instanceof ServiceError) throw refused(this.state, operation, error);
      throw error;
    }
  }
}

function refused(state: string, operation: string, error: ServiceError): Error {
  const over = error.type === 'TaskTimedOut' || error.type === 'TaskDoesNotExist';
  const why = over
    ? 'the task is over: it was answered before, it timed out, or its execution has ended'
    : error.message;
  return new Error(`${operation} for the task of '${state}' is refused as ${error.type}: ${why}`, {
    cause: error,
  });
}
