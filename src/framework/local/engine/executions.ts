import { randomUUID } from 'node:crypto';
import { formatArn, parseArn } from '../asl/values/arn.js';
import type { Json } from '../asl/values/json.js';
import { Execution, type ExecutionStatus, type ExecutionWorld } from './execution.js';
import { Fifo, type Place } from './fifo.js';
import type { Machine } from './machines.js';
import { pageSize, pageToken, placeOf } from './pages.js';
import { errors } from './service-error.js';

/** How many executions there have been. */
export interface ExecutionCounts {
  readonly started: number;
  readonly ended: number;
  readonly forgotten: number;
}

/** Every execution there is. Of the finished ones the latest are kept. */
export class Executions {
  readonly #byArn = new Map<string, Execution>();
  readonly #byMachine = new Map<string, Fifo<Execution>>();
  readonly #places = new Map<string, Place<Execution>>();
  #started = 0;
  #ended = 0;
  readonly #finished = new Fifo<Execution>();
  #finishedBytes = 0;

  constructor(
    private readonly world: ExecutionWorld,
    private readonly kept: { readonly executions: number; readonly bytes: number },
    /** Called with the machine of each execution that has ended. */
    private readonly onEnded: (machine: Machine) => void,
  ) {}

  /**
   * Starts one, or gives the one that runs under the name with the same input.
   * @throws ServiceError ExecutionAlreadyExists where the name was used otherwise; StateMachineDeleting
   */
  start(machine: Machine, name: string | undefined, input: string, parsed: Json): Execution {
    const made = name ?? randomUUID();
    const arn = executionArn(machine, made);
    const existing = this.#byArn.get(arn);
    if (existing) {
      if (existing.status === 'RUNNING' && existing.input === input) return existing;
      throw errors.executionExists(arn);
    }
    if (machine.deleting) throw errors.machineDeleting(machine.arn);
    const execution = new Execution(
      arn,
      made,
      machine,
      input,
      this.world,
      (ended) => this.#whenEnded(ended),
      this.#started++,
    );
    this.#add(execution);
    execution.start(parsed);
    return execution;
  }

  /** @throws ServiceError ExecutionDoesNotExist */
  get(arn: string): Execution {
    const execution = this.#byArn.get(arn);
    if (!execution) throw errors.noExecution(arn);
    return execution;
  }

  /** A page of a machine's executions, the latest first. */
  list(
    machineArn: string,
    status: ExecutionStatus | undefined,
    token: string | undefined,
    maxResults: number | undefined,
  ): { executions: Execution[]; nextToken?: string } {
    const size = pageSize(maxResults);
    const executions: Execution[] = [];
    let place = this.#pageStart(machineArn, placeOf(token));
    for (; place && executions.length < size; place = place.previous) {
      if (status === undefined || place.value.status === status) executions.push(place.value);
    }
    const last = executions.at(-1);
    return { executions, ...(place && last && { nextToken: pageToken(last.order) }) };
  }

  /** How many were ever started, have ever ended, and are forgotten. */
  get counts(): ExecutionCounts {
    const { size } = this.#finished;
    return { started: this.#started, ended: this.#ended, forgotten: this.#ended - size };
  }

  /** Those that started after the first `count` ever did, of one machine or of all, the latest first. */
  *startedAfter(count: number, machineArn?: string): Generator<Execution> {
    const lists = machineArn === undefined ? this.#byMachine.values() : [this.#byMachine.get(machineArn)];
    for (const list of lists) {
      for (let place = list?.last; place && place.value.order >= count; place = place.previous)
        yield place.value;
    }
  }

  /** Those that ended after the first `count` ever did and are not forgotten, the latest first. */
  *endedAfter(count: number): Generator<Execution> {
    let left = this.#ended - count;
    for (let place = this.#finished.last; place && left > 0; place = place.previous, left--)
      yield place.value;
  }

  /** Ends what runs, without an event: the service itself is going. */
  close(): void {
    for (const { scope } of this.#byArn.values()) scope.end();
  }

  /** The place is a number in the order of their starts, so that one that is forgotten meanwhile moves nothing. */
  #pageStart(machineArn: string, before: string | undefined): Place<Execution> | undefined {
    let place = this.#byMachine.get(machineArn)?.last;
    if (before === undefined) return place;
    const order = Number(before);
    if (!Number.isSafeInteger(order)) throw errors.invalidToken();
    while (place && place.value.order >= order) place = place.previous;
    return place;
  }

  #add(execution: Execution): void {
    const { arn, machine } = execution;
    machine.running++;
    this.#byArn.set(arn, execution);
    let list = this.#byMachine.get(machine.arn);
    if (!list) this.#byMachine.set(machine.arn, (list = new Fifo()));
    this.#places.set(arn, list.push(execution));
  }

  #whenEnded(execution: Execution): void {
    execution.endedAs = this.#ended++;
    execution.machine.running--;
    this.onEnded(execution.machine);
    this.#keep(execution);
  }

  #keep(execution: Execution): void {
    this.#finished.push(execution);
    this.#finishedBytes += execution.history.bytes;
    const { executions, bytes } = this.kept;
    while (this.#finished.size > executions || (this.#finishedBytes > bytes && this.#finished.size > 1)) {
      const oldest = this.#finished.shift();
      if (!oldest) return;
      this.#finishedBytes -= oldest.history.bytes;
      this.#forget(oldest);
    }
  }

  #forget({ arn, machine }: Execution): void {
    this.#byArn.delete(arn);
    const place = this.#places.get(arn);
    this.#places.delete(arn);
    const list = this.#byMachine.get(machine.arn);
    if (place) list?.remove(place);
    if (list?.size === 0) this.#byMachine.delete(machine.arn);
  }
}

function executionArn(machine: Machine, name: string): string {
  const arn = parseArn(machine.arn);
  if (!arn) throw new Error(`not an ARN: ${machine.arn}`);
  return formatArn({ ...arn, kind: 'execution', name: `${machine.name}:${name}` });
}
