import type { FleetMember } from '../workers/read-fleet.js';
import type { RemoteHandler, RemoteStatus, RemoteTask } from '../workers/remote-status.js';

/** The sums over a fleet. */
export interface FleetSums {
  /** The number of workers, including those that can't be read. */
  readonly workers: number;
  readonly unreadable: number;
  readonly ready: number;
  readonly draining: number;
  readonly protected: number;
  readonly slots: number;
  readonly atWork: number;
  readonly undelivered: number;
  /** The numbers of handlers that take no tasks, by the cause. */
  readonly held: Readonly<Partial<Record<HeldBy, number>>>;
  readonly longestTask: RemoteTask | undefined;
  /** The numbers of workers of each version. A version that isn't known is `?`. */
  readonly versions: Readonly<Record<string, number>>;
  readonly handlers: readonly HandlerSums[];
}

/** The sums over all workers that have the handler. */
export interface HandlerSums {
  readonly name: string;
  readonly activityArn: string;
  readonly workers: number;
  readonly slots: number;
  readonly atWork: number;
  readonly undelivered: number;
  /** The latest time at which a poll showed that no task waited; undefined if none has. */
  readonly emptyAt: number | undefined;
}

/**
 * Why a handler takes no tasks: a person, one of its tasks or its breaker has paused it, or Step Functions doesn't
 * answer its polls, so that it waits.
 */
export type HeldBy = 'control' | 'task' | 'breaker' | 'waiting';

/** Returns why a handler takes no tasks; undefined if it takes them. */
export const heldBy = ({ paused, trouble }: RemoteHandler): HeldBy | undefined =>
  paused?.by ?? (trouble ? 'waiting' : undefined);

export function sumsOf(members: readonly FleetMember[]): FleetSums {
  const read = members.flatMap(({ status }) => status ?? []);
  const handlers = read.flatMap((each) => each.handlers);
  const [longestTask] = read.flatMap(({ tasks }) => tasks[0] ?? []).toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    workers: members.length,
    unreadable: members.length - read.length,
    ready: read.filter(({ ready }) => ready).length,
    draining: read.filter(({ state }) => state === 'draining').length,
    protected: read.filter(({ protection }) => protection?.state === 'held').length,
    ...totalsOf(handlers),
    held: countsOf(handlers.flatMap((each) => heldBy(each) ?? [])),
    longestTask,
    versions: countsOf(read.map(versionOf)),
    handlers: handlerSums(handlers),
  };
}

/** Returns the version of a worker, or `?` if the worker is older than the field. */
export const versionOf = ({ version = '?' }: Pick<RemoteStatus, 'version'>): string => version;

function totalsOf(handlers: readonly RemoteHandler[]): Pick<FleetSums, 'slots' | 'atWork' | 'undelivered'> {
  const sum = (read: (each: RemoteHandler) => number): number =>
    handlers.reduce((before, each) => before + read(each), 0);
  return {
    slots: sum(({ concurrency }) => concurrency),
    atWork: sum(({ running }) => running),
    undelivered: sum(({ undelivered }) => undelivered),
  };
}

function handlerSums(all: readonly RemoteHandler[]): HandlerSums[] {
  const byKey = new Map<string, [RemoteHandler, ...RemoteHandler[]]>();
  for (const each of all) {
    const key = `${each.name} ${each.activityArn}`;
    const others = byKey.get(key);
    if (others) others.push(each);
    else byKey.set(key, [each]);
  }
  return [...byKey.values()].map((handlers) => {
    const [first] = handlers;
    const empty = handlers.flatMap(({ emptyAt }) => emptyAt ?? []);
    return {
      ...{ name: first.name, activityArn: first.activityArn, workers: handlers.length },
      ...totalsOf(handlers),
      emptyAt: empty.length > 0 ? Math.max(...empty) : undefined,
    };
  });
}

function countsOf<K extends string>(all: readonly K[]): Record<K, number> {
  const counts = new Map<K, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted((a, b) => b[1] - a[1])) as Record<K, number>;
}
