import { closest } from 'fastest-levenshtein';
import { millisecondsOf } from '../../base/time/duration.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { Execution } from '../../local/engine/execution.js';
import type { Activity } from '../../local/engine/activities.js';
import type { OpenTask } from '../../local/engine/tasks/open-tasks.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';
import type { OpenCalls } from '../harness/open-calls.js';
import { checkOptions, HAND_TASK_OPTIONS, type HandTaskOptions } from '../harness/options.js';
import type { Goal, TestClock } from '../harness/test-clock.js';
import type { Whole } from '../harness/bed-handlers.js';
import { type ExecutionResult, resultOf } from './execution-result.js';
import { type HandTask, type HandTasks, stateOf } from './hand-tasks.js';
import type { MachineStates } from './machine-states.js';
import type { MachineWorker } from './machine-worker.js';
import { Trail } from './trail.js';
import { SlowWork } from '../work/real-work.js';

/** A state of a machine that the machine under test starts: `Machine.State`. */
export type NestedState = `${string}.${string}`;

/** The objects of a test machine that its executions share. */
export interface MachineWorld {
  readonly stepFunctions: StepFunctions;
  readonly worker: MachineWorker;
  readonly clock: TestClock;
  readonly states: MachineStates;
  readonly handlers: readonly HandlerDefinition[];
  /** The ARNs of the activities for which there is no handler. */
  readonly unserved: readonly string[];
  readonly handTasks: HandTasks;
  readonly calls: OpenCalls;
  /** Parses JSON, with each reference in it replaced by its payload. */
  readonly whole: Whole;
}

/**
 * An execution of a test machine that the test moves on step by step. Between two steps the machine's clock stands
 * still. All executions of the machine share the clock.
 */
export class TestExecution<State extends string = string> {
  readonly #execution: Execution;
  readonly #world: MachineWorld;
  readonly #byHand: readonly string[];
  readonly #trail: Trail;
  /** The number of times that each state had been entered when `until` last returned for it, by the state's name. */
  readonly #met = new Map<string, number>();

  constructor(execution: Execution, world: MachineWorld, byHand: readonly string[] = []) {
    this.#execution = execution;
    this.#byHand = byHand;
    this.#world = world;
    this.#trail = new Trail(execution);
  }

  /** The name that the test gave to the execution, or a random one. */
  get name(): string {
    return this.#execution.name;
  }

  /** `running` until the execution has ended. */
  get status(): ExecutionResult['status'] | 'running' {
    return resultOf(this.#execution)?.status ?? 'running';
  }

  /**
   * The names of the states in which the execution is now, in the order in which they were entered. Inside a Map or a
   * Parallel, the inner states are returned instead of the Map or the Parallel.
   */
  get states(): readonly string[] {
    return this.#trail.states;
  }

  /** The names of the states that were entered so far, in order. */
  get path(): readonly string[] {
    return [...this.#trail.path];
  }

  /** The history events so far, in the form in which GetExecutionHistory returns them. */
  get history(): readonly object[] {
    return this.#execution.history.all();
  }

  /**
   * Runs the execution until a state is entered. Resolves at once if the execution is in that state now, or has entered
   * it since the last `until` for that state.
   * @throws an Error if the state isn't entered, which says where the execution waits or how it ended; StartError if
   * the machine has no such state
   */
  async until(state: State): Promise<void> {
    this.#world.states.check('until', state);
    const entries = (): number => this.#trail.path.filter((each) => each === state).length;
    const met = this.#met.get(state) ?? 0;
    await this.#reach(`'${state}' is not entered`, () => entries() > met || this.#trail.isIn(state));
    this.#met.set(state, entries());
  }

  /** Moves the clock on by a duration such as `'20s'`, and runs everything that falls due in that time. */
  async advance(duration: string): Promise<void> {
    const { clock } = this.#world;
    const target = clock.now() + millisecondsOf(duration);
    await this.#run({
      isReached: () => clock.now() >= target,
      stopAt: target,
      progress: () => clock.now(),
    });
  }

  /**
   * Runs the execution until the test has to end a task of the state: there is no handler for the task, the state is in
   * `byHand`, its handler has deferred it, or it is a callback (`.waitForTaskToken`). Each call returns another task,
   * the oldest first.
   * @param state the name of a state, or `Machine.State` for a state of a machine that the execution has started
   * @throws an Error if there will be no such task. It says where the execution waits or how it ended
   * @throws StartError if a handler or a mock ends the tasks of this state, and no task is deferred; for an invalid
   * option
   */
  async task(state: State | NestedState, options: HandTaskOptions = {}): Promise<HandTask> {
    this.#world.states.checkTask(state);
    checkOptions('task', HAND_TASK_OPTIONS, options);
    const { iteration = [] } = options;
    const lane = typeof iteration === 'number' ? [iteration] : iteration;
    let task: OpenTask | undefined;
    const isThere = (): boolean =>
      (task ??= this.#world.handTasks.next(this.#execution, state, lane)) !== undefined;
    const where = lane.length === 0 ? '' : ` in iteration ${lane.join(', ')}`;
    await this.#reach(`no further task of '${state}'${where} waits`, isThere).catch((error: unknown) => {
      this.#world.states.checkNotHandled(state, this.#byHand);
      throw error;
    });
    if (!task) throw new Error('the test machine was closed');
    return this.#world.handTasks.handOver(task, await this.#world.whole(task.order.input));
  }

  /** Runs the execution to its end. @throws as the machine's `execute` does */
  async result(): Promise<ExecutionResult> {
    await this.#reach(undefined, () => this.#execution.end !== undefined);
    const result = resultOf(this.#execution);
    if (!result) throw new Error('the test machine was closed');
    const { output } = this.#execution.end ?? {};
    return output === undefined ? result : { ...result, output: await this.#world.whole(output) };
  }

  /**
   * Stops the execution, like StopExecution. Does nothing if it has already ended. A handler that runs a task of the
   * execution finds out by its next heartbeat.
   */
  async stop(error?: string, cause?: string): Promise<ExecutionResult> {
    return this.#world.calls.call(async () => {
      this.#execution.stop(error, cause);
      await this.#world.clock.turns();
      return this.result();
    });
  }

  /**
   * Runs the execution until `isReached` returns true.
   * @throws an Error that begins with `missed` if the execution ends before, or waits for something that will never
   * happen
   */
  async #reach(missed: string | undefined, isReached: () => boolean): Promise<void> {
    const isOver = (): boolean => this.#execution.end !== undefined;
    await this.#run({
      isReached: () => isReached() || isOver(),
      isHopeless: () => this.#why() !== undefined,
      progress: () => this.#execution.history.length + this.#world.worker.ended,
    });
    if (isReached()) return;
    const result = resultOf(this.#execution);
    const why = result ? saidEnd(result) : this.#why();
    throw new Error(missed === undefined ? why : `${missed}: ${why}`);
  }

  /** Returns the reason why the execution can't continue, as text; undefined if it can. */
  #why(): string | undefined {
    const { unserved, stepFunctions, handlers, handTasks, worker, clock } = this.#world;
    const arn = unserved.find((each) => this.#isQueued(stepFunctions.activities.get(each)));
    if (arn !== undefined) return saidUnserved(arn, handlers);
    if (clock.next !== undefined || worker.running.length > 0) return undefined;
    return saidWait(this.#execution, this.#trail, handTasks);
  }

  #isQueued(activity: Activity): boolean {
    const { handTasks } = this.#world;
    for (const { order } of activity.queued)
      if (handTasks.isWithin(order.origin?.execution, this.#execution)) return true;
    return false;
  }

  #run(goal: Omit<Goal, 'running' | 'owns'>): Promise<void> {
    const { calls, clock, worker, handTasks } = this.#world;
    const owns = ({ token }: TaskContext): boolean =>
      handTasks.isWithin(handTasks.find(token)?.order.origin?.execution, this.#execution);
    return calls.call(async () => {
      const isReached = (): boolean => calls.isClosed || goal.isReached();
      try {
        await clock.reach({ ...goal, isReached, owns, running: () => worker.running });
      } catch (error) {
        if (error instanceof SlowWork && owns(error.context)) {
          worker.abort(error.context);
          clock.work.forget(error.context);
        } else {
          worker.abort();
          clock.work.abandon();
        }
        throw error;
      }
    });
  }
}

/** Returns the part of an error message that says how an execution has ended, and which states it has entered. */
function saidEnd({ status, error, cause, path }: ExecutionResult): string {
  const by = error === undefined ? '' : ` by ${error}${cause === undefined ? '' : `: ${cause}`}`;
  return `the execution has ended before (${SAID[status]}${by}). It entered ${path.join(' → ')}`;
}

const SAID = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'timed out',
  aborted: 'stopped',
} as const;

/**
 * Returns the part of an error message that says where an execution waits for something that will never happen, and how
 * to fix it.
 */
function saidWait(execution: Execution, trail: Trail, handTasks: HandTasks): string {
  const where = trail.states.map((name) => `'${name}'`).join(', ');
  const [task] = handTasks.open(execution);
  const head = `the execution waits in ${where}, and nothing is due any more`;
  if (!task) {
    const [last] = execution.history.page(0, 1, { reverse: true });
    return `${head}. Its last event: ${JSON.stringify(last)}`;
  }
  const state = stateOf(task.order);
  if (handTasks.isGiven(task))
    return `${head}: the test has the task of '${state}' and has not answered it\nFix: await task.succeed(output), or task.fail(error)`;
  const answer = `const task = await execution.task('${state}'); await task.succeed(output)`;
  return handTasks.isStarted(execution)
    ? `${head}: a task of '${state}' waits for an answer by hand\nFix: ${answer}`
    : `${head}: '${state}' waits for a report by its task token\nFix: start the execution, and answer: const execution = await machine.start(input); ${answer}`;
}

/**
 * Returns the part of an error message that says that there is no handler for a task, and which handler may have been
 * meant.
 */
function saidUnserved(arn: string, handlers: readonly HandlerDefinition[]): string {
  const known = handlers.map(({ name, activity }) => ({
    name,
    takes: activity.kind === 'arn' ? activity.arn : activity.name,
  }));
  const head = `a task of ${arn} waits, and no handler of this test machine takes it`;
  const byHand = 'or answer it by hand: machine.start(input), then execution.task(state)';
  if (known.length === 0)
    return `${head}\nFix: give the class that takes it: activities: [TheActivity]; ${byHand}`;
  const nearest = closest(
    arn,
    known.map(({ takes }) => takes),
  );
  return [
    head,
    ...known.map(({ name, takes }) => `  ${name} takes ${takes}`),
    `Fix: did you mean ${nearest}? Correct the state's "Resource" or the class's @Activity, whichever is wrong; or give the class that takes the task in \`activities\`; ${byHand}`,
  ].join('\n');
}
