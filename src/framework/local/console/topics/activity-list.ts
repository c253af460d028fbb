import type { Activity } from '../../engine/activity.js';
import type { OpenTask } from '../../engine/open-task.js';
import type { TaskOrder } from '../../asl/runtime/running-execution.js';
import type { State } from '../../api/operation.js';

/** How many polls and tasks of an activity are listed one by one; all are counted. */
const LISTED = 50;

/** The activities there are: who polls, and the tasks that wait or are leased. No tokens. */
export function activityList({ activities, tasks }: State): object {
  const leased = new Map<string, OpenTask[]>();
  for (const task of tasks) {
    const own = leased.get(task.subject);
    if (own) own.push(task);
    else leased.set(task.subject, [task]);
  }
  return { activities: activities.all().map((each) => describe(each, leased.get(each.arn) ?? [])) };
}

function describe(activity: Activity, leased: readonly OpenTask[]): object {
  const { arn, name, createdAt, parkedPolls, queuedTasks } = activity;
  return {
    arn,
    name,
    createdAt,
    polls: parkedPolls,
    pollers: countNames(activity),
    queued: queuedTasks,
    waiting: first(activity.queued()).map(({ order, since }) => ({ since, ...whereFrom(order) })),
    leased: leased.length,
    working: leased.slice(0, LISTED).map(({ order, lease }) => ({ ...lease, ...whereFrom(order) })),
  };
}

/** Which workers poll, and how many polls each has open. */
function countNames(activity: Activity): { name: string | null; polls: number }[] {
  const counts = new Map<string | null, number>();
  for (const { workerName = null } of activity.polls())
    counts.set(workerName, (counts.get(workerName) ?? 0) + 1);
  return [...counts].map(([name, polls]) => ({ name, polls })).slice(0, LISTED);
}

function whereFrom({ origin }: TaskOrder): object {
  return origin ? { execution: origin.execution.arn, state: origin.state } : {};
}

function first<T>(items: Iterable<T>): T[] {
  const found: T[] = [];
  for (const item of items) {
    found.push(item);
    if (found.length === LISTED) break;
  }
  return found;
}
