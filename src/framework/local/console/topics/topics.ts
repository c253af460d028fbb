import { errors } from '../../engine/service-error.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { FollowedTopic } from '../api.js';
import { activityList, trafficTopic } from './activities.js';
import { executionList, executionTopic } from './executions.js';
import { machineList } from './machines.js';
import { wholeTopic, type Topic } from './topic.js';
import { workerList, type WorkerSource } from './workers.js';

/**
 * Creates the topic that a tab wants to follow.
 * @throws ServiceError if there is no such topic, or nothing has the ARN
 */
export function openTopic(
  { topic, arn }: Pick<FollowedTopic, 'topic' | 'arn'>,
  stepFunctions: StepFunctions,
  workers: WorkerSource,
): Topic {
  switch (topic) {
    case 'machines':
      return wholeTopic<'machines'>(() => machineList(stepFunctions));
    case 'executions':
      return executionList(stepFunctions, arn);
    case 'execution':
      return executionTopic(stepFunctions, arn ?? '');
    case 'activities':
      return wholeTopic<'activities'>(() => activityList(stepFunctions));
    case 'traffic':
      return trafficTopic(stepFunctions);
    case 'workers':
      return wholeTopic<'workers'>(() => workerList(workers, arn));
    default:
      throw errors.validation([`There is no topic '${topic}'`]);
  }
}
