import { randomUUID } from 'node:crypto';
import type { PutEvent } from '../../base/local-protocol.js';
import { LinkedList } from '../../base/collections.js';
import { type Entry, entryOf, ExecutionLists } from './execution-lists.js';
import { hasHeapFor } from './heap.js';
import type { Json } from '../../asl/values/json.js';
import {
  Execution,
  type ExecutionEnd,
  type ExecutionStatus,
  type ExecutionServices,
  type Origin,
  type StartedBy,
} from './execution.js';
import type { Machine } from './machines/machine.js';
import type { Beginning } from './beginning.js';
import { errors } from './service-error.js';
import { notRedrivable } from './redrives.js';

/** Numbers of executions. An execution that was redriven ends several times. */
export interface ExecutionCounts {
  readonly started: number;
  readonly ended: number;
  /** The number of redrives, and of copies that were replaced: what had ended is another execution since. */
  readonly redriven: number;
  /**
   * Executions whose `endedAs` is smaller than this number no longer exist, because only the latest finished ones are
   * kept.
   */
  readonly forgotten: number;
}

/** An execution, with its entries in the lists that contain it. */
interface Stored {
  readonly execution: Execution;
  /** Among those of the same machine, in the order of their starts. */
  readonly ofMachine: Entry<Execution>;
  /** Among those that the same execution or Map Run has started. Undefined if a request has started it. */
  readonly sibling: Entry<Execution> | undefined;
  /** Among the finished executions, in the order of their ends. Undefined while it is running. */
  finished: Entry<Execution> | undefined;
  /** Among the finished children of its Map Run. Undefined while it is running, and if it belongs to none. */
  inGroup: Entry<Execution> | undefined;
}

/** Returns the ARN of the Map Run or of the execution that has started an execution; undefined if a request has. */
const parentKey = ({ parent }: StartedBy): string | undefined => parent?.mapRun?.arn ?? parent?.executionArn;

/** The memory that there has to be to start an execution, in bytes. */
const START_BYTES = 8 * 1024 * 1024;

/** All executions of the service. Of the finished ones, only the latest are kept. */
export class Executions {
  readonly #byArn = new Map<string, Stored>();
  /** The executions of each machine, in the order of their starts. */
  readonly #byMachine = new ExecutionLists<Execution>();
  /** The executions that an execution or a Map Run has started, by its ARN, in the order of their starts. */
  readonly #byParent = new ExecutionLists<Execution>();
  #started = 0;
  #ended = 0;
  #redriven = 0;
  readonly #finished = new LinkedList<Entry<Execution>>();
  /** The EXPRESS executions that run. None is kept when it has ended. */
  readonly #express = new Set<Execution>();

  constructor(
    private readonly services: ExecutionServices,
    /** The most finished executions that are kept. */
    private readonly most: number,
    /** Called each time an execution ends. */
    private readonly onEnded: (machine: Machine) => void,
  ) {
    services.kept.forgetBy(() => this.#forgetOldest());
  }

  /**
   * Starts an execution. If a running execution has the same name and input, returns that one; but names of EXPRESS
   * executions aren't unique.
   * @param beginning the state in which the execution begins. @default the machine's first one
   * @throws ServiceError ExecutionAlreadyExists if the name is used by another execution; StateMachineDeleting if the
   * machine is being deleted; ExecutionLimitExceeded while the running executions take as much memory as they may
   */
  start(
    machine: Machine,
    name: string = randomUUID(),
    input: string,
    parsed: Json,
    startedBy: StartedBy = {},
    beginning?: Beginning,
  ): Execution {
    const isExpress = machine.type === 'EXPRESS';
    const arn = executionArn(machine, name);
    const existing = this.#byArn.get(arn)?.execution;
    if (existing) {
      if (existing.status === 'RUNNING' && existing.input === input && !beginning) return existing;
      throw errors.executionExists(arn);
    }
    if (machine.lifecycle.deleting) throw errors.machineDeleting(machine.arn);
    if (!this.hasRoom) throw errors.tooManyExecutions();
    const order = isExpress ? -1 : this.#started++;
    const execution = new Execution(arn, machine, input, this.services, this.#onEnd, order, startedBy);
    machine.lifecycle.running++;
    if (isExpress) this.#express.add(execution);
    else this.#add(execution);
    execution.start(parsed, beginning);
    return execution;
  }

  /**
   * Adds a part of an execution that ran elsewhere. If there is a copy of it that has ended, replaces that copy.
   * @param end how it has ended; undefined if it still runs, or if a further part follows
   * @throws ServiceError ExecutionAlreadyExists if an execution of this service has its name; ValidationException if there
   * is no memory for it, and then nothing of it is kept
   */
  copy(
    machine: Machine,
    name: string,
    input: string,
    origin: Origin,
    events: readonly PutEvent[],
    end: ExecutionEnd | undefined,
  ): Execution {
    const arn = executionArn(machine, name);
    let copy = this.#byArn.get(arn)?.execution;
    if (copy && !copy.startedBy.origin) throw errors.executionExists(arn);
    if (copy?.end) {
      this.#drop(copy);
      this.#redriven++;
      copy = undefined;
    }
    if (!copy) {
      copy = new Execution(arn, machine, input, this.services, this.#onEnd, this.#started++, { origin });
      this.#add(copy);
    }
    copy.copy(events, end);
    const { bytes, length } = copy.history;
    if (this.hasRoom && !this.services.kept.isTooMuch(bytes)) return copy;
    this.#drop(copy);
    this.#redriven++;
    throw errors.invalidRequest(
      `There is no room for its history, of which ${length} events have ${bytes} bytes: start the local service with a larger 'keptBytes', and with a larger heap if that is too small`,
    );
  }

  /** False while the executions take as much memory as they may. */
  get hasRoom(): boolean {
    return !this.services.kept.isFull && hasHeapFor(START_BYTES);
  }

  /**
   * Continues an execution that has ended without success.
   * @param token the client token of the request. A second request with the same token has no effect
   * @returns the time of the redrive, in epoch milliseconds
   * @throws ServiceError ExecutionNotRedrivable; ExecutionLimitExceeded while the running executions take as much
   * memory as they may
   */
  redrive(execution: Execution, token: string | undefined): number {
    const now = this.services.clock.now();
    const before = execution.redrives.atOf(token, now);
    if (before !== undefined) return before;
    const reason = notRedrivable(execution, now);
    if (reason !== undefined) throw errors.notRedrivable(reason);
    if (!this.hasRoom) throw errors.tooManyExecutions();
    this.#unfinish(execution);
    this.#redriven++;
    execution.machine.lifecycle.running++;
    if (token !== undefined) execution.redrives.remember(token, now);
    execution.redrive();
    return now;
  }

  #unfinish(execution: Execution): void {
    const stored = this.#byArn.get(execution.arn);
    if (!stored?.finished) return;
    this.#finished.remove(stored.finished);
    if (stored.inGroup) execution.startedBy.parent?.mapRun?.remove(stored.inGroup);
    stored.finished = stored.inGroup = undefined;
  }

  find(arn: string): Execution | undefined {
    return this.#byArn.get(arn)?.execution;
  }

  /** @throws ServiceError ExecutionDoesNotExist */
  get(arn: string): Execution {
    const stored = this.#byArn.get(arn);
    if (!stored) throw errors.noExecution(arn);
    return stored.execution;
  }

  /**
   * Returns the executions that an execution or a Map Run has started, the latest first. Those that are no longer kept
   * are left out.
   * @param parentArn the ARN of the execution, for its nested executions; or of the Map Run
   */
  children(parentArn: string): Execution[] {
    return [...this.#byParent.latest(parentArn)];
  }

  /** Returns the numbers of an execution's or a Map Run's children by status, of those that are kept. */
  childCounts(parentArn: string): Partial<Record<ExecutionStatus, number>> {
    const counts: Partial<Record<ExecutionStatus, number>> = {};
    for (const { status } of this.#byParent.latest(parentArn)) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  get counts(): ExecutionCounts {
    const forgotten = this.#finished.first?.execution.endedAs ?? this.#ended;
    return {
      started: this.#started,
      ended: this.#ended,
      redriven: this.#redriven,
      forgotten,
    };
  }

  /** True while an execution waits for its turn of the event loop. */
  get isWaiting(): boolean {
    for (const { execution } of this.#byArn.values()) if (execution.stepCounter.waiting > 0) return true;
    for (const { stepCounter } of this.#express) if (stepCounter.waiting > 0) return true;
    return false;
  }

  /**
   * Yields executions of one machine, or of all machines, but not the `count` that were started first in the service.
   * The executions of each machine come in reverse order of their starts. Among those of all machines there are no
   * children of Map Runs: they may be a million.
   */
  *startedAfter(count: number, machineArn?: string): Generator<Execution> {
    for (const arn of machineArn === undefined ? this.#byMachine.arns() : [machineArn])
      for (const execution of this.#byMachine.latest(arn)) {
        if (execution.order < count) break;
        if (machineArn !== undefined || !execution.startedBy.parent?.mapRun) yield execution;
      }
  }

  /**
   * Yields the executions that have ended, the latest first, but not the `count` that ended first. Executions that are
   * no longer kept are left out.
   */
  *endedAfter(count: number): Generator<Execution> {
    for (let entry = this.#finished.last; entry; entry = entry.previous) {
      if ((entry.execution.endedAs ?? 0) < count) return;
      yield entry.execution;
    }
  }

  /** Stops all running executions because the service is closing. Their histories get no event for it. */
  close(): void {
    for (const { execution } of this.#byArn.values()) execution.scope.end();
    for (const execution of this.#express) execution.scope.end();
  }

  #add(execution: Execution): void {
    const { arn, machine, startedBy } = execution;
    const parent = parentKey(startedBy);
    this.#byArn.set(arn, {
      execution,
      ofMachine: this.#byMachine.add(machine.arn, execution),
      sibling: parent === undefined ? undefined : this.#byParent.add(parent, execution),
      finished: undefined,
      inGroup: undefined,
    });
  }

  readonly #onEnd = (execution: Execution): void => {
    const { machine, startedBy } = execution;
    const isExpress = this.#express.delete(execution);
    if (isExpress) execution.forget();
    else execution.endedAs = this.#ended++;
    if (!startedBy.origin) machine.lifecycle.running--;
    this.onEnded(machine);
    if (!isExpress) this.#keep(execution);
  };

  #keep(execution: Execution): void {
    const stored = this.#byArn.get(execution.arn);
    if (stored) {
      this.#finished.add((stored.finished = entryOf(execution)));
      const group = execution.startedBy.parent?.mapRun;
      if (group) {
        const entry = (stored.inGroup = entryOf(execution));
        group.add(entry);
        for (let old = group.surplus(entry); old; old = group.surplus(entry)) this.#drop(old);
      }
    }
    while (this.#finished.size > this.most || this.services.kept.isFull) if (!this.#forgetOldest()) return;
  }

  /**
   * Forgets the oldest finished execution. Never forgets the latest, since its caller is about to ask for its outcome.
   * @returns false if there is no other one
   */
  #forgetOldest(): boolean {
    const oldest = this.#finished.first?.execution;
    if (!oldest || this.#finished.size === 1) return false;
    this.#drop(oldest);
    return true;
  }

  /** Forgets a finished execution. */
  #drop(execution: Execution): void {
    const { arn, machine, startedBy } = execution;
    // A map run counts the bytes of the history that is forgotten next.
    this.#unfinish(execution);
    execution.forget();
    this.services.mapRuns.forget(arn);
    const stored = this.#byArn.get(arn);
    this.#byArn.delete(arn);
    if (!stored) return;
    this.#byMachine.remove(machine.arn, stored.ofMachine);
    const parent = parentKey(startedBy);
    if (parent !== undefined && stored.sibling) this.#byParent.remove(parent, stored.sibling);
  }
}

function executionArn({ arn, type }: Machine, name: string): string {
  const text =
    type === 'EXPRESS'
      ? `${arn.replace(':stateMachine:', ':express:')}:${name}:${randomUUID()}`
      : `${arn.replace(':stateMachine:', ':execution:')}:${name}`;
  // V8 keeps a string that was put together as its parts, which take ten times the memory of a plain one.
  return Buffer.from(text).toString();
}
