import {
  type Bindings,
  type Environment,
  type Evaluated,
  EvaluationFailure,
  type StateData,
} from '../expression.js';
import type { Json, JsonObject } from '../values/json.js';
import type { RunningExecution } from './running-execution.js';
import type { Scope } from './scope.js';
import { StateFailure } from './state-failure.js';
import { type EnteredState, StateVisit } from './state-visit.js';
import { TESTED_STATE } from './state-test.js';
import { VariableScope } from './variables.js';
import { PayloadText, TOO_DEEP, WHOLE } from './payload-text.js';

/** Matches an expression of JSONata that reads random numbers. */
const RANDOM = /\$(?:random|uuid)/;

/** An iteration of a Map state. `name` is the name of that state. */
interface Iteration {
  readonly index: number;
  readonly name: string;
  /** The value of `$$.Map` in the context object. */
  readonly context: JsonObject;
}

/**
 * Runs one sequence of states: those of the execution itself, of a branch of a Parallel, or of an iteration of a Map.
 * Records their history events, each after the branch's previous one.
 */
export class Branch implements Environment {
  /** The id of the event that the branch has recorded last. */
  previous: number;
  /**
   * The state that the branch runs or is about to run, and its input. If the branch has left its last state, `next` is
   * undefined, and `value` is the output. The position is undefined until the first state.
   */
  position: { readonly next: string | undefined; readonly value: Json } | undefined;
  #current: StateVisit<Branch> | undefined;
  /** The JSON of inputs, outputs and variables, and the check of their size. */
  readonly json = new PayloadText();

  constructor(
    readonly execution: RunningExecution,
    readonly scope: Scope,
    readonly variables: VariableScope,
    previous: number,
    /** The iteration of a Map that this branch runs. Undefined for another branch, also for one inside it. */
    readonly iteration?: Iteration,
    /** The branch inside whose Parallel or Map this one runs. Undefined for that of the execution itself. */
    readonly parent?: Branch,
  ) {
    this.previous = previous;
  }

  /** What the branch knows of its current state. There must be one. */
  get visit(): StateVisit<Branch> {
    if (!this.#current) throw new Error('no state is entered');
    return this.#current;
  }

  /** The name of the current state; empty between two states. */
  get stateName(): string {
    return this.#current?.state.name ?? '';
  }

  /** The indexes of the Map iterations around the branch, the outermost first. Empty outside any Map. */
  get iterations(): readonly number[] {
    const outer = this.parent?.iterations ?? [];
    return this.iteration ? [...outer, this.iteration.index] : outer;
  }

  /** Creates a branch inside this one. It gets its own variables. */
  fork(scope: Scope, previous: number, iteration?: Iteration): Branch {
    return new Branch(this.execution, scope, new VariableScope(this.variables), previous, iteration, this);
  }

  /** Creates a branch that goes on where this one was when its execution ended. The current state isn't entered again. */
  resume(scope: Scope, parent?: Branch): Branch {
    const resumed = new Branch(
      this.execution,
      scope,
      this.variables.revived(parent?.variables),
      this.previous,
      this.iteration,
      parent,
    );
    resumed.position = this.position;
    resumed.#current = this.#current?.resumed();
    return resumed;
  }

  /**
   * Records in the history that the branch was ended from outside.
   * @param cause the id of the event that caused it, such as the failure of another branch
   */
  abort(cause: number): void {
    const { index, name } = this.iteration ?? {};
    if (index !== undefined) this.execution.record('MapIterationAborted', cause, { index, name });
    this.abortStates(cause);
  }

  /**
   * Records in the history that the current state, and the branches inside it, were ended from outside.
   * @param cause the id of the event that caused it
   */
  abortStates(cause: number): void {
    for (const child of this.#current?.children?.values() ?? []) child.abort(cause);
    if (this.#current?.mapRun?.status === 'ABORTED') this.execution.record('MapRunAborted', cause);
    const aborted = this.#current?.state.kind.events.aborted;
    if (aborted !== undefined) this.execution.record(aborted, cause);
  }

  record(type: string, details?: object, at?: number): number {
    this.previous = this.#recordAfter(this.previous, type, details, at);
    return this.previous;
  }

  /**
   * Records nothing once the branch has ended: what it was about to do doesn't happen, and the result of a mock may
   * come even after the execution was redriven.
   */
  #recordAfter(previous: number, type: string, details?: object, at?: number): number {
    return this.scope.ended ? previous : this.execution.record(type, previous, details, at);
  }

  /** Enters a state. Does nothing if the branch was resumed inside that state. */
  enter(state: EnteredState, input: Json): void {
    if (this.#current) return;
    const enteredAt = this.execution.services.clock.now();
    const enteredFrom = this.previous;
    const details = { name: state.name, input: this.json.of(input), inputDetails: WHOLE };
    const enteredId = this.record(state.enteredEvent, details);
    this.#current = new StateVisit(state, enteredId, enteredAt, enteredFrom);
  }

  /**
   * Records in the history that the current state begins its work.
   * @returns the id of the new event. If this type of state has no such event, the id of the branch's last event
   */
  started(details?: object): number {
    const { state, earlier } = this.visit;
    const { kind } = state;
    if (earlier) return this.previous;
    return kind.events.started === undefined ? this.previous : this.record(kind.events.started, details);
  }

  /** Records in the history that the current state's work has succeeded. */
  succeeded(): void {
    const current = this.visit;
    current.succeeded = true;
    const { succeeded } = current.state.kind.events;
    if (succeeded !== undefined) {
      const previous = current.succeededFrom ?? this.previous;
      current.succeededId = this.#recordAfter(previous, succeeded);
    }
  }

  /**
   * Records in the history that the branch leaves the current state.
   * @param next the name of the next state; undefined if there is none
   * @param assigned the JSON of the assigned variables, by their names
   * @param errorOutput what the state's Catch has received; undefined if the state hasn't failed
   */
  exit(
    output: Json,
    next: string | undefined,
    assigned: ReadonlyMap<string, string> | undefined,
    errorOutput: Json | undefined,
  ): void {
    const { exitedEvent, name } = this.visit.state;
    const details = { name, output: this.json.of(output), outputDetails: WHOLE };
    const variables = assigned?.size && {
      assignedVariables: Object.fromEntries(assigned),
      assignedVariablesDetails: WHOLE,
    };
    this.record(exitedEvent, variables ? { ...details, ...variables } : details);
    if (errorOutput !== undefined) this.execution.onCaught?.(this.previous, errorOutput);
    this.#current = undefined;
    this.position = { next, value: output };
  }

  /**
   * Evaluates a field of the current state. The promise never settles if the branch is ended before the evaluation is.
   */
  evaluate<T>(expression: (data: StateData) => T | Promise<T>, data: StateData): Promise<T> | T {
    const turn = this.execution.stepCounter.step();
    if (turn) return this.scope.keep(turn).then(() => this.#evaluate(expression, data));
    return this.#evaluate(expression, data);
  }

  #evaluate<T>(expression: (data: StateData) => T | Promise<T>, data: StateData): Promise<T> | T {
    const value = expression(data);
    return value instanceof Promise ? this.scope.keep(value) : value;
  }

  data(input: Json): StateData {
    return { input, root: input, environment: this };
  }

  random(): number {
    return this.execution.services.random();
  }

  pause(): Promise<void> | undefined {
    const turn = this.execution.stepCounter.pause();
    return turn && this.scope.keep(turn);
  }

  evaluateAll(sources: readonly string[], bindings: Bindings): Promise<Evaluated> {
    const { execution } = this;
    const { clock, evaluator } = execution.services;
    const random = sources.some((source) => RANDOM.test(source)) ? this.random() : 0;
    const job = { sources, bindings, now: clock.now(), random };
    return this.scope.wait((resolve) => evaluator.evaluate(job, execution, resolve));
  }

  /** Returns the cause of a States.Runtime failure. */
  explain(reason: string): string {
    // Recorded from the live service: TestState gives the reason alone.
    return this.execution.stateTest ? reason : this.visit.explain(reason);
  }

  /**
   * Returns the failure of an attempt for whatever the attempt threw. If a JSONata expression has failed, records the
   * EvaluationFailed event.
   */
  failureOf(error: unknown): StateFailure {
    if (error instanceof StateFailure) return error;
    if (error instanceof EvaluationFailure) return this.#evaluationFailure(error);
    const reason = error instanceof RangeError ? TOO_DEEP : String(error);
    return new StateFailure('States.Runtime', this.explain(reason), { fatal: true });
  }

  /** Records in the history that the current state has failed. Called when its Retry doesn't allow another attempt. */
  recordFailure({ options, error }: StateFailure): void {
    const current = this.visit;
    current.error = error;
    const { state, succeeded } = current;
    const { kind } = state;
    current.failedFrom = this.previous;
    if (kind.events.failed !== undefined && !succeeded && options.fatal !== true) {
      this.record(kind.events.failed);
    }
  }

  #evaluationFailure(failure: EvaluationFailure): StateFailure {
    const { error, reason, options } = failure;
    const { location, documented } = options;
    const current = this.visit;
    const cause = this.explain(reason);
    const fatal = error === 'States.Runtime';
    if (error === 'States.QueryEvaluationError') {
      const state = current.state.name;
      const details = { error, cause, ...(location !== undefined && { location }), state };
      this.previous = this.#recordAfter(current.previousOf(failure), 'EvaluationFailed', details);
      current.failedFrom = this.previous;
    }
    // Measured for a Parallel: its own failure after its branches points to the event of their success.
    else if (current.succeededId !== undefined) this.previous = current.succeededId;
    const aliases = documented === undefined ? [] : [documented];
    return new StateFailure(error, cause, { fatal, aliases });
  }

  /** The iteration that this branch runs, or the innermost one inside which it runs. */
  get #iteration(): Iteration | undefined {
    return this.iteration ?? (this.parent && this.parent.#iteration);
  }

  context(): JsonObject {
    const current = this.visit;
    const map = this.#iteration;
    const { stateTest } = this.execution;
    if (stateTest?.context) return stateTest.context;
    return {
      ...this.execution.context,
      State: current.context(stateTest ? TESTED_STATE : current.state.name),
      ...(current.taskToken !== undefined && { Task: { Token: current.taskToken } }),
      ...(map && { Map: map.context }),
    };
  }
}
