import { turn } from '../../../base/time/turn.js';
import { EvaluationFailure, runtimeFailure } from '../expression/evaluation-failure.js';
import { dataLimitFailure, StateFailure } from './state-failure.js';
import { DATA_LIMIT_BYTES, isTooLarge } from '../values/limits.js';
import { isTooDeep, measure, type Json, type JsonObject } from '../values/json.js';
import type { Evaluated, EvaluationJob } from '../expression/evaluation.js';
import type { RunningExecution } from './running-execution.js';
import type { Scope } from './scope.js';
import { WorkBudget } from '../expression/work-budget.js';
import { VariableScope } from './variables.js';
import type { Environment, StateData } from '../expression/state-data.js';

/** An execution of so few steps is no burden to others; its branches take turns in an order that never varies. */
const SMALL_STEPS = 256;
/** How many steps go by between two looks at the time, after that. */
const STEPS_A_LOOK = 16;

const TOO_DEEP = 'The value is nested too deeply.';

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** An iteration of a Map. `name` is the Map's. */
export interface Iteration {
  readonly index: number;
  readonly name: string;
  /** The event of an iteration that ends before it is done. */
  readonly aborted: string;
  /** What `$$.Map` is in it. */
  readonly context: JsonObject;
  /** Whether the branch is the iteration itself, and not a branch inside it. */
  readonly own: boolean;
}

/**
 * The events that a kind of state leaves between its entry and its exit, by their names. Recorded from the live
 * service; which event each points to is in test/local/conformance/recorded/pointers.ts.
 */
export interface StateEvents {
  /** When its work begins, once an attempt. */
  readonly started?: string;
  /** When its work is done. Nothing ever points to it. */
  readonly succeeded?: string;
  /** When it failed and no Retry is left, before a Catch. A States.Runtime of its own fields leaves none. */
  readonly failed?: string;
  /** When it was ended by something outside it. */
  readonly aborted?: string;
}

/** What a branch has to know of a state to record it. */
export interface EnteredState {
  readonly type: string;
  readonly name: string;
  readonly kind: {
    readonly events: StateEvents;
    /** Whether it can be tried again. Recorded: only then its context has a RetryCount. */
    readonly recovers?: boolean;
  };
}

interface CurrentState {
  readonly state: EnteredState;
  readonly enteredId: number;
  readonly enteredAt: number;
  /** The event that its entry points to. */
  readonly enteredFrom: number;
  /** Whether this attempt's work is done: what fails after that is the way out. */
  succeeded: boolean;
}

/**
 * One line of states that follow each other: an execution, a branch of a Parallel, an iteration of a Map. Knows
 * the event that the next one points back to.
 */
export class Branch implements Environment {
  /** The id of this branch's latest event. */
  previous: number;
  /** How often the current state has been tried again. */
  retryCount = 0;
  /** The branches that the current state runs side by side, by their index. */
  children: ReadonlyMap<number, Branch> | undefined;
  /** The token of the task that the current state waits for, where it may be given away. */
  taskToken: string | undefined;
  readonly budget = new WorkBudget();
  #current: CurrentState | undefined;
  #lastValue: Json | undefined;
  #lastText = '';
  /** Whether that was found to be within the limits. */
  #lastFits = false;
  #inputText: string | undefined;

  constructor(
    readonly execution: RunningExecution,
    readonly scope: Scope,
    readonly variables: VariableScope,
    previous: number,
    /** Which iteration of a Map it is, or lies in. */
    readonly iteration?: Iteration,
  ) {
    this.previous = previous;
  }

  /** Recorded: the entry of the first state shows the input letter for letter; from then on JSON is compact. */
  withInputText(text: string): this {
    this.#inputText = text;
    return this;
  }

  /** The name of the state that was entered and not left; empty between two. */
  get stateName(): string {
    return this.#current?.state.name ?? '';
  }

  /** A branch inside this one, with variables of its own. */
  fork(scope: Scope, previous: number, iteration?: Omit<Iteration, 'own'>): Branch {
    const inside = this.iteration && { ...this.iteration, own: false };
    const own = iteration && { ...iteration, own: true };
    return new Branch(this.execution, scope, new VariableScope(this.variables), previous, own ?? inside);
  }

  /** Records that it ended before it was done, because of an event elsewhere. */
  abort(cause: number): void {
    const { iteration } = this;
    if (iteration?.own) {
      const { aborted, index, name } = iteration;
      this.execution.record(aborted, cause, { index, name });
    }
    this.abortStates(cause);
  }

  /** Records that the states it is in ended before they were done. */
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

  /** The current state's work begins. @returns the id of the event, or of the one before where it has none */
  started(details?: object): number {
    const { kind } = this.#entered().state;
    return kind.events.started === undefined ? this.previous : this.record(kind.events.started, details);
  }

  /** The current state's work is done. */
  succeeded(): void {
    const current = this.#entered();
    current.succeeded = true;
    const { succeeded } = current.state.kind.events;
    if (succeeded !== undefined) this.execution.record(succeeded, this.previous);
  }

  /** @param assigned the JSON of what it assigned, by the names of the variables */
  exit(output: Json, assigned: ReadonlyMap<string, string> | undefined): void {
    const { type, name } = this.#entered().state;
    const details = { name, output: this.textOf(output), outputDetails: { truncated: false } };
    this.record(
      `${type}StateExited`,
      assigned?.size ? { ...details, ...describeAssigned(assigned) } : details,
    );
    this.#current = undefined;
  }

  /** The compact JSON of a value. The same value twice in a row is written once. */
  textOf(value: Json): string {
    if (value !== this.#lastValue || this.#lastText === '') {
      this.#lastText = JSON.stringify(value);
      this.execution.stepCounter.count += this.#lastText.length >> 10;
      this.#lastValue = value;
      this.#lastFits = false;
    }
    return this.#lastText;
  }

  /**
   * How many characters the JSON of a value has. The same value twice in a row is looked at once.
   * @throws StateFailure where the value is larger than the service takes; EvaluationFailure where it is too deep
   */
  checkSize(value: Json, what: string): number {
    if (this.#lastFits && value === this.#lastValue) return this.#lastText.length;
    // Looked at first: what holds one thing many times can be small in memory, and its text larger than any memory.
    if (!measure(value, DATA_LIMIT_BYTES, DATA_LIMIT_BYTES)) throw dataLimitFailure(what);
    const text = this.textOf(value);
    if (isTooLarge(text)) throw dataLimitFailure(what);
    if (isTooDeep(text)) throw runtimeFailure(TOO_DEEP);
    this.#lastFits = true;
    return text.length;
  }

  /** Lets others have their turn where this one has lasted long: calls, timers, signals. */
  yieldToEventLoop(): Promise<void> | undefined {
    const { stepCounter } = this.execution;
    stepCounter.count++;
    if (stepCounter.count < SMALL_STEPS || (stepCounter.count < stepCounter.nextCheckAt && !turn.isOver))
      return undefined;
    stepCounter.nextCheckAt = stepCounter.count + STEPS_A_LOOK;
    return this.yieldIfBusy();
  }

  yieldIfBusy(ms?: number): Promise<void> | undefined {
    const { stepCounter } = this.execution;
    const next = turn.share(ms);
    if (!next) return undefined;
    stepCounter.waiting++;
    return next.then(() => void stepCounter.waiting--);
  }

  /** Works a field out. Never goes on where the branch's scope ends. */
  evaluate<T>(expression: (data: StateData) => T | Promise<T>, data: StateData): Promise<T> | T {
    const next = this.budget.wasCostly ? this.yieldIfBusy() : this.yieldToEventLoop();
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

  /** Says where something went wrong, as the service does in the cause of a States.Runtime. */
  explain(reason: string): string {
    const {
      state: { name },
      enteredId,
    } = this.#entered();
    return `An error occurred while executing the state '${name}' (entered at the event id #${enteredId}). ${reason}`;
  }

  /** What an attempt failed of, from whatever it threw. An expression that failed leaves its event. */
  failureOf(error: unknown): StateFailure {
    if (error instanceof StateFailure) return error;
    if (error instanceof EvaluationFailure) return this.#evaluationFailure(error);
    const reason = error instanceof RangeError ? TOO_DEEP : String(error);
    return new StateFailure('States.Runtime', this.explain(reason), { fatal: true, own: true });
  }

  /** No Retry is left for a failure. */
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
