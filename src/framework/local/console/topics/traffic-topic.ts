import type { StepFunctions } from '../../engine/step-functions.js';
import { Durations, type ActivityTraffic as Recorded, type TrafficPart } from '../../engine/tasks/traffic.js';
import type { ActivityTraffic, Percentiles, TrafficTuple } from '../api.js';
import type { Topic } from './topic.js';

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
  recorded.partAt(now);
  const { from, partMs, parts, failures } = recorded;
  const [wait, work] = [new Durations(), new Durations()];
  for (const part of parts) {
    wait.addAll(part.wait);
    work.addAll(part.work);
  }
  return {
    ...{ arn, from, partMs, parts: parts.map(tuple) },
    scheduled: parts.reduce((sum, each) => sum + each.scheduled, 0),
    started: parts.reduce((sum, each) => sum + each.started, 0),
    ...{ wait: percentiles(wait), work: percentiles(work) },
    failures: [...failures].toSorted(([, a], [, b]) => b - a),
  };
}

const tuple = ({ scheduled, started, waiting, wait, work }: TrafficPart): TrafficTuple => [
  scheduled,
  started,
  waiting,
  percentiles(wait),
  percentiles(work),
];

const percentiles = (durations: Durations): Percentiles => [
  durations.percentile(0.5) ?? null,
  durations.percentile(0.95) ?? null,
];
