import { isDeepStrictEqual } from 'node:util';
import type { Activity, PollAnswer } from '../../engine/activities.js';
import { formatArn } from '../../../asl/values/arn.js';
import { toSeconds } from '../../engine/history.js';
import { errors } from '../../engine/service-error.js';
import { DEFAULT_ENCRYPTION } from '../../engine/machines/machine.js';
import { homeOf } from '../../engine/machines/machines.js';
import { checkTags } from '../../engine/machines/tags.js';
import { checkEncryption, readEncryption, readTags } from './machine-settings.js';
import type { Operation } from '../operation.js';
import { listOf, pageOf } from '../../engine/pages.js';
import { END_POLLS } from '../../../base/local-protocol.js';
import { ARN, checkArn, checkName, MAX, NAME } from '../request-validation.js';

const describe = ({ arn, name, createdAt }: Activity): object => ({
  activityArn: arn,
  name,
  creationDate: toSeconds(createdAt),
});

export const activityOperations: Record<string, Operation> = {
  /**
   * Responds without a task to the open GetActivityTask calls of a worker that is shutting down. Otherwise the worker
   * would have to wait up to a minute for these responses. Step Functions itself has no such operation.
   */
  [END_POLLS]({ checker }, stepFunctions) {
    const workerName = checker.requiredText('workerName', NAME);
    checker.done();
    stepFunctions.endPollsOf(workerName);
    return {};
  },

  CreateActivity({ checker, region }, { activities, tags }) {
    const name = checker.requiredText('name', NAME);
    const encryption = readEncryption(checker) ?? DEFAULT_ENCRYPTION;
    const given = readTags(checker);
    checker.done();
    checkName(name);
    checkEncryption(encryption);
    checkTags(name, given);
    const arn = formatArn({ ...homeOf(region), kind: 'activity', name });
    const isNew = !activities.has(arn);
    const activity = activities.create(arn, encryption);
    if (!isDeepStrictEqual(activity.encryption, encryption)) throw errors.activityExists(arn);
    if (isNew) tags.add(arn, given);
    return { activityArn: arn, creationDate: toSeconds(activity.createdAt) };
  },

  DescribeActivity({ checker }, { activities }) {
    const activity = activities.get(checker.onlyArn('activityArn', 'activity'));
    return { ...describe(activity), encryptionConfiguration: activity.encryption };
  },

  ListActivities({ operation, checker }, { activities }) {
    const page = checker.page(operation, MAX.listToken);
    checker.done();
    const listed = pageOf(activities.all(), ({ order }) => order, page);
    return listOf('activities', listed, describe);
  },

  DeleteActivity({ checker }, { activities, tags }) {
    const arn = checker.onlyArn('activityArn', 'activity');
    activities.delete(arn);
    tags.forget(arn);
    return {};
  },

  /**
   * Waits until the activity has a task. If the client's connection closes first, the service stops waiting
   * `closedWindowMs` milliseconds later.
   */
  GetActivityTask({ checker, closedWindowMs, onClosed }, stepFunctions) {
    const arn = checker.requiredText('activityArn', ARN);
    const workerName = checker.text('workerName', NAME);
    checker.done();
    checkArn(arn, 'activity');
    return new Promise<PollAnswer>((resolve) => {
      const withdraw = stepFunctions.poll(arn, workerName, resolve);
      onClosed(() => {
        if (closedWindowMs > 0) stepFunctions.clock.after(closedWindowMs, withdraw);
        else withdraw();
      });
    });
  },
};
