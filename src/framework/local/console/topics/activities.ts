import type { Activity } from '../../engine/activities.js';
import type { OpenTask } from '../../engine/tasks/open-tasks.js';
import type { TaskOrder } from '../../../asl/runtime/resource.js';
import type { StepFunctions } from '../../engine/step-functions.js';
import type { ActivityList, ActivityRow, ActivityTraffic, Percentiles, TaskOrigin } from '../api.js';
import type { Topic } from './topic.js';
import type { Durations, ActivityTraffic as Recorded } from '../../engine/tasks/traffic.js';

/** The most entries in each list of an activity's polls and tasks. The numbers beside the lists count all of them. */
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
    waiting: first(activity.queued).map(({ order, since }) => ({ since, ...originOf(order) })),
    leased: leased.length,
    working: leased
      .slice(0, LISTED)
      .flatMap(({ order, lease }) => (lease ? [{ ...lease, ...originOf(order) }] : [])),
  };
}

/** Returns the workers that poll the activity, each with the number of its open polls. */
function countNames(activity: Activity): ActivityRow['pollers'] {
  const counts = new Map<string | null, number>();
  for (const { workerName = null } of activity.polls)
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

/** Creates the topic of the tasks of each activity. A message is sent after a change, at most once a second. */
export function trafficTopic({ tasks: { traffic }, clock }: StepFunctions): Topic<'traffic'> {
  return (seen) => {
    const now = clock.now();
    const position = [traffic.version, Math.floor(now / 1_000)];
    if (seen && (seen[0] === position[0] || seen[1] === position[1])) return undefined;
    const activities = [...traffic].map(([arn, recorded]) => described(arn, recorded, now));
    return { kind: 'snapshot', position, data: { activities } };
  };
}

function described(arn: string, recorded: Recorded, now: number): ActivityTraffic {
  recorded.waits(now);
  const { from, partMs, waited, scheduled, wait, work, failures } = recorded;
  return {
    arn,
    from,
    partMs,
    waited: [...waited],
    scheduled,
    wait: percentiles(wait),
    work: percentiles(work),
    failures: [...failures].toSorted(([, a], [, b]) => b - a),
  };
}

const percentiles = (durations: Durations): Percentiles => [
  durations.percentile(0.5) ?? null,
  durations.percentile(0.95) ?? null,
];
