import type { SeenWorker } from '../../../src/framework/cli/scale/estimate.js';
import type { SimulatedTask } from './simulated-activity.js';
import { SimulatedActivity } from './simulated-activity.js';
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
  readonly slots: number;
  readonly most: number;
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
  readonly tasks: number;
  readonly left: number;
  /** The mean wait of the tasks that were scheduled while a worker was ready, in seconds. */
  readonly meanWait: number;
  /** The longest wait of a task that was the first to be scheduled while no worker was ready, in seconds. */
  readonly fromZero: number;
  readonly meanFromZero: number;
  readonly workerHours: number;
  readonly cutWhileWaiting: number;
  /** The number of workers that were at work when they were told to end, while the scaler saw none; NaN if it saw all. */
  readonly takenUnseen: number;
  readonly scaleIns: number;
  readonly mostWorkers: number;
  /** The number of workers at work in each five minutes. */
  readonly curve: readonly number[];
}

export const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Simulated';
/** A midnight. */
const BEGIN = 1_767_225_600_000;

/** Runs one scenario under one scaler, second by second. */
export function simulate(
  scenario: Scenario,
  makeScaler: (world: World) => Scaler,
  seedRandom: () => number,
): Outcome {
  const { slots, most, seconds, isLost, isUnseen } = scenario;
  const activity = new SimulatedActivity(seedRandom, isLost && ((at) => isLost((at - BEGIN) / 60_000)));
  const fleet = new SimulatedFleet(activity, slots, isUnseen && ((at) => isUnseen((at - BEGIN) / 60_000)));
  const { begin } = scenario;
  if (begin) {
    const { leftMs } = begin;
    const tasks = Array.from({ length: leftMs ? begin.workers * slots : 0 }, () => {
      const endsAt = BEGIN + (leftMs?.(seedRandom) ?? 0);
      return { task: taskOf(begin.runMs, BEGIN, false), endsAt };
    });
    fleet.begin(begin.workers, tasks, BEGIN);
  }
  const scaler = makeScaler({ activity, fleet, most, tells: scenario.tells ?? ((status) => status) });
  const started: SimulatedTask[] = [];
  const curve: number[] = [];
  let isFirst = true;
  const firsts = new Set<SimulatedTask>();
  for (let second = 0; second < seconds; second++) {
    const now = BEGIN + second * 1_000;
    activity.turnTo(now);
    const none = fleet.ready(now) === 0;
    if (!none) isFirst = true;
    for (const { runMs, stopped } of scenario.arrivals(second, seedRandom)) {
      if (stopped) activity.scheduleAndStop(now);
      else {
        const task = taskOf(runMs, now, none);
        if (none && isFirst) {
          firsts.add(task);
          isFirst = false;
        }
        activity.schedule(task);
      }
    }
    for (const task of fleet.tick(now)) started.push(task);
    scaler.tick(now);
    if (second % 300 === 0) curve.push(fleet.ready(now));
  }
  const end = BEGIN + seconds * 1_000;
  return outcomeOf({ started, fleet, activity, end, curve, firsts });
}

const taskOf = (runMs: number, scheduledAt: number, fromZero: boolean): SimulatedTask => ({
  runMs,
  scheduledAt,
  fromZero,
  stoppedAt: undefined,
  startedAt: undefined,
});

interface Run {
  readonly started: readonly SimulatedTask[];
  readonly fleet: SimulatedFleet;
  readonly activity: SimulatedActivity;
  readonly end: number;
  readonly curve: readonly number[];
  readonly firsts: ReadonlySet<SimulatedTask>;
}

function outcomeOf({ started, fleet, activity, end, curve, firsts }: Run): Outcome {
  const all = [...started, ...activity.queue];
  const waitOf = ({ startedAt = end, scheduledAt }: SimulatedTask): number =>
    (startedAt - scheduledAt) / 1_000;
  const waits = all.filter(({ fromZero }) => !fromZero).map(waitOf);
  const fromZero = all.filter((task) => task.fromZero).map(waitOf);
  const first = all.filter((task) => firsts.has(task)).map(waitOf);
  const mean = (values: readonly number[]): number =>
    values.length === 0 ? Number.NaN : values.reduce((sum, each) => sum + each, 0) / values.length;
  const { workedMs, cutWhileWaiting, takenUnseen, scaleIns, mostWorkers } = fleet;
  return {
    tasks: all.length,
    left: activity.queue.length,
    meanWait: mean(waits),
    fromZero: first.length > 0 ? Math.max(...first) : Number.NaN,
    meanFromZero: mean(fromZero),
    workerHours: workedMs / 3_600_000,
    ...{ cutWhileWaiting, takenUnseen, scaleIns, mostWorkers, curve },
  };
}
