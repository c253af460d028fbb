import type { Execution } from '../../local/engine/execution.js';
import type { OpenTask } from '../../local/engine/open-task.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';
import type { RunningExecution, TaskOrder } from '../../local/asl/runtime/running-execution.js';

/** The worker's name that a history shows for every task of a test machine. */
export const WORKER_NAME = 'test-machine';

/** The tasks of a test machine that a test answers by hand. */
export class HandTasks {
  readonly #stepFunctions: StepFunctions;
  /** The activities of the machine. */
  readonly #arns: readonly string[];
  /** The activities that no handler takes. */
  readonly #unserved: ReadonlySet<string>;
  /** The states that each started execution leaves to its test. */
  readonly #started = new WeakMap<RunningExecution, ReadonlySet<string>>();
  /** The tokens of the tasks that a test has got. */
  readonly #given = new Set<string>();
  #anyStarted = false;

  constructor(stepFunctions: StepFunctions, arns: readonly string[], unserved: readonly string[]) {
    this.#stepFunctions = stepFunctions;
    this.#arns = arns;
    this.#unserved = new Set(unserved);
  }

  /** Leaves the tasks of an execution that no handler takes, and those of some states, to its test. */
  add(execution: Execution, states: readonly string[]): void {
    this.#anyStarted = true;
    this.#started.set(execution, new Set(states));
  }

  /** Returns true for an execution that was started to be moved step by step. */
  isStarted(execution: Execution): boolean {
    return this.#started.has(execution);
  }

  /** Returns true where a task of an activity is answered by hand. */
  has(arn: string, { origin }: TaskOrder): boolean {
    const states = origin && this.#started.get(origin.execution);
    return states !== undefined && (this.#unserved.has(arn) || states.has(origin?.state ?? ''));
  }

  /** Returns true where the task that has just been leased to the worker is answered by hand. */
  hasToken(arn: string, token: string): boolean {
    if (!this.#anyStarted) return false;
    const { task } = this.#stepFunctions.tasks.lookUp(token);
    return task !== undefined && this.has(arn, task.order);
  }

  /** Leases all queued tasks that are answered by hand, as a worker with a free slot would. */
  lease(): void {
    if (!this.#anyStarted) return;
    for (const arn of this.#arns) {
      const activity = this.#stepFunctions.activities.get(arn);
      while (activity.takeOldest(WORKER_NAME, (order) => this.has(arn, order)));
    }
  }

  /** Returns the oldest open task of a state that the test has not got yet, and notes that the test gets it. */
  next(execution: Execution, state: string): OpenTask | undefined {
    const task = this.open(execution).find(
      (each) => stateOf(each.order) === state && !this.#given.has(each.token),
    );
    if (task) this.#given.add(task.token);
    return task;
  }

  /** Returns the leased tasks of an execution that wait for an answer by hand, callbacks among them. */
  open(execution: Execution): OpenTask[] {
    return [...this.#stepFunctions.tasks].filter(
      ({ order, subject, lease }) =>
        lease !== undefined &&
        (order.callback?.execution === execution ||
          (order.origin?.execution === execution && this.has(subject, order))),
    );
  }

  /** Returns true where the test has got a task. */
  isGiven({ token }: OpenTask): boolean {
    return this.#given.has(token);
  }
}

/** Returns the state that waits for a task. */
export const stateOf = ({ origin, callback }: TaskOrder): string => (origin ?? callback)?.state ?? '';
