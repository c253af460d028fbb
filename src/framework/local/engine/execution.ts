import type { Cancel } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import { StateFailure } from '../../asl/runtime/state-failure.js';
import type { PutEvent } from '../../base/local-protocol.js';
import { compileMachine } from '../../asl/machine.js';
import { type Ending, interpret } from '../../asl/runtime/interpret.js';
import { StepCounter } from '../../asl/runtime/step-counter.js';
import type { Json, JsonObject } from '../../asl/values/json.js';
import type { MapRunOrder, StartedMapRun } from '../../asl/runtime/map-run.js';
import type { Resources } from '../../asl/runtime/resource.js';
import type { RunningExecution, StateServices } from '../../asl/runtime/running-execution.js';
import { Scope } from '../../asl/runtime/scope.js';
import { Branch } from '../../asl/runtime/branch.js';
import { WHOLE } from '../../asl/runtime/payload-text.js';
import { VariableScope } from '../../asl/runtime/variables.js';
import { contextOf } from './context-object.js';
import { EventLog, EXPRESS_SECONDS, logTransition } from './execution-log.js';
import { History, HISTORY_LIMIT } from './history.js';
import type { MapRuns } from './map-runs/map-runs.js';
import { valuesOf, type Beginning } from './beginning.js';
import type { Machine } from './machines/machine.js';
import type { KeptBytes } from './heap.js';
import { Redrives } from './redrives.js';
import type { ChildGroup } from './execution-lists.js';

/**
 * The version and the alias of the machine whose ARN was given to start the execution. Empty if the machine's own ARN
 * was given.
 */
export interface StartedBy {
  readonly versionArn?: string;
  readonly aliasArn?: string;
  /** The trace header of the request, which DescribeExecution returns. It has no other effect. */
  readonly traceHeader?: string;
  /** The responses of the test case that the request names. Absent if it names none. */
  readonly testCase?: Resources;
  /** The execution whose state has started this one. Absent if a request has. */
  readonly parent?: Parent;
  /** True if the request waits for the end of the execution. */
  readonly isAwaited?: true;
  /** Where and when the execution ran, if it is a copy of one that ran elsewhere. Nothing of it runs here. */
  readonly origin?: Origin;
}

/** An execution elsewhere, such as at AWS. `startedAt` is in epoch milliseconds. */
export interface Origin {
  readonly arn: string;
  readonly startedAt: number;
}

/** The execution that has started another one. */
export interface Parent {
  readonly executionArn: string;
  /** The name of its state that did; absent if something that a state has called did. */
  readonly state?: string;
  /** The id of the event of the task that did; absent as `state` is, and for a child of a Map Run. */
  readonly scheduledId?: number;
  /** The Map Run to which the child belongs; absent for a nested execution. */
  readonly mapRun?: ChildGroup<Execution>;
  /** The number of items in the input of a child of a Map Run. */
  readonly items?: number;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** The way in which an execution ended. `at` is the time in epoch milliseconds. */
export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly at: number;
  readonly output?: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Is told that an execution has ended, which then has an `end`. */
type EndListener = (execution: Execution) => void;

/** The objects of the local service that all executions share. */
export interface ExecutionServices extends StateServices {
  readonly mapRuns: MapRuns<Execution>;
  /** True if executions need not give way to requests. @default false */
  readonly isAlone?: boolean | undefined;
  readonly kept: KeptBytes;
  readonly log: Logger;
  /** The log that gets a line for each transition; undefined for none. */
  readonly transitions?: Logger | undefined;
}

/** One execution of a machine, from its start to its end. */
export class Execution implements RunningExecution, Ending {
  /** The events. Those of an EXPRESS execution are counted and logged, but not kept. */
  readonly history: History;
  readonly stepCounter: StepCounter;
  /** The input that each Catch has received, by the id of the StateExited event. Undefined if none has received anything. */
  caught: Map<number, Json> | undefined;
  readonly startedAt: number;
  /** Executions are numbered in the order in which they ended. Undefined while this one is running. */
  endedAs: number | undefined;
  #scope = new Scope();
  #machine: Machine;
  #end: ExecutionEnd | undefined;
  /** The outermost branch, with the progress of the execution. A redrive goes on from it. */
  #root: Branch | undefined;
  /** The time from which TimeoutSeconds of the machine counts, in epoch milliseconds. */
  #timedFrom: number;
  /** The bytes that `services.kept` contains for this execution. */
  #counted = 0;
  /** The parsed input; null once the execution has ended. */
  #input: Json = null;
  #context: JsonObject | undefined;
  #redrives: Redrives | undefined;
  #cancelTimeout: Cancel | undefined;
  #endListeners: Set<EndListener> | undefined;

  /** @param onEnd called once, when the execution has ended */
  constructor(
    readonly arn: string,
    machine: Machine,
    readonly input: string,
    readonly services: ExecutionServices,
    private readonly onEnd: (execution: Execution) => void,
    /** Executions are numbered in the order in which they were started. */
    readonly order: number,
    readonly startedBy: StartedBy = {},
  ) {
    this.startedAt = startedBy.origin?.startedAt ?? services.clock.now();
    this.#timedFrom = this.startedAt;
    this.#machine = machine;
    const { isAwaited = false } = startedBy;
    this.history = this.#isExpress ? new EventLog(arn, machine, services.log, isAwaited) : new History();
    this.stepCounter = new StepCounter(services.isAlone);
  }

  get name(): string {
    // The ARN of an EXPRESS execution has a further part behind the name.
    return this.arn.split(':')[7] ?? '';
  }

  get #isExpress(): boolean {
    return this.#machine.type === 'EXPRESS';
  }

  /** The time at which the execution times out, in epoch milliseconds; Infinity if it never does. */
  get #due(): number {
    const { timeoutSeconds = Infinity } = this.machine.program;
    const most = this.#isExpress ? Math.min(timeoutSeconds, EXPRESS_SECONDS) : timeoutSeconds;
    return this.#timedFrom + most * 1000;
  }

  get redrives(): Redrives {
    return (this.#redrives ??= new Redrives());
  }

  get context(): JsonObject {
    return (this.#context ??= contextOf(this, this.#input));
  }

  /** The machine. Its program is empty once the execution has ended. */
  get machine(): Machine {
    return this.#machine;
  }

  get scope(): Scope {
    return this.#scope;
  }

  get resources(): Resources {
    return this.startedBy.testCase ?? this.services.resources;
  }

  get machineName(): string {
    return this.machine.name;
  }

  /**
   * Called when a state is done and another one follows. If the machine was deleted, ends the execution with the status
   * ABORTED.
   */
  onTransition(): void {
    if (this.machine.lifecycle.deleting) this.stop(undefined, undefined);
  }

  startMapRun(order: MapRunOrder): StartedMapRun {
    return this.services.mapRuns.start(this, order);
  }

  onCaught(exitedId: number, errorOutput: Json): void {
    (this.caught ??= new Map()).set(exitedId, errorOutput);
  }

  isLive(): boolean {
    if (this.services.clock.now() >= this.#due) this.#timeOut();
    return this.#end === undefined;
  }

  get end(): ExecutionEnd | undefined {
    return this.#end;
  }

  get status(): ExecutionStatus {
    return this.#end?.status ?? 'RUNNING';
  }

  /**
   * Starts the execution. Returns when the first state has to wait for something.
   * @param beginning the state in which it begins. @default the machine's first one
   */
  start(input: Json, beginning?: Beginning): void {
    this.#setInput(input);
    const { state, executionArn } = beginning ?? {};
    this.record('ExecutionStarted', 0, {
      input: this.input,
      inputDetails: WHOLE,
      roleArn: this.machine.roleArn,
      ...(beginning && { startedFrom: { state, executionArn } }),
      ...(beginning?.variables.size && { assignedVariables: Object.fromEntries(beginning.variables) }),
    });
    this.#startTimeout();
    this.#run(() => this.#outermost(beginning), input);
  }

  #outermost(beginning: Beginning | undefined): Branch {
    const variables = new VariableScope();
    const branch = new Branch(this, this.scope, variables, 0);
    if (!beginning) return branch;
    variables.assign(valuesOf(beginning.variables), beginning.variables);
    branch.position = { next: beginning.state, value: beginning.value };
    return branch;
  }

  /**
   * Adds events of an execution that ran elsewhere, and its end once that is known. Events that are there already are
   * left out.
   */
  copy(events: readonly PutEvent[], end: ExecutionEnd | undefined): void {
    for (const { id, type, at, previous, details } of events)
      if (id === this.history.length + 1) this.history.add(type, at, previous, details);
    this.redrives.count = this.history.entries.filter(({ type }) => type === 'ExecutionRedriven').length;
    this.#count();
    if (!end) return;
    this.#end = end;
    this.#release();
    this.onEnd(this);
  }

  /**
   * Continues the execution after it has ended without success. States that have succeeded aren't run again. The
   * machine's TimeoutSeconds begins again.
   */
  redrive(): void {
    const root = this.#root;
    if (!root) throw new Error('an execution that can not be redriven');
    this.#end = undefined;
    this.endedAs = undefined;
    this.#scope = new Scope();
    this.#restore();
    this.#timedFrom = this.services.clock.now();
    const { count } = this.redrives.add(this.#timedFrom);
    this.record('ExecutionRedriven', this.history.length, { redriveCount: count });
    this.#startTimeout();
    this.#run(() => root.resume(this.scope), null);
  }

  /**
   * Calls a function once, after the execution has ended; soon, if it has ended already. Never calls it before this
   * method has returned.
   */
  whenEnded(listener: EndListener): Cancel {
    const listeners = (this.#endListeners ??= new Set());
    listeners.add(listener);
    if (this.#end) this.#tellEnd();
    return () => void listeners.delete(listener);
  }

  /** Called when the execution is no longer kept. */
  forget(): void {
    this.services.kept.add(-this.#counted);
    this.#counted = 0;
  }

  #startTimeout(): void {
    const ms = this.#due - this.#timedFrom;
    if (ms < Infinity) this.#cancelTimeout = this.services.clock.after(ms, () => this.#timeOut());
  }

  /** Ends the execution with the status ABORTED. Does nothing if it has already ended. */
  stop(error: string | undefined, cause: string | undefined): void {
    if (this.#end) return;
    const details = new StateFailure(error, cause).details;
    this.#finish({ status: 'ABORTED', at: this.services.clock.now(), error, cause }, 0, details);
  }

  record(type: string, previous: number, details?: object, at: number = this.services.clock.now()): number {
    if (this.#end) return previous;
    const id = this.#add(type, at, previous, details);
    if (id >= HISTORY_LIMIT - 1 && !this.#isExpress) this.#fail(historyFull(`events (${HISTORY_LIMIT})`), id);
    else if (this.services.kept.isTooMuch(this.#counted))
      this.#fail(historyFull('bytes of all executions that run'), id);
    return id;
  }

  #setInput(input: Json): void {
    this.#input = input;
    this.#context = undefined;
  }

  /** Restores what `#release` has dropped. */
  #restore(): void {
    this.#setInput(JSON.parse(this.input) as Json);
    this.#machine = { ...this.#machine, program: compileMachine(this.#machine.definition) };
  }

  /** Drops what only a running execution needs, since finished ones are kept for long. */
  #release(): void {
    this.#setInput(null);
    this.#machine = withoutProgram(this.#machine);
  }

  #add(type: string, at: number, previous: number, details: object | undefined): number {
    const id = this.history.add(type, at, previous, details);
    if (this.services.transitions) logTransition(this.services.transitions, this, type, details);
    this.#count();
    return id;
  }

  #count(): void {
    const { bytes } = this.history;
    this.services.kept.add(bytes - this.#counted);
    this.#counted = bytes;
  }

  #run(begin: () => Branch, input: Json): void {
    try {
      const branch = (this.#root = begin());
      void interpret(this.machine.program, branch, input, this);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Called when a state has failed and didn't catch the failure. */
  failed(error: unknown): void {
    const isFailure = error instanceof StateFailure;
    const { log } = this.services;
    if (!isFailure)
      log.error({ err: error, execution: this.arn }, 'the local service failed to run an execution');
    const failure = isFailure ? error : new StateFailure('States.Runtime', String(error));
    this.#fail(failure, this.#root?.previous ?? 0);
  }

  /** Called when the last state is done. */
  succeeded(branch: Branch, value: Json): void {
    try {
      const output = branch.json.of(value);
      const details = { output, outputDetails: WHOLE };
      this.#finish({ status: 'SUCCEEDED', at: this.services.clock.now(), output }, branch.previous, details);
    } catch (error) {
      this.failed(error);
    }
  }

  #fail(failure: StateFailure, previous: number): void {
    const { error, reason: cause, details } = failure;
    this.#finish({ status: 'FAILED', at: this.services.clock.now(), error, cause }, previous, details);
  }

  #timeOut(): void {
    this.#finish({ status: 'TIMED_OUT', at: this.#due }, 0, undefined);
  }

  #finish(end: ExecutionEnd, previous: number, details: object | undefined): void {
    if (this.#end) return;
    this.#add(END_EVENTS[end.status], end.at, previous, details);
    this.#end = end;
    if (end.status === 'SUCCEEDED') this.#root = undefined;
    this.#release();
    this.#cancelTimeout?.();
    this.scope.end();
    this.onEnd(this);
    if (this.#endListeners) this.#tellEnd();
  }

  #tellEnd(): void {
    const listeners = this.#endListeners;
    this.#endListeners = undefined;
    void Promise.resolve().then(() => listeners?.forEach((listener) => listener(this)));
  }
}

/** The program of an execution that has ended: it isn't run any more. */
const NO_PROGRAM = { startAt: '', states: new Map(), timeoutSeconds: undefined, tasks: [] };

/** The machines of executions that have ended. All executions of a machine share one. */
const ended = new WeakMap<Machine, Machine>();

function withoutProgram(machine: Machine): Machine {
  const known = ended.get(machine);
  if (known) return known;
  const made = { ...machine, program: { ...machine.program, ...NO_PROGRAM } };
  ended.set(machine, made);
  return made;
}

const END_EVENTS = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const;

function historyFull(of: string): StateFailure {
  return new StateFailure('States.Runtime', `The execution reached the maximum number of history ${of}.`);
}
