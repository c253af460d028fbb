import type { Operation } from '../api/operation.js';
import { checkArn, Checker, MAX } from '../api/request-validation.js';

/** What a person is called in a history. */
const HAND = 'console';

/**
 * Leases the oldest queued task of an activity to a person. This is the one call of the console that gives a token; it is
 * reported on as any other is.
 * @returns an empty object where nothing is queued
 */
export const takeTask: Operation = ({ body }, { activities }) => {
  const checker = new Checker(body);
  const arn = checker.requiredText('activityArn', { min: 1, max: MAX.arn, shown: true });
  checker.done();
  const task = activities.get(checkArn(arn, 'activity')).takeOldest(HAND);
  if (!task) return {};
  const { token, lease, order } = task;
  const { input, timeoutSeconds, heartbeatSeconds, origin } = order;
  return {
    taskToken: token,
    input,
    since: lease?.since,
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
    ...(origin && { execution: origin.execution.arn, state: origin.state }),
  };
};
