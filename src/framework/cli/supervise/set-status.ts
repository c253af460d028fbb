import { showDuration } from '../../base/time/duration.js';
import { packageVersion } from '../../base/version.js';
import {
  type DrainStatus,
  MOST_TASKS,
  type ProcessStatus,
  type PublicHandler,
  type PublicQueue,
  type PublicStatus,
  QUEUE_MINUTES,
} from '../../base/worker-status.js';
import type { SetMember } from './set-member.js';
import { SILENT_MS, type Supervisor } from './supervisor.js';

type Counts = PublicStatus['counts'];

/**
 * Returns the status of a set of processes in the form of one worker's status. It sums up the last status that each
 * process has sent, which is at most a second old. The set is ready if each member has a ready process.
 * @param startedAt the time at which the set was started
 * @param counted the counts (of tasks received, failed, …) of the processes that have exited
 */
export function setStatus(
  set: Supervisor,
  { name, startedAt }: Pick<PublicStatus, 'name' | 'startedAt'>,
  counted: Counts,
): PublicStatus {
  const all = [...set.workers.processes].flatMap(({ status }) => status ?? []);
  const reasons = set.isStopping
    ? ['the worker is draining']
    : set.workers.members.flatMap((member) => reasonsOf(set, member));
  const tasks = all.flatMap((status) => status.tasks).toSorted((a, b) => b.ageMs - a.ageMs);
  return {
    ...{ name, version: packageVersion(), startedAt },
    ...(set.isStopping && { drain: longestDrainOf(all) }),
    state: set.isStopping ? 'draining' : all.length > 0 ? 'running' : 'created',
    ready: reasons.length === 0,
    reasons,
    handlers: sumHandlers(all),
    tasks: tasks.slice(0, MOST_TASKS),
    tasksInFlight: all.reduce((sum, { tasksInFlight }) => sum + tasksInFlight, 0),
    counts: all.reduce((sum, { counts }) => addCounts(sum, counts), counted),
    processes: set.workers.members.map((member) => processStatus(set, member)),
  };
}

/** Returns the drain that began first, with the grace that ends last; undefined if no process has said yet that it drains. */
function longestDrainOf(all: readonly Pick<PublicStatus, 'drain'>[]): DrainStatus | undefined {
  const drains = all.flatMap(({ drain }) => drain ?? []);
  if (drains.length === 0) return undefined;
  return {
    since: Math.min(...drains.map(({ since }) => since)),
    graceUntil: Math.max(...drains.map(({ graceUntil }) => graceUntil)),
  };
}

export function addCounts(one: Counts, other: Counts): Counts {
  const sums = Object.keys(one).map((key) => [key, one[key as keyof Counts] + other[key as keyof Counts]]);
  return Object.fromEntries(sums) as Counts;
}

function reasonsOf(set: Supervisor, member: SetMember): string[] {
  const { current: worker, number, reason } = member;
  const name = `process ${number} of ${set.workers.members.length}`;
  if (!worker) return [`${name}: ${reason}`];
  const silent = set.silentMs(worker);
  if (silent > SILENT_MS) return [`${name}: its event loop has been blocked for ${showDuration(silent)}`];
  const reasons = worker.status?.reasons ?? ['it starts'];
  return reasons.map((reason) => `${name}: ${reason}`);
}

function processStatus(set: Supervisor, member: SetMember): ProcessStatus {
  const { current: worker, number, restarts } = member;
  return {
    number,
    pid: worker?.pid,
    worker: worker?.name,
    state: worker?.status?.state ?? 'created',
    ready: !set.isStopping && reasonsOf(set, member).length === 0,
    tasksInFlight: worker?.status?.tasksInFlight ?? 0,
    restarts,
  };
}

/** Adds up, for each handler, the statuses that the processes have sent. */
export function sumHandlers(all: readonly Pick<PublicStatus, 'handlers'>[]): PublicHandler[] {
  const byName = new Map<string, PublicHandler>();
  for (const { handlers } of all)
    for (const handler of handlers) {
      const before = byName.get(handler.name);
      byName.set(handler.name, before ? addHandlers(before, handler) : handler);
    }
  return [...byName.values()];
}

function addHandlers(one: PublicHandler, other: PublicHandler): PublicHandler {
  const [a, b] = [one.polls, other.polls];
  const { paused = other.paused } = one;
  return {
    ...one,
    // A breaker, and a task, pause the handler of their own process alone.
    ...(paused && { paused }),
    concurrency: one.concurrency + other.concurrency,
    used: one.used + other.used,
    running: one.running + other.running,
    undelivered: one.undelivered + other.undelivered,
    polls: {
      open: a.open + b.open,
      target: a.target + b.target,
      // Step Functions can be reached if at least one process reaches it.
      state: a.state === 'open' ? a.state : b.state,
      lastAnswerAt: either(Math.max, a.lastAnswerAt, b.lastAnswerAt),
      heldSince: either(Math.min, a.heldSince, b.heldSince),
      heldInVain: a.heldInVain || b.heldInVain,
      trouble: a.trouble ?? b.trouble,
    },
    queue: addQueues(one.queue, other.queue),
  };
}

const MINUTE_MS = 60_000;

/**
 * Adds up the numbers of tasks that two processes received in each minute. The two statuses may have been made in
 * different minutes, so their lists may start at different minutes.
 */
function addQueues(one: PublicQueue, other: PublicQueue): PublicQueue {
  const minuteAt = Math.max(one.minuteAt, other.minuteAt);
  const countOf = ({ minuteAt: at, begun }: PublicQueue, age: number): number =>
    begun[age - (minuteAt - at) / MINUTE_MS] ?? 0;
  const lengthOf = ({ minuteAt: at, begun }: PublicQueue): number =>
    begun.length + (minuteAt - at) / MINUTE_MS;
  const length = Math.min(QUEUE_MINUTES, Math.max(lengthOf(one), lengthOf(other)));
  return {
    emptyAt: either(Math.max, one.emptyAt, other.emptyAt),
    emptyMinuteAt: either(Math.max, one.emptyMinuteAt, other.emptyMinuteAt),
    minuteAt,
    begun: Array.from({ length }, (_, age) => countOf(one, age) + countOf(other, age)),
  };
}

const either = (
  pick: (a: number, b: number) => number,
  a: number | undefined,
  b: number | undefined,
): number | undefined => (a === undefined || b === undefined ? (a ?? b) : pick(a, b));
