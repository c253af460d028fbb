import type { SFNClient } from '@aws-sdk/client-sfn';
import { uniformJitter, unlessAborted } from '../../base/time/wait.js';
import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { Problem } from '../../base/errors.js';
import { nearestNames, showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { classifyReportFailure } from '../activity-port.js';
import { sdkFailure } from '../failure.js';
import { query } from './query.js';
import { loadSdk } from '../sdk/load-sdk.js';

export interface ActivityLookUp {
  readonly client: SFNClient;
  readonly region: string;
  /** True if activities that don't exist are to be created. */
  readonly create: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the search for activities when it aborts. {@link lookUpActivities} then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The ARNs of the names that were found, and a problem for each name that wasn't. */
export interface FoundActivities {
  readonly arns: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const RETRY_MS = [500, 5_000] as const;
/** The most milliseconds that listing all activities may take, with all pages of the list. */
const LOOK_UP_LIMIT_MS = 30_000;
/** While the start of a worker waits for the service, the reason is logged again after this many milliseconds. */
const REMIND_MS = 60_000;

/**
 * Finds the ARNs of activities by their bare names, with one listing for all of them. If `create` is true, activities
 * that don't exist are created. While the service can't be reached, tries again and logs the reason: at once, and then
 * once a minute.
 */
export async function lookUpActivities(
  names: readonly string[],
  lookUp: ActivityLookUp,
): Promise<FoundActivities> {
  const { client, signal } = lookUp;
  const arns = new Map<string, string>();
  try {
    const known = await persist(lookUp, names, (limit) => listActivities(client, limit));
    for (const name of names) {
      const arn = known.get(name) ?? (await createMissing(name, lookUp));
      if (arn) arns.set(name, arn);
    }
    const missing = names.filter((name) => !arns.has(name));
    return { arns, problems: missing.map((name) => unknownActivity(name, [...known.keys()], lookUp.region)) };
  } catch (error) {
    signal?.throwIfAborted();
    return { arns, problems: [lookUpFailed(names, error as Error)] };
  }
}

/** Returns the ARNs of all activities in the client's region, by name. */
export async function listActivities(
  client: SFNClient,
  abortSignal?: AbortSignal,
): Promise<Map<string, string>> {
  const { paginateListActivities } = await loadSdk();
  const found = new Map<string, string>();
  for await (const page of paginateListActivities({ client }, { maxResults: 1000 }, { abortSignal })) {
    for (const { name, activityArn } of page.activities ?? [])
      if (name && activityArn) found.set(name, activityArn);
  }
  return found;
}

async function createMissing(name: string, lookUp: ActivityLookUp): Promise<string | undefined> {
  const { client, create } = lookUp;
  if (!create) return undefined;
  const { CreateActivityCommand } = await loadSdk();
  const send = (abortSignal: AbortSignal) =>
    client.send(new CreateActivityCommand({ name }), { abortSignal });
  return (await persist(lookUp, [name], send)).activityArn;
}

/**
 * Repeats a call as long as it fails because of the network or of throttling. @throws an error that a person must fix
 */
async function persist<T>(
  { clock, random, log, signal }: ActivityLookUp,
  names: readonly string[],
  call: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const since = clock.now();
  for (let said: number | undefined; ;) {
    try {
      // The SDK itself tries several times, and ignores the signal between two attempts.
      return await unlessAborted(
        signal,
        query(clock, (limit) => call(signal ? AbortSignal.any([signal, limit]) : limit), LOOK_UP_LIMIT_MS),
      );
    } catch (error) {
      signal?.throwIfAborted();
      const answer = classifyReportFailure(sdkFailure(error, true));
      if (answer.kind !== 'retry' || answer.pace === 'slow')
        throw answer.kind === 'ok' ? error : answer.error;
      const now = clock.now();
      if (said === undefined || now - said >= REMIND_MS) {
        log.warn(waitingFor(names, answer.error), said === undefined ? NOT_YET : stillWaiting(now - since));
        said = now;
      }
      await clock.sleep(uniformJitter(...RETRY_MS, random), signal);
      signal?.throwIfAborted();
    }
  }
}

const NOT_YET = 'the activities could not be looked up yet; trying on';
const stillWaiting = (ms: number): string => `still looking the activities up, for ${showDuration(ms)} now`;
const waitingFor = (names: readonly string[], error: Error): object => ({
  activities: names,
  error: showError(error),
});

/**
 * Returns the problem of a name that no activity in the region has.
 * @param known the names of the region's activities
 */
export function unknownActivity(name: string, known: readonly string[], region: string): Problem {
  const near = nearestNames(name, known);
  return {
    code: 'ACTIVITY_UNKNOWN',
    where: `activity '${name}'`,
    what:
      near.length > 0
        ? `there is none of this name in ${region}; nearest: ${near.join(', ')}`
        : noActivityIn(region),
    fix:
      near.length > 0
        ? 'correct the name; if it is right, check that region and credentials are those of its account; only for a new activity set `createActivities: true` in the config'
        : `set AWS_REGION (or \`region\` in the config) to the activity's region, now ${region}, or use the credentials of its account; only for a new activity set \`createActivities: true\` in the config`,
  };
}

/** Says that a region has no activity at all, which is seldom meant. */
export const noActivityIn = (region: string): string =>
  `${region} has no activity at all for these credentials: most likely the region or the account is wrong`;

/** Returns the problem of activity names that couldn't be looked up. */
export const lookUpFailed = (names: readonly string[], error: Error): Problem => ({
  code: 'ACTIVITIES_UNREACHABLE',
  where: `activities ${names.join(', ')}`,
  what: `they could not be looked up: ${showError(error)}`,
  fix: 'check whose credentials these are (aws sts get-caller-identity), and allow them states:ListActivities (with `createActivities` states:CreateActivity as well); or declare whole ARNs, which need no look-up',
});
