import { randomUUID } from 'node:crypto';
import { formatArn, parseArn } from '../asl/values/arn.js';
import type { Json } from '../asl/values/json.js';
import { Execution, type ExecutionStatus, type ExecutionWorld, type StartedBy } from './execution.js';
import { Fifo, type QueueEntry } from './fifo.js';
import type { Machine } from './machines/machines.js';
import type { Memory, MemoryPart } from './answers/memory.js';
import { pageKey, pageSize, pageToken, type PageRequest } from './answers/pages.js';
import type { Beginning } from './beginning.js';
import { errors } from './answers/service-error.js';
import { checkRedrivable } from './redrives.js';

/** Numbers of executions. An execution that was redriven ends several times. */
export interface ExecutionCounts {
  readonly started: number;
  readonly ended: number;
  readonly redriven: number;
  /** The number of times that an execution was pinned, or no longer. */
  readonly pinned: number;
  /**
   * Executions whose `endedAs` is smaller than this number no longer exist, because only the latest finished ones are
   * kept, and those that are pinned.
   */
  readonly forgotten: number;
}

/** The most executions that may be pinned at the same time. */
const PIN_LIMIT = 100;

/** All executions of the service. Of the finished ones, only the latest are kept. */
export class Executions {
  /** The entries in the queues of `#byMachine`. */
  readonly #byArn = new Map<string, QueueEntry<Execution>>();
  readonly #byMachine = new Map<string, Fifo<Execution>>();
  #started = 0;
  #ended = 0;
  #redriven = 0;
  #pinnings = 0;
  /** The pinned executions, finished or not. */
  readonly #pinned = new Set<Execution>();
  readonly #finished = new Fifo<Execution>();
  readonly #finishedEntries = new Map<Execution, QueueEntry<Execution>>();

  constructor(
    private readonly world: ExecutionWorld,
    /** The most finished executions that are kept, and what counts their memory. */
    private readonly kept: { readonly executions: number; readonly memory: MemoryPart },
    memory: Memory,
    /** Called each time an execution ends. */
    private readonly onEnded: (machine: Machine) => void,
  ) {
    memory.giveUpBy(() => this.#forgetOldest());
  }

  /**
   * Starts an execution. If a running execution has the same name and input, returns that one.
   * @param beginning the state in which the execution begins. @default the machine's first one
   * @throws ServiceError ExecutionAlreadyExists if the name is used by another execution; StateMachineDeleting if the
   * machine is being deleted; ExecutionLimitExceeded while the running executions take as much memory as they may
   */
  start(
    machine: Machine,
    name: string | undefined,
    input: string,
    parsed: Json,
    startedBy: StartedBy = {},
    beginning?: Beginning,
  ): Execution {
    const arn = executionArn(machine, name ?? randomUUID());
    const existing = this.#byArn.get(arn)?.value;
    if (existing) {
      if (existing.status === 'RUNNING' && existing.input === input && !beginning) return existing;
      throw errors.executionExists(arn);
    }
    if (machine.book.deleting) throw errors.machineDeleting(machine.arn);
    if (this.world.memory.isFull) throw errors.tooManyExecutions();
    const execution = new Execution(arn, machine, input, this.world, this.#onEnd, this.#started++, startedBy);
    this.#add(execution);
    execution.start(parsed, beginning);
    return execution;
  }

  /**
   * Continues an execution that has ended without success.
   * @param token the client token of the request. A second request with the same token has no effect
   * @returns the time of the redrive, in epoch milliseconds
   * @throws ServiceError ExecutionNotRedrivable; ExecutionLimitExceeded while the running executions take as much
   * memory as they may
   */
  redrive(execution: Execution, token: string | undefined): number {
    const now = this.world.clock.now();
    const before = execution.redrives.atOf(token, now);
    if (before !== undefined) return before;
    checkRedrivable(execution, now);
    if (this.world.memory.isFull) throw errors.tooManyExecutions();
    const entry = this.#finishedEntries.get(execution);
    if (entry) this.#unfinish(entry);
    this.#redriven++;
    execution.machine.book.running++;
    if (token !== undefined) execution.redrives.remember(token, now);
    execution.redrive();
    return now;
  }

  #unfinish(entry: QueueEntry<Execution>): void {
    this.#finished.remove(entry);
    this.#finishedEntries.delete(entry.value);
    this.kept.memory.grow(-entry.value.keptBytes);
  }

  /** @throws ServiceError ExecutionDoesNotExist */
  get(arn: string): Execution {
    const entry = this.#byArn.get(arn);
    if (!entry) throw errors.noExecution(arn);
    return entry.value;
  }

  /** Returns a page of a machine's executions, the latest first. */
  list(
    machineArn: string,
    status: ExecutionStatus | undefined,
    page: PageRequest,
    { versionArn, aliasArn }: StartedBy = {},
  ): { executions: Execution[]; nextToken?: string } {
    const size = pageSize(page);
    const executions: Execution[] = [];
    let entry = this.#pageStart(machineArn, pageKey(page));
    for (; entry && executions.length < size; entry = entry.previous) {
      const { value } = entry;
      if (versionArn !== undefined && value.startedBy.versionArn !== versionArn) continue;
      if (aliasArn !== undefined && value.startedBy.aliasArn !== aliasArn) continue;
      if (status === undefined || value.status === status) executions.push(value);
    }
    const last = executions.at(-1);
    return { executions, ...(entry && last && { nextToken: pageToken(page, last.order) }) };
  }

  get counts(): ExecutionCounts {
    const forgotten = this.#oldestUnpinned?.endedAs ?? this.#ended;
    return {
      started: this.#started,
      ended: this.#ended,
      redriven: this.#redriven,
      pinned: this.#pinnings,
      forgotten,
    };
  }

  /**
   * Keeps an execution although it is older than those that are kept, or no longer.
   * @throws ServiceError TooManyKept
   */
  pin(execution: Execution, isPinned: boolean): void {
    if (execution.isPinned === isPinned) return;
    if (isPinned && this.#pinned.size >= PIN_LIMIT) throw errors.tooManyPinned(PIN_LIMIT);
    execution.isPinned = isPinned;
    this.#pinnings++;
    if (isPinned) this.#pinned.add(execution);
    else this.#pinned.delete(execution);
  }

  /** At most the pinned ones are passed over to find it. */
  get #oldestUnpinned(): Execution | undefined {
    for (const each of this.#finished) if (!each.isPinned) return each;
    return undefined;
  }

  /**
   * Yields executions of one machine, or of all machines, but not the `count` that were started first in the service.
   * The executions of each machine come in reverse order of their starts.
   */
  *startedAfter(count: number, machineArn?: string): Generator<Execution> {
    const lists = machineArn === undefined ? this.#byMachine.values() : [this.#byMachine.get(machineArn)];
    for (const list of lists) {
      for (let entry = list?.last; entry && entry.value.order >= count; entry = entry.previous)
        yield entry.value;
    }
  }

  /**
   * Yields the executions that have ended, the latest first, but not the `count` that ended first. Executions that are
   * no longer kept are left out.
   */
  *endedAfter(count: number): Generator<Execution> {
    for (let entry = this.#finished.last; entry; entry = entry.previous) {
      if ((entry.value.endedAs ?? 0) < count) return;
      yield entry.value;
    }
  }

  /** Stops all running executions because the service is closing. Their histories get no event for it. */
  close(): void {
    for (const { value } of this.#byArn.values()) value.scope.end();
  }

  /**
   * Returns the first entry of a page of executions. `before` is the number of the previous page's last execution in
   * the order of starts. This number doesn't change when other executions are removed.
   */
  #pageStart(machineArn: string, before: string | undefined): QueueEntry<Execution> | undefined {
    let entry = this.#byMachine.get(machineArn)?.last;
    if (before === undefined) return entry;
    const order = Number(before);
    if (!Number.isSafeInteger(order)) throw errors.invalidToken();
    while (entry && entry.value.order >= order) entry = entry.previous;
    return entry;
  }

  #add(execution: Execution): void {
    const { arn, machine } = execution;
    machine.book.running++;
    let list = this.#byMachine.get(machine.arn);
    if (!list) this.#byMachine.set(machine.arn, (list = new Fifo()));
    this.#byArn.set(arn, list.push(execution));
  }

  readonly #onEnd = (execution: Execution): void => {
    execution.endedAs = this.#ended++;
    execution.machine.book.running--;
    this.onEnded(execution.machine);
    this.#keep(execution);
  };

  #keep(execution: Execution): void {
    this.#finishedEntries.set(execution, this.#finished.push(execution));
    const { executions, memory } = this.kept;
    memory.grow(execution.keptBytes);
    while (this.#finished.size - this.#pinned.size > executions || memory.isFull)
      if (!this.#forgetOldest()) return;
  }

  /**
   * Forgets the oldest finished execution that isn't pinned, and returns true. Returns false if there is only one
   * finished execution. If all are pinned, memory is needed, and the oldest is forgotten too.
   */
  #forgetOldest(): boolean {
    if (this.#finished.size <= 1) return false;
    const oldest = this.#finished.take(({ isPinned }) => !isPinned) ?? this.#finished.shift();
    if (!oldest) return false;
    this.#pinned.delete(oldest);
    this.#finishedEntries.delete(oldest);
    this.kept.memory.grow(-oldest.keptBytes);
    oldest.machine.memory.endShow();
    this.#forget(oldest);
    return true;
  }

  #forget({ arn, machine }: Execution): void {
    const entry = this.#byArn.get(arn);
    this.#byArn.delete(arn);
    const list = this.#byMachine.get(machine.arn);
    if (entry) list?.remove(entry);
    if (list?.size === 0) this.#byMachine.delete(machine.arn);
  }
}

function executionArn(machine: Machine, name: string): string {
  const arn = parseArn(machine.arn);
  if (!arn) throw new Error(`not an ARN: ${machine.arn}`);
  const text = formatArn({ ...arn, kind: 'execution', name: `${machine.name}:${name}` });
  // V8 keeps a string that was put together as its parts, which take ten times the memory of a plain one.
  return Buffer.from(text).toString();
}
