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

/** An iteration of a Map. `name` is the name of the Map. */
export interface Iteration {
  readonly index: number;
  readonly name: string;
  /** The type of the event of an iteration that is aborted. */
  readonly aborted: string;
  /** The value of `$$.Map`. */
  readonly context: JsonObject;
  /** True for the branch that is the iteration, false for a branch inside it. */
  readonly own: boolean;
}

/**
 * The types of the events that a kind of state records between its entry and its exit. Recorded from the live service;
 * test/local/conformance/recorded/pointers.ts has the event that each points to.
 */
export interface StateEvents {
  /** Recorded at the start of each attempt. */
  readonly started?: string;
  /** Recorded when the work is done. No event ever points to it. */
  readonly succeeded?: string;
  /** Recorded when no Retry is left, before a Catch; not for a States.Runtime of the state's own fields. */
  readonly failed?: string;
  /** Recorded when an event outside the state ends it. */
  readonly aborted?: string;
}

/** A state, as a branch records it. */
export interface EnteredState {
  readonly type: string;
  readonly name: string;
  readonly kind: {
    readonly events: StateEvents;
    /** True where the state may be retried. Recorded: only then its context has a RetryCount. */
    readonly recovers?: boolean;
  };
}

interface CurrentState {
  readonly state: EnteredState;
  readonly enteredId: number;
  readonly enteredAt: number;
  /** The id of the event that the entry points to. */
  readonly enteredFrom: number;
  /** True when this attempt's work is done. A later failure is one of Assign or Output. */
  succeeded: boolean;
}

/**
 * A sequence of states: of an execution, of a branch of a Parallel, or of an iteration of a Map. Records its events, each
 * of which points to the one before.
 */
export class Branch implements Environment {
  /** The id of the branch's latest event. */
  previous: number;
  /** The number of retries of the current state. */
  retryCount = 0;
  /** The branches that the current state runs, by their index. */
  children: ReadonlyMap<number, Branch> | undefined;
  /** The token of the task that the current state waits for; undefined where the state may not see it. */
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
    /** The iteration of a Map that it is, or is in. */
    readonly iteration?: Iteration,
  ) {
    this.previous = previous;
    this.#json = new JsonText(({ length }) => execution.stepCounter.add(length >> 10));
  }

  /** Sets the text of the input. Recorded: the first state's entry shows it as it was given, later JSON is compact. */
  withInputText(text: string): this {
    this.#inputText = text;
    return this;
  }

  /** The name of the state that was entered and not left; empty between two. */
  get stateName(): string {
    return this.#current?.state.name ?? '';
  }

  /** Makes a branch inside this one, with variables of its own. */
  fork(scope: Scope, previous: number, iteration?: Omit<Iteration, 'own'>): Branch {
    const inside = this.iteration && { ...this.iteration, own: false };
    const own = iteration && { ...iteration, own: true };
    return new Branch(this.execution, scope, new VariableScope(this.variables), previous, own ?? inside);
  }

  /** Records that an event elsewhere ended it. */
  abort(cause: number): void {
    const { iteration } = this;
    if (iteration?.own) {
      const { aborted, index, name } = iteration;
      this.execution.record(aborted, cause, { index, name });
    }
    this.abortStates(cause);
  }

  /** Records that an event elsewhere ended the states that it is in. */
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
   * Records that the current state's work begins.
   * @returns the event's id, or that of the event before where the kind of state has none
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
    if (succeeded !== undefined) this.execution.record(succeeded, this.previous);
  }

  /** @param assigned the JSON of the assigned variables, by their names */
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
   * Returns the number of characters of a value's JSON.
   * @throws StateFailure where the value is larger than the service takes; EvaluationFailure where it is too deep
   */
  checkSize(value: Json, what: string): number {
    return this.#json.checkSize(value, what);
  }

  yieldIfBusy(ms?: number): Promise<void> | undefined {
    return this.execution.stepCounter.yieldIfBusy(ms);
  }

  /** Evaluates a field. Stays pending where the branch's scope ends. */
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

  /** Names the current state, as the service does in the cause of a States.Runtime. */
  explain(reason: string): string {
    const {
      state: { name },
      enteredId,
    } = this.#entered();
    return `An error occurred while executing the state '${name}' (entered at the event id #${enteredId}). ${reason}`;
  }

  /** Turns a thrown value into the failure of an attempt. A failed expression is recorded. */
  failureOf(error: unknown): StateFailure {
    if (error instanceof StateFailure) return error;
    if (error instanceof EvaluationFailure) return this.#evaluationFailure(error);
    const reason = error instanceof RangeError ? TOO_DEEP : String(error);
    return new StateFailure('States.Runtime', this.explain(reason), { fatal: true, own: true });
  }

  /** Records that the current state failed and no Retry is left. */
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
    } = this.#entered();
    const cause = this.explain(reason);
    const fatal = error === 'States.Runtime';
    if (error === 'States.QueryEvaluationError') {
      const details = { error, cause, ...(location !== undefined && { location }), state: name };
      const from = afterEntry === true ? enteredId : enteredFrom;
      this.previous = this.execution.record('EvaluationFailed', from, details);
    }
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
