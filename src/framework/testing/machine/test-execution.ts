import { millisecondsOf } from '../../base/time/duration.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Execution } from '../../local/engine/execution.js';
import type { Activity } from '../../local/engine/activity.js';
import type { OpenTask } from '../../local/engine/open-task.js';
import type { StepFunctions } from '../../local/engine/step-functions.js';
import type { OpenCalls } from '../harness/open-calls.js';
import { nap } from '../harness/real-time.js';
import { type Journey, runAhead } from '../harness/run-ahead.js';
import type { TestClock } from '../harness/test-clock.js';
import { type ExecutionResult, resultOf } from './execution-result.js';
import { HandTask } from './hand-task.js';
import { type HandTasks, stateOf } from './hand-tasks.js';
import type { EnginePort } from './engine-port.js';
import type { MachineStates } from './machine-states.js';
import type { MachineWorker } from './machine-worker.js';
import { saidEnd, saidUnserved, saidWait } from './stuck.js';
import { Trail } from './trail.js';

/** The parts of a test machine that its executions share. */
export interface MachineWorld {
  readonly stepFunctions: StepFunctions;
  readonly port: EnginePort;
  readonly worker: MachineWorker;
  readonly clock: TestClock;
  readonly states: MachineStates;
  readonly handlers: readonly HandlerDefinition[];
  /** The activities that no handler takes. */
  readonly unserved: readonly string[];
  readonly handTasks: HandTasks;
  readonly calls: OpenCalls;
  /** Returns the epoch milliseconds of the next timer, other than those that end a poll; undefined where none waits. */
  readonly nextTimer: () => number | undefined;
}

/**
 * An execution of a test machine that a test moves step by step. Between two steps the clock of the machine stands still;
 * it is one clock for all executions of the machine.
 */
export class TestExecution<State extends string = string> {
  readonly #execution: Execution;
  readonly #world: MachineWorld;
  readonly #byHand: readonly string[];
  readonly #trail: Trail;
  /** The entries that `until` has met so far, by state. */
  readonly #met = new Map<string, number>();

  constructor(execution: Execution, world: MachineWorld, byHand: readonly string[] = []) {
    this.#execution = execution;
    this.#byHand = byHand;
    this.#world = world;
    this.#trail = new Trail(execution);
  }

  /** The name that it was started by, or a random one. */
  get name(): string {
    return this.#execution.name;
  }

  /** `running` until it has ended. */
  get status(): ExecutionResult['status'] | 'running' {
    return resultOf(this.#execution)?.status ?? 'running';
  }

  /** The names of the states that it is in now, in the order of their entry; of a Map or a Parallel those within it. */
  get states(): readonly string[] {
    return this.#trail.states;
  }

  /** The names of the states that were entered so far, in order. */
  get path(): readonly string[] {
    return [...this.#trail.path];
  }

  /** The events so far, as GetExecutionHistory returns them. */
  get history(): readonly object[] {
    return this.#execution.history.all();
  }

  /**
   * Runs on until a state is entered. Resolves at once where the execution is in that state, or has entered it since the
   * last `until` of that state.
   * @throws an Error that says where the execution waits or how it ended, where it does not enter the state; StartError
   *   for a state that there is not
   */
  async until(state: State): Promise<void> {
    this.#world.states.check('until', state);
    const entries = (): number => this.#trail.path.filter((each) => each === state).length;
    const met = this.#met.get(state) ?? 0;
    await this.#reach(`'${state}' is not entered`, () => entries() > met || this.#trail.isIn(state));
    this.#met.set(state, entries());
  }

  /** Moves the clock on by a duration such as `'20s'`, and runs everything that falls due on the way. */
  async advance(duration: string): Promise<void> {
    const { clock, nextTimer } = this.#world;
    const target = clock.now() + millisecondsOf(duration);
    await this.#run({
      isDone: () => clock.now() >= target,
      next: () => Math.min(nextTimer() ?? target, target),
      mayMove: () => true,
      progress: () => clock.now(),
    });
  }

  /**
   * Runs on until a task of a state waits for an answer by hand: of an activity that no handler takes, of a state in
   * `byHand`, or of a callback (`.waitForTaskToken`). Each call returns another task, the oldest first.
   * @throws an Error that says where the execution waits or how it ended, where there is no such task; StartError for a
   *   state whose tasks are not answered by hand
   */
  async task(state: State): Promise<HandTask> {
    this.#world.states.checkTask(state, this.#byHand);
    let task: HandTask | undefined;
    await this.#reach(
      `no further task of '${state}' waits`,
      () => (task ??= this.#next(state)) !== undefined,
    );
    if (!task) throw new Error('the test machine was closed');
    return task;
  }

  /** Runs on to the end of the execution. @throws as `execute` of the machine does */
  async result(): Promise<ExecutionResult> {
    await this.#reach(undefined, () => this.#execution.end !== undefined);
    const result = resultOf(this.#execution);
    if (!result) throw new Error('the test machine was closed');
    return result;
  }

  /**
   * Stops the execution, as StopExecution does. Does nothing once it has ended. A handler that has a task of it learns by
   * its next heartbeat that the task is gone.
   */
  async stop(error?: string, cause?: string): Promise<ExecutionResult> {
    return this.#world.calls.call(async () => {
      this.#execution.stop(error, cause);
      await this.#world.clock.turns();
      return this.result();
    });
  }

  #next(state: string): HandTask | undefined {
    const task = this.#world.handTasks.next(this.#execution, state);
    return task && handTaskOf(task, this.#world);
  }

  /** Runs on until something is so. @throws an Error that begins with `missed` where it never will be */
  async #reach(missed: string | undefined, isReached: () => boolean): Promise<void> {
    const isOver = (): boolean => this.#execution.end !== undefined;
    await this.#run({
      isDone: () => isReached() || isOver() || this.#why() !== undefined,
      next: this.#world.nextTimer,
      mayMove: () => this.#mayMove(),
      progress: () => this.#execution.history.length + this.#world.worker.ended,
    });
    if (isReached()) return;
    const result = resultOf(this.#execution);
    const why = result ? saidEnd(result) : this.#why();
    throw new Error(missed === undefined ? why : `${missed}: ${why}`);
  }

  /** Says why nothing will move the execution; undefined where something may. */
  #why(): string | undefined {
    const { unserved, stepFunctions, handlers, handTasks, worker, nextTimer } = this.#world;
    const arn = unserved.find((each) => this.#isQueued(stepFunctions.activities.get(each)));
    if (arn !== undefined) return saidUnserved(arn, handlers);
    if (nextTimer() !== undefined || worker.running.length > 0) return undefined;
    return saidWait(this.#execution, this.#trail, handTasks);
  }

  #isQueued(activity: Activity): boolean {
    for (const { order } of activity.queued()) if (order.origin?.execution === this.#execution) return true;
    return false;
  }

  /** True where a timer waits that may bring anything on: no heartbeat of a task that runs, and no end of a poll. */
  #mayMove(): boolean {
    const { clock, worker, stepFunctions } = this.#world;
    return clock.pending > worker.heartbeats.waiting + stepFunctions.parkedPolls;
  }

  #run(goal: Pick<Journey, 'isDone' | 'next' | 'mayMove' | 'progress'>): Promise<void> {
    const { calls, clock, worker } = this.#world;
    return calls.call(async () => {
      try {
        await runAhead({
          ...goal,
          clock,
          isDone: () => calls.isClosed || goal.isDone(),
          asked: () => clock.timersSet - worker.heartbeats.timersSet,
          running: () => worker.running,
          rest: () => this.#rest(),
        });
      } catch (error) {
        worker.abort();
        clock.work.abandon();
        throw error;
      }
    });
  }

  /** Resolves when everything has happened that needs no time by the clock, however long the engine works. */
  async #rest(): Promise<void> {
    const { clock, stepFunctions, handTasks } = this.#world;
    await clock.settle();
    // A thread that evaluates an expression may need this core.
    for (; stepFunctions.busy; await clock.settle()) await nap(1);
    handTasks.lease();
  }
}

/** Makes what a test answers a task by. */
export const handTaskOf = (task: OpenTask, { port, clock }: MachineWorld): HandTask =>
  new HandTask({
    task,
    state: stateOf(task.order),
    send: (operation, body) => port.send(operation, body),
    settle: () => clock.turns(),
  });
