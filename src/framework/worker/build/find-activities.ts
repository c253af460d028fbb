import { ownActivity, twoAccounts } from '../../declare/discovery/conflicts.js';
import type { ActivityRef, HandlerDefinition } from '../../declare/definition.js';
import { type Problem, StartError, throwProblems } from '../../base/errors.js';
import { type Endpoint, isLoopback } from '../../aws/endpoint.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import type { ActivityLookUp } from '../../aws/queries/activity-queries.js';
import type { Logger } from '../../base/log/log.js';
import { nearestNames, showError } from '../../base/show.js';
import type { Clock } from '../../base/time/clock.js';
import type { Worker } from '../worker.js';

/** Returns an activity's ARN, even if the handler declares only its bare name. */
type ArnOf = (activity: ActivityRef) => string;

/** Says where {@link findActivities} searches (the endpoint: AWS or a local service), and how. */
interface Search extends Omit<ActivityLookUp, 'client' | 'region' | 'create'> {
  readonly service: AwsService;
  readonly endpoint: Endpoint;
  /**
   * True to create activities that don't exist. If the endpoint is on this machine (such as the local service), missing
   * activities are created even if this is false.
   */
  readonly createActivities: boolean;
}

/**
 * Finds the ARNs of activities that handlers declare by a bare name. One listing of all activities finds all of them.
 * If every handler declares an ARN, nothing is listed.
 * @throws StartError if an activity doesn't exist, if two handlers have the same activity, or if the activities are in
 * two accounts
 */
export async function findActivities(handlers: readonly HandlerDefinition[], search: Search): Promise<ArnOf> {
  const arns = await lookUpNames(bareNames(handlers), search);
  const arnOf = (activity: ActivityRef): string => {
    const arn = activity.kind === 'arn' ? activity.arn : arns.get(activity.name);
    if (arn === undefined) throw new Error(`the activity '${activity.name}' was not found`);
    return arn;
  };
  // The local service uses a made-up account, so accounts aren't compared there.
  const accounts = isLoopback(search.endpoint) ? [] : inAccounts(handlers, arnOf);
  throwProblems([...sameActivity(handlers, arnOf), ...twoAccounts(accounts)]);
  return arnOf;
}

/** Returns the region of an activity, according to its ARN. */
export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

const inAccounts = (handlers: readonly HandlerDefinition[], arnOf: ArnOf) =>
  handlers.map(({ name, activity }) => ({ name, account: arnOf(activity).split(':')[4] ?? '' }));

const bareNames = (handlers: readonly HandlerDefinition[]): string[] => [
  ...new Set(handlers.flatMap(({ activity }) => (activity.kind === 'name' ? [activity.name] : []))),
];

async function lookUpNames(names: readonly string[], search: Search): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const { service, endpoint, createActivities, clock, random, log, signal } = search;
  const region = await service.defaultRegion();
  if (!region) throw new StartError([noRegion(names)]);
  const { lookUpActivities } = await import('../../aws/queries/activity-queries.js');
  const client = await service.client(region);
  const create = createActivities || isLoopback(endpoint);
  const lookUp = { client, region, create, clock, random, log, signal };
  const { arns, problems } = await lookUpActivities(names, lookUp);
  throwProblems(problems);
  return arns;
}

/**
 * Finds two handlers with the same activity, of which one declares the activity by its name and the other by its ARN.
 */
function sameActivity(handlers: readonly HandlerDefinition[], arnOf: ArnOf): Problem[] {
  const seen = new Map<string, string>();
  return handlers.flatMap(({ name, activity }): Problem[] => {
    const arn = arnOf(activity);
    const first = seen.get(arn);
    seen.set(arn, first ?? name);
    if (first === undefined) return [];
    return [
      {
        code: 'HANDLER_DUPLICATE',
        where: `${first} and ${name}`,
        what: `they both take the tasks of ${arn}: each task would go to either of them`,
        fix: ownActivity(arn),
      },
    ];
  });
}

const noRegion = (names: readonly string[]): Problem => ({
  code: 'ACTIVITIES_UNREACHABLE',
  where: `activities ${names.join(', ')}`,
  what: 'bare names are looked up in a region, and none is configured',
  fix: 'set a region, as in: export AWS_REGION=eu-west-1; or `region` in the config; or declare whole ARNs',
});

type Known = ReadonlyMap<string, string>;

/**
 * Logs the names of similar activities when polls are refused because the activity doesn't exist. Lists a region at
 * most once. Logs nothing without the permission to list.
 */
export function logNearestActivities(
  worker: Pick<Worker, 'on'>,
  service: Pick<AwsService, 'client'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): void {
  const listed = new Map<string, Promise<Known>>();
  const over = new AbortController();
  worker.on('state', ({ to }) => {
    if (to === 'draining') over.abort();
  });
  worker.on('poll:failed', ({ handler, activityArn, error }) => {
    if (error.name !== 'ActivityDoesNotExist') return;
    const region = regionOf(activityArn);
    const listing = listed.get(region) ?? list(service, region, clock, over.signal);
    listed.set(region, listing);
    void listing.then(
      (known) => log.error({ handler, activity: activityArn }, nearestTo(activityArn, region, known)),
      (reason) => log.debug({ region, error: showError(reason as Error) }, 'ListActivities failed'),
    );
  });
}

async function list(
  service: Pick<AwsService, 'client'>,
  region: string,
  clock: Clock,
  over: AbortSignal,
): Promise<Known> {
  const { listActivities } = await import('../../aws/queries/activity-queries.js');
  const { query } = await import('../../aws/queries/query.js');
  const client = await service.client(region);
  return query(clock, (limit) => listActivities(client, AbortSignal.any([over, limit])));
}

function nearestTo(arn: string, region: string, known: Known): string {
  const name = arn.split(':').at(-1) ?? '';
  if (known.size === 0)
    return `${region} has no activity at all for these credentials: most likely the region or the account is wrong. Fix: correct the region in the ARN (${arn}), or use the credentials of its account`;
  const none = `there is no activity '${name}' in ${region}`;
  const same = known.get(name);
  if (same !== undefined) return `there is no ${arn}; the account of these credentials has ${same}`;
  return `${none}; the nearest are ${nearestNames(name, known.keys()).join(', ')}`;
}
