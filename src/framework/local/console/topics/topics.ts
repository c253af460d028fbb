import { errors } from '../../engine/service-error.js';
import type { State } from '../../api/operation.js';
import { activityList } from './activity-list.js';
import { executionTopic } from './execution-topic.js';
import { executionList } from './execution-list.js';
import { machineList } from './machine-list.js';
import { wholeTopic, type Topic } from './topic.js';
import { workerList, type WorkerSource } from './worker-list.js';

/** What a tab asks to follow: the name of a topic, and which one of its kind. */
export interface Wish {
  readonly topic: string;
  /** Of a machine, or of an execution. */
  readonly arn: string | undefined;
}

/** @throws ServiceError where there is no such topic, or nothing of that ARN */
export function openTopic({ topic, arn }: Wish, state: State, workers: WorkerSource): Topic {
  switch (topic) {
    case 'machines':
      return wholeTopic(() => machineList(state));
    case 'executions':
      return executionList(state, arn);
    case 'execution':
      return executionTopic(state, arn ?? '');
    case 'activities':
      return wholeTopic(() => activityList(state));
    case 'workers':
      return wholeTopic(() => workerList(workers));
    default:
      throw errors.validation([`There is no topic '${topic}'`]);
  }
}
