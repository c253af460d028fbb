import { errors } from '../answers/service-error.js';
import type { Machine } from './machines.js';

/** A published revision of a machine. Times are epoch milliseconds. */
export interface Version {
  readonly number: number;
  readonly arn: string;
  readonly machine: Machine;
  readonly createdAt: number;
  readonly description: string | undefined;
}

/** A share of the executions that an alias starts, in percent. */
export interface Route {
  readonly versionArn: string;
  readonly weight: number;
}

/** A name for one or two versions of a machine. */
export interface Alias {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description: string | undefined;
  readonly routes: readonly Route[];
  /** The key by which aliases are sorted: they are listed in the order of their creation, as recorded. */
  readonly key: string;
}

/** The most aliases of a machine. API reference of Step Functions. */
const ALIAS_LIMIT = 100;

/** All that a machine keeps while its definition changes: its versions, its aliases, its executions that run. */
export class MachineBook {
  /** True from the time when the machine is deleted until its last execution has ended. */
  deleting = false;
  /** The number of executions of the machine that are running. */
  running = 0;
  readonly #versions = new Map<number, Version>();
  readonly #aliases = new Map<string, Alias>();
  #lastVersion = 0;
  #created = 0;

  /** Publishes a revision. A revision that is published already keeps its version. Numbers are never used again. */
  publish(machine: Machine, description: string | undefined, createdAt: number): Version {
    for (const version of this.#versions.values())
      if (version.machine.revision === machine.revision) return version;
    const number = ++this.#lastVersion;
    const version = { number, arn: `${machine.arn}:${number}`, machine, createdAt, description };
    this.#versions.set(number, version);
    return version;
  }

  version(number: number): Version | undefined {
    return this.#versions.get(number);
  }

  /** Returns the versions, the newest first. */
  versions(): Version[] {
    return [...this.#versions.values()].toReversed();
  }

  /** Deletes a version. Does nothing if there is none. @throws ServiceError ConflictException if an alias names it */
  deleteVersion(number: number): void {
    const arn = this.#versions.get(number)?.arn;
    if (arn === undefined) return;
    const naming = this.aliases(arn).map(({ name }) => name);
    if (naming.length > 0) throw errors.versionInUse(naming);
    this.#versions.delete(number);
  }

  alias(name: string): Alias | undefined {
    return this.#aliases.get(name);
  }

  /** Returns the aliases in the order of their creation. @param versionArn the version that they name. @default any */
  aliases(versionArn?: string): Alias[] {
    const all = [...this.#aliases.values()];
    return versionArn === undefined
      ? all
      : all.filter(({ routes }) => routes.some((route) => route.versionArn === versionArn));
  }

  /**
   * Creates an alias. Returns the existing one if it has the same description and routes.
   * @throws ServiceError ConflictException if it has others
   * @throws ServiceError ServiceQuotaExceededException if the machine has as many aliases as it may
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
    const key = String(this.#created++).padStart(12, '0');
    const alias = { name, arn, createdAt: now, updatedAt: now, description, routes, key };
    this.#aliases.set(name, alias);
    return alias;
  }

  /** Changes an alias. What is not given stays. */
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

  /** Picks a version of an alias, by the weights of its routes. @param random from 0 up to 1 */
  pick({ routes }: Alias, random: number): Version | undefined {
    let left = random * 100;
    const route = routes.find(({ weight }) => (left -= weight) < 0) ?? routes.at(-1);
    const number = Number(route?.versionArn.split(':').at(-1));
    return this.#versions.get(number);
  }
}
