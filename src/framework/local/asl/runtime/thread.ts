import { dataLimitFailure, EvaluationFailure, runtimeFailure, StateFailure } from '../errors/failure.js';
import { isTooLarge } from '../values/limits.js';
import { isTooDeep, type Json, type JsonObject } from '../values/json.js';
import type { RunningExecution } from './running-execution.js';
import type { Scope } from './scope.js';
import { VariableScope } from './variables.js';
import type { Expression, StateData } from './state-data.js';

const TOO_DEEP = 'The value is nested too deeply.';

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** Recorded from the live service: `$$.State` of a Pass has no RetryCount. */
const RETRYABLE = new Set(['Task', 'Parallel', 'Map']);
/** The kinds of state that have an event for being aborted. */
const ABORTABLE = new Set(['Task', 'Parallel', 'Map', 'Wait']);

/** An iteration of a Map. `name` is the Map's. */
export interface Iteration {
  readonly index: number;
  readonly name: string;
  /** What `$$.Map` is in it. */
  readonly context: JsonObject;
  /** Whether the thread is the iteration itself, and not a branch inside it. */
  readonly own: boolean;
}

interface CurrentState {
  readonly type: string;
  readonly name: string;
  readonly enteredId: number;
  readonly enteredAt: number;
}

/**
 * One line of states that follow each other: an execution, a branch of a Parallel, an iteration of a Map. Knows
 * the event that the next one points back to.
 */
export class Thread {
  /** The id of this thread's latest event. */
  previous: number;
  /** How often the current state has been tried again. */
  retryCount = 0;
  /** The threads that the current state runs side by side, by their index. */
  children: ReadonlyMap<number, Thread> | undefined;
  /** The token of the task that the current state waits for, where it may be given away. */
  taskToken: string | undefined;
  #current: CurrentState | undefined;
  #lastValue: Json | undefined;
  #lastText = '';

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

  /** The state that was entered and not left, or undefined between two. */
  get current(): CurrentState | undefined {
    return this.#current;
  }

  /** A thread inside this one, with variables of its own. */
  fork(scope: Scope, previous: number, iteration?: Omit<Iteration, 'own'>): Thread {
    const inside = this.iteration && { ...this.iteration, own: false };
    const own = iteration && { ...iteration, own: true };
    return new Thread(this.execution, scope, new VariableScope(this.variables), previous, own ?? inside);
  }

  /** Records that it ended before it was done, because of an event elsewhere. */
  abort(cause: number): void {
    const { iteration } = this;
    if (iteration?.own) {
      this.execution.record('MapIterationAborted', cause, { index: iteration.index, name: iteration.name });
    }
    this.abortStates(cause);
  }

  /** Records that the states it is in ended before they were done. */
  abortStates(cause: number): void {
    for (const child of this.children?.values() ?? []) child.abort(cause);
    const type = this.#current?.type ?? '';
    if (ABORTABLE.has(type)) this.execution.record(`${type}StateAborted`, cause);
  }

  record(type: string, details?: object, at?: number): number {
    this.previous = this.execution.record(type, this.previous, details, at);
    return this.previous;
  }

  enter(type: string, name: string, input: Json): void {
    const enteredAt = this.execution.clock.now();
    const details = { name, input: this.textOf(input), inputDetails: { truncated: false } };
    const enteredId = this.record(`${type}StateEntered`, details);
    this.#current = { type, name, enteredId, enteredAt };
    this.retryCount = 0;
    this.taskToken = undefined;
  }

  exit(output: Json, assigned: JsonObject | undefined): void {
    const { type, name } = this.#entered();
    const details = { name, output: this.textOf(output), outputDetails: { truncated: false } };
    const sets = assigned !== undefined && Object.keys(assigned).length > 0;
    this.record(`${type}StateExited`, sets ? { ...details, ...describeAssigned(assigned) } : details);
    this.#current = undefined;
  }

  assign(values: JsonObject): void {
    this.variables.assign(values);
  }

  /** The compact JSON of a value. The same value twice in a row is written once. */
  textOf(value: Json): string {
    if (value !== this.#lastValue || this.#lastText === '') {
      this.#lastText = JSON.stringify(value);
      this.#lastValue = value;
    }
    return this.#lastText;
  }

  /** @throws StateFailure where the value is larger than the service takes; EvaluationFailure where it is too deep */
  checkSize(value: Json, what: string): void {
    const text = this.textOf(value);
    if (isTooLarge(text)) throw dataLimitFailure(what);
    if (isTooDeep(text)) throw runtimeFailure(TOO_DEEP);
  }

  /** Works an expression out. Never goes on where the thread's scope ends. */
  async evaluate(expression: Expression, data: StateData): Promise<Json> {
    return this.scope.keep(expression(data));
  }

  data(input: Json): StateData {
    const { clock, random } = this.execution;
    const { variables } = this;
    return { input, root: input, variables, random, now: () => clock.now(), context: () => this.#context() };
  }

  /** Says where something went wrong, as the service does in the cause of a States.Runtime. */
  explain(reason: string): string {
    const { name, enteredId } = this.#entered();
    return `An error occurred while executing the state '${name}' (entered at the event id #${enteredId}). ${reason}`;
  }

  /** What a state failed of, from whatever its work threw. */
  failureOf(error: unknown): StateFailure {
    if (error instanceof StateFailure) return error;
    if (error instanceof EvaluationFailure) return this.#evaluationFailed(error);
    const reason = error instanceof RangeError ? TOO_DEEP : String(error);
    return new StateFailure('States.Runtime', this.explain(reason), { fatal: true, detached: true });
  }

  #evaluationFailed({ error, reason, options }: EvaluationFailure): StateFailure {
    const { location, documented } = options;
    const cause = this.explain(reason);
    if (location !== undefined) {
      this.record('EvaluationFailed', { error, cause, location, state: this.#entered().name });
    }
    const fatal = error === 'States.Runtime';
    return new StateFailure(error, cause, {
      fatal,
      detached: fatal,
      aliases: documented === undefined ? [] : [documented],
    });
  }

  #entered(): CurrentState {
    if (!this.#current) throw new Error('no state is entered');
    return this.#current;
  }

  #context(): JsonObject {
    const { type, name, enteredAt } = this.#entered();
    return {
      ...this.execution.context,
      State: {
        Name: name,
        EnteredTime: isoTime(enteredAt),
        ...(RETRYABLE.has(type) && { RetryCount: this.retryCount }),
      },
      ...(this.taskToken !== undefined && { Task: { Token: this.taskToken } }),
      ...(this.iteration && { Map: this.iteration.context }),
    };
  }
}

function describeAssigned(assigned: JsonObject): object {
  const texts = Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]);
  return { assignedVariables: Object.fromEntries(texts), assignedVariablesDetails: { truncated: false } };
}
