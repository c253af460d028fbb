import type { Execution } from '../../local/engine/execution.js';
import type { OpenTask } from '../../local/engine/open-task.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';
import type { RunningExecution, TaskOrder } from '../../local/asl/runtime/running-execution.js';

/** The name that the history shows as the worker of every task of a test machine. */
export const WORKER_NAME = 'test-machine';

/** The tasks of a test machine that a test answers itself. */
export class HandTasks {
  readonly #stepFunctions: StepFunctions;
  /** The ARNs of the machine's activities. */
  readonly #arns: readonly string[];
  /** The ARNs of the activities for which there is no handler. */
  readonly #unserved: ReadonlySet<string>;
  /** For each execution that was started step by step, the states whose tasks its test answers. */
  readonly #started = new WeakMap<RunningExecution, ReadonlySet<string>>();
  /** The tokens of the tasks that were returned to a test. */
  readonly #given = new Set<string>();
  #anyStarted = false;

  constructor(stepFunctions: StepFunctions, arns: readonly string[], unserved: readonly string[]) {
    this.#stepFunctions = stepFunctions;
    this.#arns = arns;
    this.#unserved = new Set(unserved);
  }

  /** Lets the test of an execution answer the tasks for which there is no handler, and those of the given states. */
  add(execution: Execution, states: readonly string[]): void {
    this.#anyStarted = true;
    this.#started.set(execution, new Set(states));
  }

  /** Returns true if the execution was started to be moved step by step. */
  isStarted(execution: Execution): boolean {
    return this.#started.has(execution);
  }

  /** Returns true if the task of an activity is answered by the test. */
  has(arn: string, { origin }: TaskOrder): boolean {
    const states = origin && this.#started.get(origin.execution);
    return states !== undefined && (this.#unserved.has(arn) || states.has(origin?.state ?? ''));
  }

  /** Returns true if the task that was just leased to the worker is answered by the test. */
  hasToken(arn: string, token: string): boolean {
    if (!this.#anyStarted) return false;
    const { task } = this.#stepFunctions.tasks.lookUp(token);
    return task !== undefined && this.has(arn, task.order);
  }

  /** Leases all queued tasks that the test answers, as a worker with free slots would. */
  lease(): void {
    if (!this.#anyStarted) return;
    for (const arn of this.#arns) {
      const activity = this.#stepFunctions.activities.get(arn);
      while (activity.takeOldest(WORKER_NAME, (order) => this.has(arn, order)));
    }
  }

  /**
   * Returns the oldest open task of a state that was not returned to the test yet, and records that it is returned now.
   */
  next(execution: Execution, state: string): OpenTask | undefined {
    const task = this.open(execution).find(
      (each) => stateOf(each.order) === state && !this.#given.has(each.token),
    );
    if (task) this.#given.add(task.token);
    return task;
  }

  /** Returns the leased tasks of an execution, including callbacks, that wait for the test's answer. */
  open(execution: Execution): OpenTask[] {
    return [...this.#stepFunctions.tasks].filter(
      ({ order, subject, lease }) =>
        lease !== undefined &&
        (order.callback?.execution === execution ||
          (order.origin?.execution === execution && this.has(subject, order))),
    );
  }

  /** Returns true if the task was returned to the test. */
  isGiven({ token }: OpenTask): boolean {
    return this.#given.has(token);
  }
}

/** Returns the name of the state that waits for a task. */
export const stateOf = ({ origin, callback }: TaskOrder): string => (origin ?? callback)?.state ?? '';
