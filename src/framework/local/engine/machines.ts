import type { Clock } from '../../base/time/clock.js';
import { formatArn, LOCAL_ACCOUNT, parseArn, partitionOf } from '../asl/values/arn.js';
import type { Program } from '../asl/machine.js';
import type { Resources } from '../asl/runtime/running-execution.js';
import type { Logger } from '../../base/log/log.js';
import { mostDefinitions } from './memory.js';
import { errors } from './service-error.js';

/** A compiled state machine. Times are epoch milliseconds. */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly createdAt: number;
  readonly program: Program;
  /** True from the time when the machine is deleted until its last execution has ended. */
  deleting: boolean;
  /** The number of executions of the machine that are running. */
  running: number;
}

/** The partition, region and account of a resource. */
export interface Home {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/**
 * Returns the partition, region and account of a resource that is created by a request which was signed for `region`.
 */
export function homeOf(region: string): Home {
  return { partition: partitionOf(region), region, account: LOCAL_ACCOUNT };
}

/** All state machines, by ARN. */
export class Machines {
  readonly #byArn = new Map<string, Machine>();
  readonly #mostChars = mostDefinitions();
  #chars = 0;

  constructor(
    private readonly clock: Clock,
    private readonly resources: Resources,
    private readonly log: Logger,
  ) {}

  /**
   * Creates a machine. If a machine with the same name and exactly the same definition exists, returns that one. A
   * warning is logged for each Task that nothing answers.
   * @param program the compiled definition
   * @throws ServiceError StateMachineAlreadyExists if a machine with this name has another definition
   * @throws ServiceError StateMachineLimitExceeded if all definitions together would be too large
   * @throws ServiceError StateMachineDeleting while the machine with this name is being deleted
   */
  create(name: string, definition: string, program: Program, home: Home, roleArn?: string): Machine {
    const arn = formatArn({ ...home, kind: 'stateMachine', name });
    const role = roleArn ?? `arn:${home.partition}:iam::${home.account}:role/stepwright-local`;
    const existing = this.#byArn.get(arn);
    if (existing) {
      if (existing.deleting) throw errors.machineDeleting(arn);
      if (existing.definition === definition) return existing;
      throw errors.machineExists(arn);
    }
    if (this.#chars + definition.length > this.#mostChars) throw errors.tooManyMachines();
    this.#chars += definition.length;
    const machine: Machine = {
      arn,
      name,
      definition,
      roleArn: role,
      createdAt: this.clock.now(),
      program,
      deleting: false,
      running: 0,
    };
    this.#byArn.set(arn, machine);
    this.#warn(machine);
    return machine;
  }

  /**
   * Creates a machine. If a machine with this name exists, replaces its definition; running executions keep the
   * definition with which they started.
   * @throws ServiceError StateMachineLimitExceeded if all definitions together would be too large
   * @throws ServiceError StateMachineDeleting while the machine with this name is being deleted
   */
  replace(name: string, definition: string, program: Program, home: Home): Machine {
    const existing = this.#byArn.get(formatArn({ ...home, kind: 'stateMachine', name }));
    if (!existing) return this.create(name, definition, program, home);
    if (existing.deleting) throw errors.machineDeleting(existing.arn);
    const grownBy = definition.length - existing.definition.length;
    if (this.#chars + grownBy > this.#mostChars) throw errors.tooManyMachines();
    this.#chars += grownBy;
    // Running executions refer to the old object, whose count `running` they decrease when they end.
    const machine: Machine = { ...existing, definition, program, running: 0 };
    this.#byArn.set(existing.arn, machine);
    this.#warn(machine);
    return machine;
  }

  /** Removes a machine at once. Its running executions continue to their end. */
  forget(arn: string): void {
    const machine = this.#byArn.get(arn);
    if (machine && this.#byArn.delete(arn)) this.#chars -= machine.definition.length;
  }

  /** @throws ServiceError StateMachineDoesNotExist */
  get(arn: string): Machine {
    const machine = this.#byArn.get(arn);
    if (!machine) throw errors.noMachine(arn);
    return machine;
  }

  /** Returns all machines sorted by name, as Step Functions lists them. */
  all(): Machine[] {
    return [...this.#byArn.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /**
   * Deletes a machine. If executions of it are running, each of them ends before its next state, and the machine is
   * deleted when the last one has ended.
   */
  delete(arn: string): void {
    const machine = this.#byArn.get(arn);
    if (!machine) return;
    machine.deleting = true;
    this.forgetDeleted(machine);
  }

  /** Removes a machine that was deleted, if all its executions have ended. */
  forgetDeleted({ arn, deleting, running }: Machine): void {
    if (deleting && running === 0) this.forget(arn);
  }

  #warn({ name, program }: Machine): void {
    for (const { state, resource, activity } of program.tasks) {
      if (activity || this.resources.has(name, state, resource)) continue;
      this.log.warn(
        { machine: name, state, resource },
        `nothing answers '${resource}': the state '${state}' of '${name}' will fail, until 'mocks' has '${name}.${state}' or the resource`,
      );
    }
  }

  /**
   * Returns the smallest HeartbeatSeconds that is written as a number in any state that uses the activity, in all
   * machines. Returns undefined if there is none.
   */
  heartbeatSecondsOf(activityArn: string): number | undefined {
    const declared = this.all()
      .flatMap(({ program }) => program.tasks)
      .filter(({ resource }) => resource === activityArn)
      .flatMap(({ activity }) => activity?.heartbeatSeconds ?? []);
    return declared.length === 0 ? undefined : Math.min(...declared);
  }
}

/** Returns the key by which machines are sorted: the name first. */
export const keyOf = ({ name, arn }: Machine): string => `${name}\n${arn}`;

/**
 * Returns the partition, region and account of a machine that is created without an API request. If one of them isn't
 * given, it is taken from the ARN of the machine's first activity. If there is no activity, the region us-east-1 and
 * the account LOCAL_ACCOUNT are used.
 */
export function seededHome(program: Program, asked: Partial<Home>): Home {
  const first = program.tasks.find((task) => task.activity);
  const activity = first && parseArn(first.resource);
  const region = asked.region ?? activity?.region ?? 'us-east-1';
  return {
    region,
    account: asked.account ?? activity?.account ?? LOCAL_ACCOUNT,
    partition: asked.partition ?? activity?.partition ?? partitionOf(region),
  };
}
