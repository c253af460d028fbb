import { isDeepStrictEqual } from 'node:util';
import type { PollAnswer } from '../../engine/activity.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import { formatArn } from '../../asl/values/arn.js';
import { toSeconds } from '../../engine/history.js';
import { errors } from '../../engine/answers/service-error.js';
import { homeOf } from '../../engine/machines/machines.js';
import { DEFAULT_ENCRYPTION } from '../../engine/machines/settings.js';
import { checkTags } from '../../engine/machines/tags.js';
import { checkEncryption, readEncryption, readTags } from './machine-settings.js';
import { type Call, type Operation } from '../operation.js';
import { pageOf } from '../../engine/answers/pages.js';
import { END_POLLS } from '../../../base/local-service.js';
import { checkArn, Checker, checkName, MAX } from '../request-validation.js';

function readActivityArn(call: Call): string {
  const checker = new Checker(call.body);
  const arn = checker.requiredText('activityArn', { min: 1, max: MAX.arn, shown: true });
  checker.done();
  return checkArn(arn, 'activity');
}

const createActivity: Operation = ({ body, region }, { activities, tags }) => {
  const checker = new Checker(body);
  const name = checker.requiredText('name', { min: 1, max: MAX.name, shown: true });
  const encryption = readEncryption(checker) ?? DEFAULT_ENCRYPTION;
  const given = readTags(checker);
  checker.done();
  checkName(name);
  checkEncryption(encryption);
  checkTags(
    name,
    given.map(({ key }) => key),
  );
  const arn = formatArn({ ...homeOf(region), kind: 'activity', name });
  const isNew = !activities.has(arn);
  const activity = activities.create(arn, encryption);
  if (!isDeepStrictEqual(activity.encryption, encryption)) throw errors.activityExists(arn);
  if (isNew) tags.add(arn, given);
  return { activityArn: arn, creationDate: toSeconds(activity.createdAt) };
};

const describeActivity: Operation = (call, { activities }) => {
  const { arn, name, createdAt, encryption } = activities.get(readActivityArn(call));
  return {
    activityArn: arn,
    name,
    creationDate: toSeconds(createdAt),
    encryptionConfiguration: encryption,
  };
};

const listActivities: Operation = ({ operation, body }, { activities }) => {
  const checker = new Checker(body);
  const page = checker.page(operation, MAX.listToken);
  checker.done();
  const { items, ...rest } = pageOf(activities.all(), ({ key }) => key, page);
  const listed = items.map(({ arn, name, createdAt }) => ({
    activityArn: arn,
    name,
    creationDate: toSeconds(createdAt),
  }));
  return { activities: listed, ...rest };
};

const deleteActivity: Operation = (call, { activities, tags }) => {
  const arn = readActivityArn(call);
  activities.delete(arn);
  tags.forget(arn);
  return {};
};

const getActivityTask: Operation = (call, stepFunctions) => {
  const checker = new Checker(call.body);
  const arn = checker.requiredText('activityArn', { min: 1, max: MAX.arn, shown: true });
  const workerName = checker.text('workerName', { min: 1, max: MAX.name, shown: true });
  checker.done();
  return poll(call, stepFunctions, checkArn(arn, 'activity'), workerName);
};

/**
 * Waits until the activity has a task. If the client's connection closes first, the service stops waiting
 * `closedWindowMs` milliseconds later.
 */
function poll(
  { closedWindowMs, onClosed }: Call,
  stepFunctions: StepFunctions,
  arn: string,
  workerName: string | undefined,
): Promise<PollAnswer> {
  return new Promise((resolve) => {
    const withdraw = stepFunctions.poll(arn, workerName, resolve);
    onClosed(() => {
      if (closedWindowMs > 0) stepFunctions.clock.after(closedWindowMs, withdraw);
      else withdraw();
    });
  });
}

/**
 * Responds without a task to the open GetActivityTask calls of a worker that is shutting down. Otherwise the worker
 * would have to wait up to a minute for these responses. Step Functions itself has no such operation.
 */
const endPolls: Operation = ({ body }, stepFunctions) => {
  const checker = new Checker(body);
  const workerName = checker.requiredText('workerName', { min: 1, max: MAX.name, shown: true });
  checker.done();
  stepFunctions.endPollsOf(workerName);
  return {};
};

export const activityOperations: Record<string, Operation> = {
  [END_POLLS]: endPolls,
  CreateActivity: createActivity,
  DescribeActivity: describeActivity,
  ListActivities: listActivities,
  DeleteActivity: deleteActivity,
  GetActivityTask: getActivityTask,
};
