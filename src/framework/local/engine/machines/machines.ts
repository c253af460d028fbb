import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { localRole } from '../../../base/local-protocol.js';
import type { Clock } from '../../../base/time/clock.js';
import { formatArn, LOCAL_ACCOUNT, parseArn, partitionOf } from '../../../asl/values/arn.js';
import type { MachineType, Program } from '../../../asl/machine.js';
import type { Resources } from '../../../asl/runtime/resource.js';
import type { Logger } from '../../../base/log/log.js';
import { errors } from '../service-error.js';
import { DEFAULT_SETTINGS, type Machine, type Settings, Versions } from './machine.js';

/** What is set when a machine is created. */
interface NewMachine {
  /** @default a role of the local service */
  readonly roleArn?: string | undefined;
  /** @default 'STANDARD' */
  readonly type?: MachineType | undefined;
  /** @default the settings that a machine of AWS has by default */
  readonly settings?: Settings;
  /** The description of the version that is published with the machine. @default none is */
  readonly published?: string | undefined;
}

interface MachineChanges {
  readonly definition?: { readonly text: string; readonly program: Program };
  readonly roleArn?: string | undefined;
  readonly settings: Partial<Settings>;
}

/**
 * The machine that belongs to an ARN in a request. `versionArn` and `aliasArn` are set if the ARN is that of a version
 * or an alias.
 */
interface Named {
  readonly machine: Machine;
  readonly versionArn?: string;
  readonly aliasArn?: string;
}

/** The partition, region and account in the ARN of a resource. */
export interface Home {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/**
 * Returns the partition, region and account for a resource that a request creates.
 * @param region the region for which the request is signed
 */
export function homeOf(region: string): Home {
  return { partition: partitionOf(region), region, account: LOCAL_ACCOUNT };
}

/** All state machines, by ARN. */
export class Machines {
  readonly #byArn = new Map<string, Machine>();

  constructor(
    private readonly clock: Clock,
    private readonly resources: Resources,
    private readonly log: Logger,
  ) {}

  /**
   * Creates a machine. If it exists already, with exactly the same definition, type, settings and `published`, returns
   * that one. API reference of Step Functions, CreateStateMachine. Logs a warning for each Task state whose resource is neither an activity nor mocked.
   * @param program the compiled definition
   * @throws ServiceError StateMachineAlreadyExists if a machine with this name has another definition
   * @throws ServiceError StateMachineDeleting while the machine with this name is being deleted
   */
  create(
    name: string,
    definition: string,
    program: Program,
    home: Home,
    { roleArn, type = 'STANDARD', settings = DEFAULT_SETTINGS, published }: NewMachine = {},
  ): Machine {
    const arn = formatArn({ ...home, kind: 'stateMachine', name });
    const role = roleArn ?? localRole(home.account, home.partition);
    const existing = this.#byArn.get(arn);
    if (existing) {
      if (existing.lifecycle.deleting) throw errors.machineDeleting(arn);
      const isSame =
        existing.definition === definition &&
        existing.type === type &&
        existing.versions.published === published &&
        isDeepStrictEqual(existing.settings, settings);
      if (isSame) return existing;
      throw errors.machineExists(arn);
    }
    const now = this.clock.now();
    const machine: Machine = {
      arn,
      name,
      type,
      definition,
      roleArn: role,
      createdAt: now,
      updatedAt: now,
      program,
      revision: 0,
      revisionId: undefined,
      settings,
      versions: new Versions(published),
      lifecycle: { deleting: false, running: 0 },
    };
    this.#byArn.set(arn, machine);
    this.#warn(machine);
    return machine;
  }

  /**
   * Creates a machine. If a machine with this name exists, replaces its definition and its type; running executions
   * keep the definition with which they started.
   * @throws ServiceError StateMachineDeleting while the machine with this name is being deleted
   */
  replace(name: string, definition: string, program: Program, home: Home, fields: NewMachine = {}): Machine {
    const existing = this.#byArn.get(formatArn({ ...home, kind: 'stateMachine', name }));
    if (!existing) return this.create(name, definition, program, home, fields);
    const { roleArn, type = 'STANDARD' } = fields;
    const changes = { definition: { text: definition, program }, roleArn, settings: {} };
    return this.update({ ...existing, type }, changes);
  }

  /**
   * Updates a machine. Running executions keep the definition and the role with which they started. A new definition,
   * role or setting creates a new revision. Recorded from the live service: an update with the same values creates none.
   * @throws ServiceError StateMachineDeleting while the machine is being deleted
   */
  update(existing: Machine, { definition, roleArn, settings }: MachineChanges): Machine {
    if (existing.lifecycle.deleting) throw errors.machineDeleting(existing.arn);
    const text = definition?.text ?? existing.definition;
    const all = { ...existing.settings, ...settings };
    const isNew = text !== existing.definition || (roleArn ?? existing.roleArn) !== existing.roleArn;
    const isRevised = isNew || !isDeepStrictEqual(all, existing.settings);
    const machine: Machine = {
      ...existing,
      definition: text,
      program: definition?.program ?? existing.program,
      roleArn: roleArn ?? existing.roleArn,
      settings: all,
      updatedAt: this.clock.now(),
      ...(isRevised && { revision: existing.revision + 1, revisionId: randomUUID() }),
    };
    this.#byArn.set(existing.arn, machine);
    if (isNew) this.#warn(machine);
    return machine;
  }

  /** Removes a machine at once. Its running executions continue. */
  forget(arn: string): void {
    this.#byArn.get(arn)?.versions.clear();
    this.#byArn.delete(arn);
  }

  get count(): number {
    return this.#byArn.size;
  }

  /** Returns the machine with this ARN; undefined if there is none. */
  find(arn: string): Machine | undefined {
    return this.#byArn.get(arn);
  }

  /** @throws ServiceError StateMachineDoesNotExist */
  get(arn: string): Machine {
    const machine = this.#byArn.get(arn);
    if (!machine) throw errors.noMachine(arn);
    return machine;
  }

  /**
   * Returns the machine for the ARN of a machine, a version or an alias.
   * @param random returns a number from 0 (included) to 1 (excluded), to pick a version of an alias
   * @throws ServiceError StateMachineDoesNotExist
   */
  named(arn: string, random: () => number): Named {
    const [machineArn, qualifier] = splitQualified(arn);
    if (qualifier === undefined) return { machine: this.get(arn) };
    const versions = this.#byArn.get(machineArn)?.versions;
    const alias = versions?.alias(qualifier);
    const version = alias ? versions?.pick(alias, random()) : versions?.get(Number(qualifier));
    if (!version) throw errors.noMachine(arn);
    return { machine: version.machine, versionArn: version.arn, ...(alias && { aliasArn: alias.arn }) };
  }

  /** Returns all machines sorted by name, as Step Functions lists them. */
  all(): Machine[] {
    return [...this.#byArn.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  /**
   * Deletes a machine. If it has running executions, each of them is ended before its next state, and the machine
   * exists until the last one has ended.
   */
  delete(arn: string): void {
    const machine = this.#byArn.get(arn);
    if (!machine) return;
    machine.lifecycle.deleting = true;
    this.forgetDeleted(machine);
  }

  /** Removes a machine if it was deleted and has no running execution left. */
  forgetDeleted({ arn, lifecycle }: Machine): void {
    if (lifecycle.deleting && lifecycle.running === 0) this.forget(arn);
  }

  #warn({ name, program }: Machine): void {
    for (const { state, resource, activity } of program.tasks) {
      const refusal = activity ? undefined : this.resources.refusal({ machine: name, state, resource });
      if (refusal === undefined) continue;
      const text = `the state '${state}' of '${name}' will fail. ${refusal}`;
      this.log.warn({ machine: name, state, resource }, text);
    }
  }

  /**
   * Returns the smallest HeartbeatSeconds in all Task states of all machines that use the activity. Only a
   * HeartbeatSeconds that is a number in the definition counts. Returns undefined if there is none.
   */
  heartbeatSecondsOf(activityArn: string): number | undefined {
    const declared = this.all()
      .flatMap(({ program }) => program.tasks)
      .filter(({ resource }) => resource === activityArn)
      .flatMap(({ activity }) => activity?.heartbeatSeconds ?? []);
    return declared.length === 0 ? undefined : Math.min(...declared);
  }
}

/** Splits the ARN of a version or an alias into the ARN of the machine and the version's number or the alias's name. */
export function splitQualified(arn: string): [machineArn: string, qualifier: string | undefined] {
  const parts = arn.split(':');
  return parts.length <= 7 ? [arn, undefined] : [parts.slice(0, 7).join(':'), parts.slice(7).join(':')];
}

/** Returns the key by which machines are listed: by name, then by ARN. */
export const keyOf = ({ name, arn }: Machine): string => `${name}\n${arn}`;

/**
 * Returns the partition, region and account for a machine that is created in code. Values that aren't given in `asked`
 * are taken from the ARN of the machine's first activity. If the machine uses no activity, they are those of us-east-1
 * and LOCAL_ACCOUNT.
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
