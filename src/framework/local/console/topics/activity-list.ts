import type { Activity } from '../../engine/activities.js';
import type { OpenTask } from '../../engine/tasks/open-tasks.js';
import type { TaskOrder } from '../../asl/runtime/running-execution.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { ActivityList, ActivityRow, TaskOrigin } from '../api.js';
import { leaseOf } from './lease.js';

/** The most entries in each list of an activity's polls and tasks. Numbers next to the lists count all of them. */
const LISTED = 50;

/** Returns the activities with their open polls and with their queued and running tasks. Task tokens are left out. */
export function activityList({ activities, tasks }: StepFunctions): ActivityList {
  const leased = new Map<string, OpenTask[]>();
  for (const task of tasks) {
    const own = leased.get(task.subject);
    if (own) own.push(task);
    else leased.set(task.subject, [task]);
  }
  return { activities: activities.all().map((each) => describe(each, leased.get(each.arn) ?? [])) };
}

function describe(activity: Activity, leased: readonly OpenTask[]): ActivityRow {
  const { arn, name, createdAt, parkedPolls, queuedTasks } = activity;
  return {
    arn,
    name,
    createdAt,
    polls: parkedPolls,
    pollers: countNames(activity),
    queued: queuedTasks,
    waiting: first(activity.queued()).map(({ order, since }) => ({ since, ...originOf(order) })),
    leased: leased.length,
    working: leased
      .slice(0, LISTED)
      .flatMap(({ order, lease }) => (lease ? [{ ...leaseOf(lease), ...originOf(order) }] : [])),
  };
}

/** Returns the workers that poll the activity, each with the number of its open polls. */
function countNames(activity: Activity): ActivityRow['pollers'] {
  const counts = new Map<string | null, number>();
  for (const { workerName = null } of activity.polls())
    counts.set(workerName, (counts.get(workerName) ?? 0) + 1);
  return [...counts].map(([name, polls]) => ({ name, polls })).slice(0, LISTED);
}

function originOf({ origin }: TaskOrder): TaskOrigin {
  return { execution: origin?.execution.arn, state: origin?.state };
}

function first<T>(items: Iterable<T>): T[] {
  const found: T[] = [];
  for (const item of items) {
    found.push(item);
    if (found.length === LISTED) break;
  }
  return found;
}
