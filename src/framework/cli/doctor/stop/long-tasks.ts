import type { ActivityMetrics } from '../../../aws/queries/activity-metrics.js';
import type { Clock } from '../../../base/time/clock.js';
import { showDuration } from '../../../base/time/duration.js';
import {
  activityStates,
  type ActivityState,
  rulesAround,
  statesOf,
  takes,
} from '../../../check/machine-states.js';
import type { PlannedHandler } from '../../../worker/build/plan.js';
import { longestDrain } from '../../../worker/worker.js';
import { killAfterSeconds } from '../../process/kill-timeout.js';
import { type Finding, type Look, ok, warning } from '../finding.js';
import type { ReadMachines } from '../heartbeat-intervals.js';
import type { StopLimit } from './stopping.js';

/** Everything that decides if a long task survives the stop of its worker, besides the state machines. */
export interface LongTaskWorld {
  readonly graceMs: number;
  readonly platform: StopLimit;
  /** Returns the ARN of a handler's activity; undefined if it isn't known. */
  readonly arnOf: (handler: PlannedHandler) => string | undefined;
  /** The longest time that a task of an activity has run lately, by ARN. @default it isn't known */
  readonly seenMs?: ReadonlyMap<string, number> | undefined;
}

/** A Task state on an activity, with the name of its machine. */
interface Place extends ActivityState {
  readonly machine: string;
}

/**
 * Checks for each handler that its longest task can end within `grace` when its worker is stopped. If it can't, checks
 * that the state machines run it again. Handlers whose tasks have no known limit are left out.
 */
export function lookAtLongTasks(
  handlers: readonly PlannedHandler[],
  { read }: ReadMachines,
  world: LongTaskWorld,
): Finding[] {
  const places = read.flatMap(({ name, definition }): Place[] => {
    try {
      return activityStates(definition, statesOf(definition)).map((each) => ({ ...each, machine: name }));
    } catch {
      // `lookAtHeartbeats` says so.
      return [];
    }
  });
  return handlers.flatMap((handler) => {
    const arn = world.arnOf(handler);
    const own = places.filter(({ activityArn }) => activityArn === arn);
    const longest = longestOf(handler, own, arn === undefined ? undefined : world.seenMs?.get(arn));
    return longest && own.length > 0 ? [judge(handler, own, longest, world)] : [];
  });
}

interface Longest {
  readonly ms: number;
  readonly how: string;
}

/** Returns the longest time of a task: as it was seen or, if none was, as it is allowed. */
function longestOf(
  { options: { timeoutMs } }: PlannedHandler,
  places: readonly Place[],
  seenMs: number | undefined,
): Longest | undefined {
  if (seenMs !== undefined)
    return { ms: seenMs, how: `a task ran for ${showDuration(rounded(seenMs))} within 15 days` };
  const seconds = places.map(({ source }) => source['TimeoutSeconds']);
  const known = seconds.filter((each) => typeof each === 'number');
  const ofStates = known.length === seconds.length ? Math.max(...known) * 1_000 : Number.POSITIVE_INFINITY;
  if (timeoutMs !== false && timeoutMs <= ofStates)
    return { ms: timeoutMs, how: `\`timeout\` lets a task run for ${showDuration(timeoutMs)}` };
  if (!Number.isFinite(ofStates) || known.length === 0) return undefined;
  return { ms: ofStates, how: `TimeoutSeconds lets a task run for ${showDuration(ofStates)}` };
}

const rounded = (ms: number): number => Math.max(1_000, Math.round(ms / 1_000) * 1_000);

function judge(
  { definition: { name } }: PlannedHandler,
  places: readonly Place[],
  { ms, how }: Longest,
  { graceMs, platform }: LongTaskWorld,
): Finding {
  const look: Look = {
    check: 'longest',
    subject: name,
    expected: 'tasks that end within `grace`, or are run again where a stop cuts them',
  };
  const left = `${how}, and a stop leaves it ${showDuration(graceMs)}`;
  if (ms <= graceMs) return ok(look, left);
  const unretried = places.filter((place) => !isRetried(place));
  const unnoticed = places.filter(
    ({ source }) => !('HeartbeatSeconds' in source || 'HeartbeatSecondsPath' in source),
  );
  if (unretried.length > 0)
    return warning(
      look,
      `${left}${limitOf(platform)}; nothing in ${shown(unretried)} runs it again`,
      `${longerGrace(ms, platform)}name Stepwright.WorkerShutdown and States.HeartbeatTimeout in a Retry; see docs/deploy.md, 'Tasks longer than the grace'`,
    );
  if (unnoticed.length > 0)
    return warning(
      look,
      `${left}${limitOf(platform)}; ${shown(unnoticed)} has no HeartbeatSeconds: a worker that is killed is noticed late, or never`,
      'set HeartbeatSeconds to at least twice the heartbeat',
    );
  return ok(look, `${left}; its state runs again what is cut`);
}

const isRetried = (place: Place): boolean =>
  rulesAround(place).some((rule) => rule.kind === 'Retry' && takes(rule, 'Stepwright.WorkerShutdown'));

const shown = (places: readonly Place[]): string =>
  places.map(({ machine, name }) => `${machine}.${name}`).join(', ');

const limitOf = ({ name, mostSeconds }: StopLimit): string =>
  mostSeconds === undefined ? '' : ` (${name} waits for ${mostSeconds} s at most)`;

/** Returns the advice to let the worker drain for as long as the task, if the platform would wait for it. */
function longerGrace(ms: number, { setting, mostSeconds = MOST_GRACE_SECONDS }: StopLimit): string {
  const needed = killAfterSeconds(longestDrain(ms));
  return needed <= mostSeconds
    ? `set \`grace\` to '${Math.ceil(ms / 1_000)}s' and ${setting} to ${needed}; or `
    : '';
}

/** A longer grace isn't proposed: no deployment waits so long. */
const MOST_GRACE_SECONDS = 3_600;

const DAYS_MS = 15 * 24 * 60 * 60_000;

/**
 * Returns the longest time that a task of each activity ran within 15 days, from CloudWatch. Returns undefined if
 * CloudWatch can't be asked: its client isn't installed, or the permission is missing.
 */
export async function longestSeen(
  region: string,
  arns: readonly string[],
  clock: Clock,
): Promise<ReadonlyMap<string, number> | undefined> {
  const { ActivityMetrics } = await import('../../../aws/queries/activity-metrics.js');
  let metrics: ActivityMetrics | undefined;
  try {
    metrics = new ActivityMetrics(region, clock);
    const longest = await metrics.longestMs(arns, clock.now() - DAYS_MS);
    return new Map(
      arns.flatMap((arn, index) => (longest[index] === undefined ? [] : [[arn, longest[index]]])),
    );
  } catch {
    return undefined;
  } finally {
    metrics?.close();
  }
}
