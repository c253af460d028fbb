import type { Environment } from '../../base/environment.js';
import { showError } from '../../base/show.js';
import type { RegionQueries, TaskCall } from '../../aws/queries/region-queries.js';
import type { CallFailure } from '../../aws/call.js';
import { type Finding, fault, type Look, ok, unknown, unlessThrottled } from './finding.js';

const TASK_CALLS: readonly TaskCall[] = ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'];
/** The errors with which Step Functions rejects an unknown token. They prove that the call itself is allowed. */
const UNKNOWN_TOKEN = new Set(['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut']);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException']);

/** Checks that a worker is allowed to send results, failures and heartbeats, by sending each with a made-up token. */
export function lookAtTaskCalls(region: string, queries: RegionQueries): Promise<Finding[]> {
  return Promise.all(
    TASK_CALLS.map(async (call) => {
      const look: Look = {
        check: 'permission',
        subject: `states:${call}, ${region}`,
        expected: 'the error InvalidToken for an invalid token',
      };
      const reply = await queries.withMadeUpToken(call);
      if ('failure' in reply) return judge(look, call, reply.failure);
      return unknown(
        look,
        'an invalid token is accepted',
        'check what responds there: it is not Step Functions',
      );
    }),
  );
}

function judge(look: Look, call: TaskCall, { type = '', error }: CallFailure): Finding {
  if (UNKNOWN_TOKEN.has(type)) return ok(look, `${type}: the call is allowed`);
  if (DENIED.has(type)) return fault(look, showError(error), allow(call));
  return unknown(look, showError(error), 'run the doctor again later');
}

/**
 * Returns the advice to allow a call in an IAM policy. The policy has to allow the call for any resource, since these
 * calls contain a token and no ARN.
 */
const allow = (call: TaskCall): string =>
  `allow it in the policy of the worker's role: { "Effect": "Allow", "Action": "states:${call}", "Resource": "*" }`;

/**
 * Checks with IAM's policy simulator that polls are allowed. No poll is sent for this, because a poll that is abandoned
 * can take a task away from the workers. The simulator doesn't know the policies of a session, so it may be wrong about
 * those.
 * @param askable true if the simulator can be called
 */
export async function lookAtPolls(
  region: string,
  activityArns: readonly string[],
  queries: RegionQueries,
  { env, askable }: { env: Environment; askable: boolean },
): Promise<Finding[]> {
  const look: Look = {
    check: 'permission',
    subject: `states:GetActivityTask, ${region}`,
    expected: 'allowed',
  };
  if (activityArns.length === 0) return [];
  const could = 'a poll could take a task';
  if (!askable) return [unknown(look, could, allowPolls('arn:aws:states:REGION:ACCOUNT:activity:*'))];
  const reply = await queries.simulatePolls(activityArns, env);
  if ('failure' in reply)
    return [
      unknown(
        look,
        `${could}, and IAM can not be asked: ${showError(reply.failure.error)}`,
        askAgain(reply.failure),
      ),
    ];
  return reply.output.map(({ resource, decision }) =>
    decision === 'allowed'
      ? ok(
          { ...look, subject: `states:GetActivityTask, ${resource}` },
          'allowed, says the policy simulator of IAM',
        )
      : fault(
          { ...look, subject: `states:GetActivityTask, ${resource}` },
          `${decision}, says the policy simulator of IAM`,
          allowPolls(resource),
        ),
  );
}

const askAgain = (failure: CallFailure): string =>
  unlessThrottled(failure, DENIED.has(failure.error.name) ? ALLOW_SIMULATION : REACH_IAM);

const REACH_IAM =
  'let this machine reach IAM and STS, or run the doctor where it may; a worker does not need them';

const ALLOW_SIMULATION =
  'allow iam:SimulatePrincipalPolicy (and iam:GetRole) to whoever runs the doctor; a worker does not need them';

const allowPolls = (resource: string): string =>
  `see that the policy of the worker's role allows it: { "Effect": "Allow", "Action": "states:GetActivityTask", "Resource": "${resource}" }`;
