import type { ActivityPort } from '../../aws/activity-port.js';
import { CallLimiter } from '../poll/call-limiter.js';
import { type ReportWorld, ReportsInFlight } from '../task/report.js';
import { regionOf } from './find-activities.js';

/** The parts that reports from outside a worker use. */
export interface ReportWorldsOptions extends Pick<ReportWorld, 'clock' | 'random' | 'reportLimitMs'> {
  /** Returns the connection to a region. */
  readonly portOf: (region: string) => Promise<ActivityPort>;
}

/** Returns a function that gives a report its parts by the ARN of its activity. Each region has its own limiter. */
export function reportWorlds({
  portOf,
  ...parts
}: ReportWorldsOptions): (activityArn: string) => Promise<ReportWorld> {
  const worlds = new Map<string, Promise<ReportWorld>>();
  const make = async (region: string): Promise<ReportWorld> => ({
    ...parts,
    port: await portOf(region),
    limiter: new CallLimiter(parts.clock, parts.random),
    inFlight: new ReportsInFlight(),
  });
  return (activityArn) => {
    const region = regionOf(activityArn);
    const world = worlds.get(region) ?? make(region);
    worlds.set(region, world);
    return world;
  };
}
