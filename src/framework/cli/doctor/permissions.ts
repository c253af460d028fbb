import type { CallFailure } from '../../aws/call.js';
import type { QueryResult, RegionQueries, TaskCall } from '../../aws/queries/region-queries.js';
import { showError } from '../../base/show.js';
import { type Check, fault, type Finding, ok, unknown } from './finding.js';

const TASK_CALLS: readonly TaskCall[] = ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'];
/** The errors with which Step Functions rejects an unknown token. They prove that the call itself is allowed. */
const UNKNOWN_TOKEN = ['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut'];
/** The errors with which Step Functions rejects a worker's name that is too long. */
const BAD_NAME = ['InvalidName', 'ValidationException'];
const DENIED = ['AccessDenied', 'AccessDeniedException'];

/**
 * Checks that a worker is allowed to make its four calls. Makes each in a form that the service rejects: reports with a
 * made-up token, and a poll by a worker whose name is too long, so that no task is taken.
 */
export async function checkPermissions(
  region: string,
  activityArns: readonly string[],
  queries: RegionQueries,
): Promise<Finding[]> {
  const polls = activityArns.map(async (arn) => {
    const check = callCheck('GetActivityTask', arn, 'the name of a worker that is too long');
    return judge(check, await queries.rejectedPoll(arn), BAD_NAME, allow('GetActivityTask', arn));
  });
  const others = TASK_CALLS.map(async (call) =>
    judge(
      callCheck(call, region, 'an invalid token'),
      await queries.withMadeUpToken(call),
      UNKNOWN_TOKEN,
      allow(call, '*'),
    ),
  );
  return Promise.all([...others, ...polls]);
}

const callCheck = (call: string, where: string, what: string): Check => ({
  check: 'permission',
  subject: `states:${call}, ${where}`,
  expected: `an error for ${what}`,
});

function judge(check: Check, reply: QueryResult<unknown>, expected: readonly string[], fix: string): Finding {
  if (!('failure' in reply))
    return unknown(check, 'it is accepted', 'check what responds there: it is not Step Functions');
  const { type = '', error }: CallFailure = reply.failure;
  if (expected.includes(type)) return ok(check, `${type}: the call is allowed`);
  if (DENIED.includes(type)) return fault(check, showError(error), fix);
  return unknown(check, showError(error), 'run the doctor again later');
}

/**
 * Returns the advice to allow a call in an IAM policy. For a report or a heartbeat the policy has to allow any resource,
 * since these calls contain a token and no ARN.
 */
const allow = (call: string, resource: string): string =>
  `allow it in the policy of the worker's role: { "Effect": "Allow", "Action": "states:${call}", "Resource": "${resource}" }`;
