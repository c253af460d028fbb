import { EvaluationFailure } from '../expression/evaluation-failure.js';
import type { Evaluated, EvaluationJob } from '../expression/evaluation.js';
import type { Environment, StateData } from '../expression/state-data.js';
import { WorkBudget } from '../expression/work-budget.js';
import type { Json, JsonObject } from '../values/json.js';
import { JsonText, TOO_DEEP } from './json-text.js';
import type { RunningExecution } from './running-execution.js';
import type { Scope } from './scope.js';
import { StateFailure } from './state-failure.js';
import { VariableScope } from './variables.js';

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** An iteration of a Map. `name` is the name of the Map state. */
export interface Iteration {
  readonly index: number;
  readonly name: string;
  /** The type of the event that records an aborted iteration. */
  readonly aborted: string;
  /** The value of `$$.Map` in the context object. */
  readonly context: JsonObject;
  /** True if the branch is the iteration itself; false if it is a branch inside the iteration. */
  readonly own: boolean;
}

/**
 * The types of the history events that a kind of state records between its entry and its exit. Recorded from the live
 * service. test/local/conformance/recorded/pointers.ts shows to which event each of them points back.
 */
export interface StateEvents {
  /** The event at the start of each attempt. */
  readonly started?: string;
  /** The event at the end of the work. No later event points back to it. */
  readonly succeeded?: string;
  /**
   * The event for a failure that no Retry allows to repeat. It is recorded before a Catch is looked for. A
   * States.Runtime failure of the state's own fields has no such event.
   */
  readonly failed?: string;
  /** The event for a state that was ended by something outside the state. */
  readonly aborted?: string;
}

/** The facts about the current state that its branch keeps. */
export interface EnteredState {
  readonly type: string;
  readonly name: string;
  readonly kind: {
    readonly events: StateEvents;
    /**
     * True if the state can have Retry. Recorded from the live service: only then does the context object contain
     * RetryCount.
     */
    readonly recovers?: boolean;
  };
}

interface CurrentState {
  readonly state: EnteredState;
  readonly enteredId: number;
  readonly enteredAt: number;
  /** The id of the event to which the event of the state's entry points back. */
  readonly enteredFrom: number;
  /** True when the work of the current attempt is done. A failure after that is one of Assign or Output. */
  succeeded: boolean;
  /** The id of the event that records the end of the work; undefined where there is none. */
  succeededId?: number;
}

/**
 * A sequence of states: that of an execution, of a branch of a Parallel, or of an iteration of a Map. Records the
 * history events of its states; each event points back to the previous one.
 */
export class Branch implements Environment {
  /** The id of the branch's latest event. */
  previous: number;
  /** The number of retries of the current state so far. */
  retryCount = 0;
  /** The branches that the current state runs, by their index; undefined if the state runs no branches. */
  children: ReadonlyMap<number, Branch> | undefined;
  /** The token of the task for which the current state waits; undefined if the context object shows no token. */
  taskToken: string | undefined;
  readonly budget = new WorkBudget();
  #current: CurrentState | undefined;
  readonly #json: JsonText;
  #inputText: string | undefined;

  constructor(
    readonly execution: RunningExecution,
    readonly scope: Scope,
    readonly variables: VariableScope,
    previous: number,
    /** The iteration of a Map that this branch is, or in which it is; undefined outside any Map. */
    readonly iteration?: Iteration,
  ) {
    this.previous = previous;
    this.#json = new JsonText(({ length }) => execution.stepCounter.add(length >> 10));
  }

  /**
   * Sets the text of the execution's input. Recorded from the live service: the event of the first state's entry shows
   * the input exactly as it was sent; all later JSON is written compactly.
   */
  withInputText(text: string): this {
    this.#inputText = text;
    return this;
  }

  /** The name of the current state; empty between two states. */
  get stateName(): string {
    return this.#current?.state.name ?? '';
  }

  /** Makes a branch inside this one, with its own variables. */
  fork(scope: Scope, previous: number, iteration?: Omit<Iteration, 'own'>): Branch {
    const inside = this.iteration && { ...this.iteration, own: false };
    const own = iteration && { ...iteration, own: true };
    return new Branch(this.execution, scope, new VariableScope(this.variables), previous, own ?? inside);
  }

  /** Records that the branch was ended by something outside it, whose event has the id `cause`. */
  abort(cause: number): void {
    const { iteration } = this;
    if (iteration?.own) {
      const { aborted, index, name } = iteration;
      this.execution.record(aborted, cause, { index, name });
    }
    this.abortStates(cause);
  }

  /**
   * Records that the current state and the branches inside it were ended by something outside the branch, whose event
   * has the id `cause`.
   */
  abortStates(cause: number): void {
    for (const child of this.children?.values() ?? []) child.abort(cause);
    const aborted = this.#current?.state.kind.events.aborted;
    if (aborted !== undefined) this.execution.record(aborted, cause);
  }

  record(type: string, details?: object, at?: number): number {
    this.previous = this.execution.record(type, this.previous, details, at);
    return this.previous;
  }

  enter(state: EnteredState, input: Json): void {
    const enteredAt = this.execution.clock.now();
    const enteredFrom = this.previous;
    const text = this.#inputText ?? this.textOf(input);
    this.#inputText = undefined;
    const details = { name: state.name, input: text, inputDetails: { truncated: false } };
    const enteredId = this.record(`${state.type}StateEntered`, details);
    this.#current = { state, enteredId, enteredAt, enteredFrom, succeeded: false };
    this.retryCount = 0;
    this.taskToken = undefined;
  }

  /**
   * Records that the work of the current state begins.
   * @returns the id of the new event, or of the branch's latest event if the kind of state has no such event
   */
  started(details?: object): number {
    const { kind } = this.#entered().state;
    return kind.events.started === undefined ? this.previous : this.record(kind.events.started, details);
  }

  /** Records that the current state's work is done. */
  succeeded(): void {
    const current = this.#entered();
    current.succeeded = true;
    const { succeeded } = current.state.kind.events;
    if (succeeded !== undefined) current.succeededId = this.execution.record(succeeded, this.previous);
  }

  /** Records that the current state is left. @param assigned the JSON of the assigned variables, by their names */
  exit(output: Json, assigned: ReadonlyMap<string, string> | undefined): void {
    const { type, name } = this.#entered().state;
    const details = { name, output: this.textOf(output), outputDetails: { truncated: false } };
    this.record(
      `${type}StateExited`,
      assigned?.size ? { ...details, ...describeAssigned(assigned) } : details,
    );
    this.#current = undefined;
  }

  /** Returns the compact JSON of a value. */
  textOf(value: Json): string {
    return this.#json.of(value);
  }

  /**
   * Returns the number of characters in a value's JSON.
   * @throws StateFailure if the value is larger than Step Functions accepts; EvaluationFailure if it is nested too
   * deeply
   */
  checkSize(value: Json, what: string): number {
    return this.#json.checkSize(value, what);
  }

  yieldIfBusy(ms?: number): Promise<void> | undefined {
    return this.execution.stepCounter.yieldIfBusy(ms);
  }

  /** Evaluates a field of the current state. Stays pending if the branch's scope ends before the evaluation does. */
  evaluate<T>(expression: (data: StateData) => T | Promise<T>, data: StateData): Promise<T> | T {
    const { stepCounter } = this.execution;
    const next = this.budget.wasCostly ? stepCounter.yieldIfBusy() : stepCounter.step();
    if (next) return next.then(() => this.#evaluate(expression, data));
    return this.#evaluate(expression, data);
  }

  #evaluate<T>(expression: (data: StateData) => T | Promise<T>, data: StateData): Promise<T> | T {
    this.budget.renew();
    const value = expression(data);
    return value instanceof Promise ? this.scope.keep(value) : value;
  }

  data(input: Json): StateData {
    this.budget.renew();
    return { input, root: input, environment: this, context: () => this.#context() };
  }

  random(): number {
    return this.execution.random();
  }

  now(): number {
    return this.execution.clock.now();
  }

  evaluateInThread(job: EvaluationJob): Promise<Evaluated> {
    return this.scope.wait((resolve) => this.execution.threads.evaluate(job, resolve));
  }

  /**
   * Puts the current state's name in front of a reason, as Step Functions does in the cause of a States.Runtime
   * failure.
   */
  explain(reason: string): string {
    const {
      state: { name },
      enteredId,
    } = this.#entered();
    return `An error occurred while executing the state '${name}' (entered at the event id #${enteredId}). ${reason}`;
  }

  /**
   * Turns a thrown value into the failure of an attempt. If a JSONata expression has failed, records an event for it.
   */
  failureOf(error: unknown): StateFailure {
    if (error instanceof StateFailure) return error;
    if (error instanceof EvaluationFailure) return this.#evaluationFailure(error);
    const reason = error instanceof RangeError ? TOO_DEEP : String(error);
    return new StateFailure('States.Runtime', this.explain(reason), { fatal: true, own: true });
  }

  /** Records the failure of the current state. Called when no Retry allows another attempt. */
  recordFailure({ options }: StateFailure): void {
    const { state, succeeded } = this.#entered();
    const { kind } = state;
    if (kind.events.failed !== undefined && !succeeded && options.own !== true) {
      this.record(kind.events.failed);
    }
  }

  #evaluationFailure({ error, reason, options }: EvaluationFailure): StateFailure {
    const { location, documented, afterEntry } = options;
    const {
      state: { name },
      enteredFrom,
      enteredId,
      succeededId,
    } = this.#entered();
    const cause = this.explain(reason);
    const fatal = error === 'States.Runtime';
    if (error === 'States.QueryEvaluationError') {
      const details = { error, cause, ...(location !== undefined && { location }), state: name };
      const from = afterEntry === true ? enteredId : enteredFrom;
      this.previous = this.execution.record('EvaluationFailed', from, details);
    }
    // Measured for a Parallel: its own failure after its branches points to the event of their success.
    else if (succeededId !== undefined) this.previous = succeededId;
    const aliases = documented === undefined ? [] : [documented];
    return new StateFailure(error, cause, { fatal, own: fatal, aliases });
  }

  #entered(): CurrentState {
    if (!this.#current) throw new Error('no state is entered');
    return this.#current;
  }

  #context(): JsonObject {
    const {
      state: { kind, name },
      enteredAt,
    } = this.#entered();
    return {
      ...this.execution.context,
      State: {
        Name: name,
        EnteredTime: isoTime(enteredAt),
        ...(kind.recovers === true && { RetryCount: this.retryCount }),
      },
      ...(this.taskToken !== undefined && { Task: { Token: this.taskToken } }),
      ...(this.iteration && { Map: this.iteration.context }),
    };
  }
}

function describeAssigned(texts: ReadonlyMap<string, string>): object {
  return { assignedVariables: Object.fromEntries(texts), assignedVariablesDetails: { truncated: false } };
}
