import type { ActivityRef } from '../../declare/definition.js';
import { nearestNames, showError } from '../../base/show.js';
import { noActivityIn } from '../../aws/queries/activity-queries.js';
import type { QueryResult, RegionQueries } from '../../aws/queries/region-queries.js';
import type { PlannedHandler } from '../../worker/build/plan.js';
import { AGAIN, type Check, fault, type Finding, ok, unknown, unlessThrottled } from './finding.js';

/** The activities of one region. */
interface ActivitiesThere {
  readonly region: string;
  readonly known: QueryResult<ReadonlyMap<string, string>>;
  /** True if the command `start` would create activities that are declared by a bare name but don't exist. */
  readonly created: boolean;
}

/** Checks that the activity of each handler exists. */
export function checkActivities(
  handlers: readonly PlannedHandler[],
  there: ActivitiesThere,
  queries: RegionQueries,
): Promise<Finding[]> {
  return Promise.all(
    handlers.map(async ({ definition: { name, activity } }) => {
      const check: Check = {
        check: 'activity',
        subject: `${name}: ${activity.kind === 'arn' ? activity.arn : activity.name}`,
        expected: 'an activity that exists',
      };
      return activity.kind === 'arn'
        ? byArn(check, activity, there, queries)
        : byName(check, activity.name, there);
    }),
  );
}

function byName(check: Check, name: string, { known, region, created }: ActivitiesThere): Finding {
  if ('failure' in known) {
    const got = `the name can not be looked up: ${showError(known.failure.error)}`;
    const fix = unlessThrottled(known.failure, 'allow states:ListActivities, or declare the whole ARN');
    return fix === AGAIN ? unknown(check, got, fix) : fault(check, got, fix);
  }
  const arn = known.output.get(name);
  if (arn !== undefined) return ok(check, arn);
  if (created) return ok(check, `none yet: a start creates it`);
  return fault(
    check,
    known.output.size === 0
      ? noActivityIn(region)
      : `none of this name in ${region}${nearestTo(name, known.output)}`,
    known.output.size === 0
      ? `set AWS_REGION to the activity's region, now ${region}, or use the credentials of its account; only for a new activity set \`createActivities: true\``
      : 'correct the name, give the whole ARN, or set `createActivities: true`',
  );
}

async function byArn(
  check: Check,
  { arn, name, region }: Extract<ActivityRef, { kind: 'arn' }>,
  { known }: ActivitiesThere,
  queries: RegionQueries,
): Promise<Finding> {
  const names = 'failure' in known ? undefined : known.output;
  if (names?.get(name) === arn) return ok(check, 'it exists');
  // The list contains only activities of the credentials' own account.
  const described = await queries.activity(arn);
  if (!('failure' in described)) return ok(check, 'it exists');
  const { type, error } = described.failure;
  if (type === 'ActivityDoesNotExist')
    return fault(
      check,
      names?.size === 0 ? noActivityIn(region) : `there is none${names ? nearestArn(name, names) : ''}`,
      `correct ${names?.size === 0 ? 'the region in the ARN' : 'the ARN'}, or create it: aws stepfunctions create-activity --name ${name} --region ${region}`,
    );
  const allow = 'allow states:DescribeActivity to whoever runs the doctor; a worker does not need it';
  return unknown(check, showError(error), unlessThrottled(described.failure, allow));
}

/** Names the activity that has the same name elsewhere, in another region or account; otherwise the nearest names. */
function nearestArn(name: string, known: ReadonlyMap<string, string>): string {
  const elsewhere = known.get(name);
  return elsewhere === undefined ? nearestTo(name, known) : `, but there is ${elsewhere}`;
}

const nearestTo = (name: string, known: ReadonlyMap<string, string>): string =>
  `; the nearest are ${nearestNames(name, known.keys()).join(', ')}`;
