import type { SFNClient } from '@aws-sdk/client-sfn';
import { distance } from 'fastest-levenshtein';
import type { Clock } from '../../clock.js';
import type { Problem } from '../../errors.js';
import type { Logger } from '../../log.js';
import { slowly } from '../../backoff.js';
import { reportFailure } from '../answer.js';

export interface ActivityLookUp {
  readonly client: SFNClient;
  readonly region: string;
  /** Whether a missing activity is created. */
  readonly create: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The ARN of each bare name, or what is wrong with it. */
export interface FoundActivities {
  readonly arns: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const RETRY_MS = [500, 5_000] as const;

/**
 * Looks bare names up, all with one listing, and creates the missing ones where that is wanted. Keeps trying while
 * the service can't be reached, and says so once.
 */
export async function lookUpActivities(
  names: readonly string[],
  lookUp: ActivityLookUp,
): Promise<FoundActivities> {
  if (names.length === 0) return { arns: new Map(), problems: [] };
  const arns = new Map<string, string>();
  try {
    const known = await persist(lookUp, () => listActivities(lookUp.client));
    for (const name of names) {
      const arn =
        known.get(name) ??
        (lookUp.create ? await persist(lookUp, () => create(lookUp.client, name)) : undefined);
      if (arn) arns.set(name, arn);
    }
    const missing = names.filter((name) => !arns.has(name));
    return { arns, problems: missing.map((name) => unknownActivity(name, [...known.keys()], lookUp.region)) };
  } catch (error) {
    return { arns, problems: [lookUpFailed(names, error as Error)] };
  }
}

async function listActivities(client: SFNClient): Promise<Map<string, string>> {
  const { paginateListActivities } = await import('@aws-sdk/client-sfn');
  const found = new Map<string, string>();
  for await (const page of paginateListActivities({ client }, { maxResults: 1000 })) {
    for (const { name, activityArn } of page.activities ?? [])
      if (name && activityArn) found.set(name, activityArn);
  }
  return found;
}

async function create(client: SFNClient, name: string): Promise<string | undefined> {
  const { CreateActivityCommand } = await import('@aws-sdk/client-sfn');
  return (await client.send(new CreateActivityCommand({ name }))).activityArn;
}

/** Tries again while the trouble is the network's or a throttle; what somebody must mend is thrown. */
async function persist<T>({ clock, random, log }: ActivityLookUp, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const answer = reportFailure(error);
      if (answer.kind !== 'retry' || answer.pace === 'slow')
        throw answer.kind === 'ok' ? error : answer.error;
      if (attempt === 1)
        log.warn(
          { error: `${answer.error.name}: ${answer.error.message}` },
          'the activities could not be looked up yet; trying on',
        );
      await clock.sleep(slowly(...RETRY_MS, random));
    }
  }
}

function unknownActivity(name: string, known: string[], region: string): Problem {
  const near = known.toSorted((a, b) => distance(name, a) - distance(name, b)).slice(0, 3);
  return {
    code: 'ACTIVITY_UNKNOWN',
    where: `activity '${name}'`,
    what:
      near.length > 0
        ? `there is none of this name in ${region}; the nearest are ${near.join(', ')}`
        : `there is none of this name in ${region}, nor any other`,
    fix: 'correct the name, give the whole ARN, or set `createActivities: true` in the config',
  };
}

const lookUpFailed = (names: readonly string[], error: Error): Problem => ({
  code: 'ACTIVITIES_UNREACHABLE',
  where: `activities ${names.join(', ')}`,
  what: `they could not be looked up: ${error.name}: ${error.message}`,
  fix: 'allow states:ListActivities (and states:CreateActivity with `createActivities`), or declare whole ARNs, which need no look-up',
});
