import { randomUUID } from 'node:crypto';
import { compileMachine } from '../../../asl/machine.js';
import type { MapRunOrder, StartedMapRun } from '../../../asl/runtime/map-run.js';
import { errors } from '../service-error.js';
import type { Machine } from '../machines/machine.js';
import { type ChildStarter, MapRun } from './map-run.js';

/** The execution whose state starts a map run. */
interface RunParent {
  readonly arn: string;
  readonly machine: Machine;
}

/** All map runs of the executions that are kept. */
export class MapRuns<P extends RunParent> {
  readonly #byArn = new Map<string, MapRun>();
  readonly #byExecution = new Map<string, MapRun[]>();

  constructor(
    /** Returns what starts the children of a map run. `machine` is that of the children. */
    private readonly starterOf: (
      parent: P,
      state: string,
      mapRunArn: string,
      machine: Machine,
    ) => ChildStarter,
  ) {}

  start(parent: P, order: MapRunOrder): StartedMapRun {
    const machine = childMachine(parent.machine, order);
    const arn = `${machine.arn.replace(':stateMachine:', ':mapRun:')}:${randomUUID()}`;
    const starter = this.starterOf(parent, order.state, arn, machine);
    const run = new MapRun(arn, machine.arn, parent.arn, order, starter);
    this.#byArn.set(arn, run);
    const others = this.#byExecution.get(parent.arn);
    if (others) others.push(run);
    else this.#byExecution.set(parent.arn, [run]);
    return run;
  }

  /** @throws ServiceError ResourceNotFound */
  get(arn: string): MapRun {
    const run = this.#byArn.get(arn);
    if (!run) throw errors.noResource(arn);
    return run;
  }

  /** Returns the map runs of an execution, in the order of their starts. */
  of(executionArn: string): readonly MapRun[] {
    return this.#byExecution.get(executionArn) ?? [];
  }

  /** Called when an execution is no longer kept. */
  forget(executionArn: string): void {
    for (const { arn } of this.of(executionArn)) this.#byArn.delete(arn);
    this.#byExecution.delete(executionArn);
  }

  /** True while a map run reads or starts something. */
  get isBusy(): boolean {
    for (const run of this.#byArn.values()) if (run.isBusy) return true;
    return false;
  }
}

/** Returns the machine of the children: the parent's, with the states of the ItemProcessor. */
function childMachine(machine: Machine, { processor, label }: MapRunOrder): Machine {
  const { definition, isExpress } = processor;
  // A child of a map run may itself have a map run: its label stands in place of the one before.
  const arn = `${machine.arn.replace(/\/.*$/, '')}/${label ?? randomUUID()}`;
  const { startAt, states } = compileMachine(definition);
  const program = { ...machine.program, startAt, states, timeoutSeconds: undefined };
  return { ...machine, arn, definition, program, type: isExpress ? 'EXPRESS' : 'STANDARD' };
}
