import type { SeenWorker } from '../../../src/framework/cli/scale/estimate.js';
import { SimulatedActivity, type SimulatedTask } from './simulated-activity.js';
import { SimulatedFleet } from './simulated-fleet.js';

/** One simulated fleet, and what it is to be told from. */
export interface World {
  readonly activity: SimulatedActivity;
  readonly fleet: SimulatedFleet;
  /** The most workers that are allowed. */
  readonly most: number;
  readonly tells: NonNullable<Scenario['tells']>;
}

/** Decides how many workers run. Called once a simulated second. */
export interface Scaler {
  tick(now: number): void;
}

/** The arrivals and the end of a scenario. */
export interface Scenario {
  readonly name: string;
  readonly seconds: number;
  /**
   * The fleet at the beginning, the time that each task which fills it runs in all, and the time that it still runs
   * (without that, nothing fills it).
   */
  readonly begin?: {
    readonly workers: number;
    readonly runMs: number;
    readonly leftMs?: (random: () => number) => number;
  };
  /** Returns the tasks of this second. */
  readonly arrivals: (second: number, random: () => number) => readonly Arrival[];
  /** True for a minute, counted from the beginning, whose datapoints never come. */
  readonly isLost?: (minute: number) => boolean;
  /** True for a minute in which the scaler sees none of the workers: their name finds nobody. @default false */
  readonly isUnseen?: (minute: number) => boolean;
  /** What the first worker tells at its health port. @default what is true */
  readonly tells?: (status: SeenWorker, now: number) => unknown;
}

export interface Arrival {
  readonly runMs: number;
  /** True where the execution is stopped in the moment in which its task is scheduled. */
  readonly stopped?: boolean;
}

/** What came of one run. */
export interface Outcome {
  /** The mean wait of the tasks that were scheduled while a worker was ready, in seconds. */
  readonly meanWait: number;
  /** The longest wait of a task that was the first to be scheduled while no worker was ready, in seconds; NaN of none. */
  readonly fromZero: number;
  readonly workerHours: number;
  readonly cutWhileWaiting: number;
  /** The number of workers that were at work when they were told to end, while the scaler saw none; NaN if it saw all. */
  readonly takenUnseen: number;
}

export const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Simulated';
/** A midnight. */
const BEGIN = 1_767_225_600_000;
const SLOTS = 10;
const MOST_WORKERS = 100;

/**
 * Runs one scenario under one scaler, second by second.
 * @returns what came of it, and the number of workers at work in each five minutes
 */
export function simulate(
  scenario: Scenario,
  makeScaler: (world: World) => Scaler,
  random: () => number,
): Outcome & { readonly curve: readonly number[] } {
  const { seconds, isLost = () => false, isUnseen, begin, tells = (status) => status } = scenario;
  const minuteOf = (at: number): number => (at - BEGIN) / 60_000;
  const activity = new SimulatedActivity(random, (at) => isLost(minuteOf(at)));
  const fleet = new SimulatedFleet(activity, SLOTS, isUnseen && ((at) => isUnseen(minuteOf(at))));
  if (begin) {
    const { workers, runMs, leftMs } = begin;
    const task = { runMs, scheduledAt: BEGIN, fromZero: false };
    const tasks = Array.from({ length: leftMs ? workers * SLOTS : 0 }, () => {
      return { task, endsAt: BEGIN + (leftMs?.(random) ?? 0) };
    });
    fleet.begin(workers, tasks, BEGIN);
  }
  const scaler = makeScaler({ activity, fleet, most: MOST_WORKERS, tells });
  const started: SimulatedTask[] = [];
  const curve: number[] = [];
  const firsts = new Set<SimulatedTask>();
  let isFirst = true;
  for (let second = 0; second < seconds; second++) {
    const now = BEGIN + second * 1_000;
    activity.turnTo(now);
    const fromZero = fleet.ready(now) === 0;
    if (!fromZero) isFirst = true;
    for (const { runMs, stopped } of scenario.arrivals(second, random)) {
      if (stopped) activity.scheduleAndStop(now);
      else {
        const task = { runMs, scheduledAt: now, fromZero };
        if (fromZero && isFirst) firsts.add(task);
        if (fromZero) isFirst = false;
        activity.schedule(task);
      }
    }
    started.push(...fleet.tick(now));
    scaler.tick(now);
    if (second % 300 === 0) curve.push(fleet.ready(now));
  }
  const end = BEGIN + seconds * 1_000;
  const wait = ({ startedAt = end, scheduledAt }: SimulatedTask): number => (startedAt - scheduledAt) / 1_000;
  const { workedMs, cutWhileWaiting, takenUnseen } = fleet;
  const waits = [...started, ...activity.queue].filter(({ fromZero }) => !fromZero).map(wait);
  return {
    cutWhileWaiting,
    takenUnseen,
    curve,
    meanWait: waits.reduce((sum, each) => sum + each, 0) / waits.length,
    fromZero: firsts.size > 0 ? Math.max(...[...firsts].map(wait)) : Number.NaN,
    workerHours: workedMs / 3_600_000,
  };
}
