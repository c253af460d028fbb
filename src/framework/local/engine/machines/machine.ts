import type { MachineType, Program, SeedVersion } from '../../../asl/machine.js';
import { errors } from '../service-error.js';

export interface Logging {
  readonly level: string;
  readonly includeExecutionData: boolean;
  readonly destinations?: readonly { readonly cloudWatchLogsLogGroup?: { readonly logGroupArn?: string } }[];
}

/** An encryption configuration. The local service encrypts nothing. */
export interface Encryption {
  readonly type?: string;
  readonly kmsKeyId?: string;
  readonly kmsDataKeyReusePeriodSeconds?: number;
}

/** Settings of a machine that are stored and described. Only the logging of EXPRESS machines has an effect. */
export interface Settings {
  readonly loggingConfiguration: Logging;
  readonly tracingConfiguration: { readonly enabled?: boolean };
  readonly encryptionConfiguration: Encryption;
}

export const DEFAULT_ENCRYPTION: Encryption = { type: 'AWS_OWNED_KEY' };

export const DEFAULT_SETTINGS: Settings = {
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: { enabled: false },
  encryptionConfiguration: DEFAULT_ENCRYPTION,
};

/**
 * A state machine with its compiled definition. The object never changes; an update of the machine creates a new one.
 * Times are epoch milliseconds.
 */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly type: MachineType;
  readonly definition: string;
  readonly roleArn: string;
  readonly createdAt: number;
  readonly program: Program;
  /** The time of the last update; the time of the creation if there was none. */
  readonly updatedAt: number;
  /** A revision is one combination of definition, role and settings. This is the number of revisions before this one. */
  readonly revision: number;
  /** The id of the revision. Recorded from the live service: the first revision has none. */
  readonly revisionId: string | undefined;
  readonly settings: Settings;
  /** The versions and aliases. All revisions of the machine share them. */
  readonly versions: Versions;
  /** All revisions of the machine share it. */
  readonly lifecycle: Lifecycle;
}

interface Lifecycle {
  /** True if the machine was deleted but still has a running execution. */
  deleting: boolean;
  /** The number of executions of the machine that are running. */
  running: number;
}

/**
 * A published version of a state machine. `machine` contains the definition that was published. Times are epoch
 * milliseconds.
 */
export interface Version {
  readonly number: number;
  readonly arn: string;
  readonly machine: Machine;
  readonly createdAt: number;
  readonly description: string | undefined;
}

/** A version to which an alias leads. `weight` is the percentage of the alias's executions that run this version. */
export interface Route {
  readonly versionArn: string;
  readonly weight: number;
}

/** An alias: a name that leads to one or two versions of a state machine. */
export interface Alias {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description: string | undefined;
  readonly routes: readonly Route[];
  /** Aliases are numbered in the order in which they were created. Recorded from the live service: they are listed so. */
  readonly order: number;
}

/** The most versions that a state machine may have. AWS page "Step Functions service quotas". */
const VERSION_LIMIT = 1_000;

/** The most aliases that a state machine may have. API reference of Step Functions. */
const ALIAS_LIMIT = 100;

/** The versions and the aliases of a state machine. */
export class Versions {
  readonly #versions = new Map<number, Version>();
  readonly #aliases = new Map<string, Alias>();
  #lastVersion = 0;
  #created = 0;

  /** @param published the description of the version that was published with the machine; undefined if none was */
  constructor(readonly published?: string) {}

  /**
   * Publishes the current definition and role of the machine as a new version. If they are published already, returns
   * that version. The number of a deleted version is never used again.
   * @throws ServiceError ServiceQuotaExceededException if the machine has VERSION_LIMIT versions
   */
  publish(machine: Machine, description: string | undefined, createdAt: number): Version {
    for (const version of this.#versions.values())
      if (version.machine.revision === machine.revision) return version;
    if (this.#versions.size >= VERSION_LIMIT) throw errors.tooManyVersions();
    const number = ++this.#lastVersion;
    const version = { number, arn: `${machine.arn}:${number}`, machine, createdAt, description };
    this.#versions.set(number, version);
    return version;
  }

  /** Publishes the current definition and role as a version, and lets these aliases lead to it alone. */
  publishSeeded(machine: Machine, { description, aliases = [] }: SeedVersion, now: number): void {
    const { arn: versionArn } = this.publish(machine, description, now);
    const routes = [{ versionArn, weight: 100 }];
    for (const name of aliases) {
      const existing = this.#aliases.get(name);
      if (existing) this.updateAlias(existing, { description: undefined, routes }, now);
      else this.createAlias({ name, arn: `${machine.arn}:${name}`, description: undefined, routes }, now);
    }
  }

  get(number: number): Version | undefined {
    return this.#versions.get(number);
  }

  /** Returns the versions, the newest first. */
  all(): Version[] {
    return [...this.#versions.values()].toReversed();
  }

  /**
   * Deletes a version. Does nothing if it doesn't exist.
   * @throws ServiceError ConflictException if an alias leads to it
   */
  delete(number: number): void {
    const version = this.#versions.get(number);
    if (!version) return;
    const naming = this.aliases(version.arn).map(({ name }) => name);
    if (naming.length > 0) throw errors.versionInUse(naming);
    this.#versions.delete(number);
  }

  /** Drops all versions, because the machine no longer exists. */
  clear(): void {
    this.#versions.clear();
  }

  alias(name: string): Alias | undefined {
    return this.#aliases.get(name);
  }

  /**
   * Returns the aliases in the order in which they were created.
   * @param versionArn returns only the aliases that lead to this version. @default all aliases
   */
  aliases(versionArn?: string): Alias[] {
    const all = [...this.#aliases.values()];
    return versionArn === undefined
      ? all
      : all.filter(({ routes }) => routes.some((route) => route.versionArn === versionArn));
  }

  /**
   * Creates an alias. If an alias with the same name, description and routes exists, returns that one.
   * @throws ServiceError ConflictException if the existing alias differs
   * @throws ServiceError ServiceQuotaExceededException if the machine has ALIAS_LIMIT aliases
   */
  createAlias(
    { name, arn, description, routes }: Pick<Alias, 'name' | 'arn' | 'description' | 'routes'>,
    now: number,
  ): Alias {
    const existing = this.#aliases.get(name);
    if (existing) {
      const isSame =
        JSON.stringify([existing.description, existing.routes]) === JSON.stringify([description, routes]);
      if (isSame) return existing;
      throw errors.aliasExists();
    }
    if (this.#aliases.size >= ALIAS_LIMIT) throw errors.tooManyAliases();
    const order = this.#created++;
    const alias = { name, arn, createdAt: now, updatedAt: now, description, routes, order };
    this.#aliases.set(name, alias);
    return alias;
  }

  /** Changes an alias. An undefined `description` or `routes` leaves the old value. */
  updateAlias(
    existing: Alias,
    { description, routes }: { description: string | undefined; routes: readonly Route[] | undefined },
    now: number,
  ): Alias {
    const updated = {
      ...existing,
      description: description ?? existing.description,
      routes: routes ?? existing.routes,
      updatedAt: now,
    };
    this.#aliases.set(existing.name, updated);
    return updated;
  }

  deleteAlias(name: string): void {
    this.#aliases.delete(name);
  }

  /**
   * Picks one of the versions to which an alias leads, at random but according to their weights.
   * @param random from 0 (included) to 1 (excluded)
   */
  pick({ routes }: Alias, random: number): Version | undefined {
    let left = random * 100;
    const route = routes.find(({ weight }) => (left -= weight) < 0) ?? routes.at(-1);
    const number = Number(route?.versionArn.split(':').at(-1));
    return this.#versions.get(number);
  }
}
