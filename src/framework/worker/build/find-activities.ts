import { ownActivity, twoAccounts } from '../../declare/discovery/conflicts.js';
import type { ActivityRef, HandlerDefinition } from '../../declare/definition.js';
import { type Problem, StartError, throwProblems } from '../../base/errors.js';
import { type Endpoint, isLoopback } from '../../aws/endpoint.js';
import type { AwsService } from '../../aws/sdk/aws-service.js';
import type { ActivityLookUp } from '../../aws/queries/activity-queries.js';

/** The ARNs of the handlers' activities. */
export interface Activities {
  /** Returns the ARN of an activity that is declared by an ARN or by a bare name. */
  arnOf(activity: ActivityRef): string;
}

/** The service at which activities are looked up, and the options of the look-up. */
export interface Search extends Omit<ActivityLookUp, 'client' | 'region' | 'create'> {
  readonly service: AwsService;
  readonly endpoint: Endpoint;
  /** True to create missing activities at any endpoint, false: only at a loopback endpoint. */
  readonly createActivities: boolean;
}

/**
 * Finds the activities that are declared by a bare name, all with one listing. Where each handler names an ARN, no call
 * is made.
 * @throws StartError where an activity is missing, where two handlers turn out to take the tasks of one activity, or
 * where the activities lie in two accounts
 */
export async function findActivities(
  handlers: readonly HandlerDefinition[],
  search: Search,
): Promise<Activities> {
  const arns = await lookUpNames(bareNames(handlers), search);
  const activities = {
    arnOf(activity: ActivityRef): string {
      const arn = activity.kind === 'arn' ? activity.arn : arns.get(activity.name);
      if (arn === undefined) throw new Error(`the activity '${activity.name}' was not found`);
      return arn;
    },
  };
  // The local service makes its account up.
  const accounts = isLoopback(search.endpoint) ? [] : inAccounts(handlers, activities);
  throwProblems([...sameActivity(handlers, activities), ...twoAccounts(accounts)]);
  return activities;
}

/** Returns the region in which an activity is polled, from the activity's ARN. */
export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

const inAccounts = (handlers: readonly HandlerDefinition[], activities: Activities) =>
  handlers.map(({ name, activity }) => ({ name, account: activities.arnOf(activity).split(':')[4] ?? '' }));

const bareNames = (handlers: readonly HandlerDefinition[]): string[] => [
  ...new Set(handlers.flatMap(({ activity }) => (activity.kind === 'name' ? [activity.name] : []))),
];

async function lookUpNames(names: readonly string[], search: Search): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const { service, endpoint, createActivities } = search;
  const region = await service.defaultRegion();
  if (!region) throw new StartError([noRegion(names)]);
  const { lookUpActivities } = await import('../../aws/queries/activity-queries.js');
  const client = await service.client(region);
  const create = createActivities || isLoopback(endpoint);
  const { arns, problems } = await lookUpActivities(names, { ...search, client, region, create });
  throwProblems(problems);
  return arns;
}

/** Finds handlers that turn out to share an activity, one by the activity's name and one by its ARN. */
function sameActivity(handlers: readonly HandlerDefinition[], activities: Activities): Problem[] {
  const seen = new Map<string, string>();
  return handlers.flatMap(({ name, activity }): Problem[] => {
    const arn = activities.arnOf(activity);
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
