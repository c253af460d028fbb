import type { Cancel } from '../../base/time/clock.js';
import { Activity } from './activity.js';
import { parseArn } from '../asl/values/arn.js';
import type { Resource, ResourceCall, SubmittedTask } from '../asl/runtime/running-execution.js';
import { errors } from './answers/service-error.js';
import { DEFAULT_ENCRYPTION } from './machines/settings.js';
import type { TaskTable } from './tasks/task-table.js';

/** The most activities that the local service may have. AWS page "Step Functions service quotas". */
const ACTIVITY_LIMIT = 10_000;

/** All activities, by ARN. */
export class Activities implements Resource {
  readonly #byArn = new Map<string, Activity>();
  #created = 0;

  constructor(private readonly table: TaskTable) {}

  /** Returns the activity with this ARN. If there is none, creates it. @throws ServiceError ActivityLimitExceeded */
  create(arn: string, encryption: object = DEFAULT_ENCRYPTION): Activity {
    const existing = this.#byArn.get(arn);
    if (existing) return existing;
    const name = parseArn(arn)?.name ?? arn;
    if (this.#byArn.size >= ACTIVITY_LIMIT) throw errors.tooManyActivities();
    const key = String(this.#created++).padStart(12, '0');
    const activity = new Activity(arn, name, this.table, key, encryption);
    this.#byArn.set(arn, activity);
    return activity;
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  /** @throws ServiceError ActivityDoesNotExist */
  get(arn: string): Activity {
    const activity = this.#byArn.get(arn);
    if (!activity) throw errors.noActivity(arn);
    return activity;
  }

  all(): Activity[] {
    return [...this.#byArn.values()];
  }

  /**
   * Deletes an activity. GetActivityTask calls that wait for its tasks stay open until their usual end, and its tasks
   * until their own timeouts.
   */
  delete(arn: string): void {
    this.#byArn.delete(arn);
  }

  /** Recorded from the live service. */
  refusal({ resource }: Pick<ResourceCall, 'resource'>): string | undefined {
    return this.has(resource) ? undefined : `The activity ${resource} does not exist.`;
  }

  submit(task: SubmittedTask): Cancel {
    return this.get(task.call.resource).schedule(task);
  }
}
