import type { Clock } from '../../clock.js';
import { formatArn, LOCAL_ACCOUNT, parseArn, partitionOf } from '../arn.js';
import { compileMachine, type Program } from '../asl/definition/machine.js';
import type { MockTable } from '../mocks/mocks.js';
import { errors } from '../wire/service-error.js';

/** A machine that was created, ready to run. Instants are epoch milliseconds. */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly createdAt: number;
  readonly program: Program;
}

/** Where a new resource comes to be. */
export interface Home {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** The home of a resource that a request signed for `region` creates. */
export function homeOf(region: string): Home {
  return { partition: partitionOf(region), region, account: LOCAL_ACCOUNT };
}

/** The state machines there are, by ARN. */
export class Machines {
  readonly #byArn = new Map<string, Machine>();

  constructor(
    private readonly clock: Clock,
    private readonly mocks: MockTable,
  ) {}

  /**
   * Creates a machine; again with the same definition and role it is the same one.
   * @throws DefinitionError where the definition cannot be run
   * @throws ServiceError StateMachineAlreadyExists where the name has another definition or role
   */
  create(name: string, definition: string, homeFor: (program: Program) => Home, roleArn?: string): Machine {
    const program = this.compile(name, definition);
    const home = homeFor(program);
    const arn = formatArn({ ...home, kind: 'stateMachine', name });
    const role = roleArn ?? `arn:${home.partition}:iam::${home.account}:role/stepwright-local`;
    const existing = this.#byArn.get(arn);
    if (existing) {
      if (existing.definition === definition && existing.roleArn === role) return existing;
      throw errors.machineExists(arn);
    }
    const machine = { arn, name, definition, roleArn: role, createdAt: this.clock.now(), program };
    this.#byArn.set(arn, machine);
    return machine;
  }

  /** @throws DefinitionError where the definition cannot be run */
  compile(name: string, definition: string): Program {
    return compileMachine(definition, (state, resource) => this.mocks.has(name, state, resource));
  }

  /** @throws ServiceError StateMachineDoesNotExist */
  get(arn: string): Machine {
    const machine = this.#byArn.get(arn);
    if (!machine) throw errors.noMachine(arn);
    return machine;
  }

  all(): Machine[] {
    return [...this.#byArn.values()];
  }

  /** What runs of it goes on. */
  delete(arn: string): void {
    this.#byArn.delete(arn);
  }

  /** The smallest literal HeartbeatSeconds that a state has on an activity, over all machines. */
  heartbeatSecondsOf(activityArn: string): number | undefined {
    const declared = this.all()
      .flatMap(({ program }) => program.activities)
      .filter((task) => task.activityArn === activityArn)
      .flatMap(({ heartbeatSeconds }) => heartbeatSeconds ?? []);
    return declared.length === 0 ? undefined : Math.min(...declared);
  }
}

/** The home of a seeded machine: what was asked for, else that of its first activity, else us-east-1. */
export function seededHome(program: Program, asked: Partial<Home>): Home {
  const [first] = program.activities;
  const activity = first && parseArn(first.activityArn);
  const region = asked.region ?? activity?.region ?? 'us-east-1';
  return {
    region,
    account: asked.account ?? activity?.account ?? LOCAL_ACCOUNT,
    partition: asked.partition ?? activity?.partition ?? partitionOf(region),
  };
}
