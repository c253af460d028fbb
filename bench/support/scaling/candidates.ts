import type { MinuteSum, QueueCounts } from '../../../src/framework/cli/scale/backlog.js';
import { COUNTS_MS } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { estimate, type Estimate, workersWanted } from '../../../src/framework/cli/scale/estimate.js';
import { seenIn } from '../../../src/framework/cli/scale/worker-statuses.js';
import { ScaleInDelay } from '../../../src/framework/cli/scale/published-estimates.js';
import { countRunning } from '../../../src/framework/cli/scale/unseen-work.js';
import { type Alarm, type ReadMetric, SimulatedEcs } from './ecs.js';
import { SimulatedKubernetes } from './kubernetes.js';
import { MINUTE } from './simulated-activity.js';
import { ecsRules, hpaRules, kedaRules, type MetricNamed } from './templates.js';
import { ARN, type Scaler, type World } from './world.js';

export interface Candidate {
  readonly name: string;
  /** The oracle that a candidate of ours is measured by, which keeps as many workers at least. @default none */
  readonly oracle?: string;
  readonly make: (world: World) => Scaler;
}

/** The command's defaults. */
const WITHIN_MS = MINUTE;
/** The history that is read, so that a simulated day is over in seconds; the command reads a day. */
const HISTORY_MS = 180 * MINUTE;

interface Answer {
  readonly estimate: Estimate;
  /** True where no worker is seen, and tasks run by CloudWatch. */
  readonly isBlind: boolean;
}

/** The estimate as `stepwright scaler` serves it, from the same code. */
class SimulatedScaler {
  readonly #world: World;
  #emptyMinuteAt: number | undefined;
  #counts: QueueCounts = { scheduled: [], started: [], readAt: Number.NEGATIVE_INFINITY };
  #runMs: number | undefined;
  #at = -1;
  #latest: Answer | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** What /scale answers: undefined where no worker is seen, and tasks run by CloudWatch. */
  at(now: number): Estimate | undefined {
    const { isBlind, estimate: made } = this.latest(now);
    return isBlind ? undefined : made;
  }

  latest(now: number): Answer {
    if (this.#latest && this.#at === now) return this.#latest;
    const { activity, fleet } = this.#world;
    if (now - this.#counts.readAt >= COUNTS_MS) {
      const since = now - HISTORY_MS;
      this.#counts = {
        scheduled: activity.sums('ActivitiesScheduled', now, since),
        started: activity.sums('ActivitiesStarted', now, since),
        readAt: now,
      };
      this.#runMs = activity.meanRunMs(now);
    }
    const seen = this.#read(now);
    const workers = seen.flatMap((each) => (typeof each === 'string' ? [] : [each.worker]));
    const unreadable = seen.length - workers.length;
    const made = estimate({
      ...{ now, activityArn: ARN, counts: this.#counts, runMs: this.#runMs, unreadable },
      ...{ workers, emptyMinuteAt: this.#emptyMinuteAt },
      ...{ slotsOfWorker: fleet.slotsOfWorker, withinMs: WITHIN_MS },
    });
    this.#emptyMinuteAt = made.emptyMinuteAt;
    const answer = { estimate: made, isBlind: made.workers === 0 && this.#running(now) > 0 };
    [this.#at, this.#latest] = [now, answer];
    return answer;
  }

  /** What is believed of the status of each worker, of which the first may tell something else than the truth. */
  #read(now: number): ReturnType<typeof seenIn>[] {
    const { fleet, tells } = this.#world;
    return fleet.statuses(ARN, now).map((status, index) => {
      const told = index === 0 ? tells(status, now) : status;
      return seenIn({ ...(told as object), name: `worker-${index}` }, now);
    });
  }

  #running(now: number): number {
    const sums = (name: 'ActivitiesStarted' | 'ActivitiesSucceeded'): MinuteSum[] =>
      this.#world.activity.sums(name, now, now - HISTORY_MS);
    const ended = sums('ActivitiesSucceeded');
    return countRunning({ started: sums('ActivitiesStarted'), ended, ran: ended }, undefined);
  }
}

/** The metrics that the templates of Kubernetes name. */
function namedMetrics(world: World): MetricNamed {
  const scaler = new SimulatedScaler(world);
  const { fleet } = world;
  return (what) => {
    if (what === 'workersWanted') return (now) => scaler.at(now)?.workersWanted;
    if (what === 'least') return (now) => scaler.latest(now).estimate.workersWanted;
    // Scraped each 15 s, and asked for through an adapter: half a minute old.
    if (what === 'stepwright_scaler_workers_wanted')
      return late(30_000, (now) => scaler.at(now)?.workersWanted);
    if (what === 'ActivityScheduleTime') return (now) => scheduleTime(world, now, now - 5 * MINUTE) ?? 0;
    const full = (now: number): number | undefined => {
      const slots = fleet.ready(now) * fleet.slotsOfWorker;
      return slots === 0 ? undefined : fleet.atWork / slots;
    };
    if (/running.*slots_limit|places_busy/.test(what)) return late(15_000, full);
    throw new Error(`the metric ${what} is not known`);
  };
}

/** Samples a value each 15 s, and tells one that is this old. */
function late(ms: number, read: (now: number) => number | undefined): (now: number) => number | undefined {
  const samples: { at: number; value: number | undefined }[] = [];
  return (now) => {
    samples.push({ at: now, value: read(now) });
    while ((samples[1]?.at ?? now) <= now - ms) samples.shift();
    return samples[0]?.value;
  };
}

function scheduleTime({ activity }: World, now: number, since: number): number | undefined {
  const waited = activity.sums('ActivityScheduleTime', now, since).at(-1);
  const started = activity.sums('ActivitiesStarted', now, since).find(({ at }) => at === waited?.at);
  return waited && started && started.sum > 0 ? waited.sum / started.sum : undefined;
}

/** The datapoints that the alarms of ECS look at: those of AWS/States, and those that the scaler publishes. */
function alarmMetrics(world: World): {
  read: ReadMetric;
  latest: (alarm: Alarm, now: number) => number;
  tick: (now: number) => void;
} {
  const scaler = new SimulatedScaler(world);
  const steady = new ScaleInDelay();
  const published: { at: number; value: number }[] = [];
  const own = (metric: string): boolean => metric === 'WorkersMissing';
  return {
    tick: (now) => {
      if (now % COUNTS_MS !== 0) return;
      const { isBlind, estimate: made } = scaler.latest(now);
      if (!isBlind) published.push({ at: now, value: steady.note(made.workersMissing, now) });
      else if (made.workersMissing > 0) published.push({ at: now, value: 1 });
      while ((published[0]?.at ?? now) < now - 30 * MINUTE) published.shift();
    },
    latest: ({ metric, periodSeconds }, now) => {
      const period = periodSeconds * 1_000;
      return Math.floor((now - (own(metric) ? 0 : 3 * MINUTE)) / period) * period - period;
    },
    read: ({ metric, periodSeconds }, at, now) => {
      if (own(metric)) {
        const values = published.filter((each) => each.at >= at && each.at < at + periodSeconds * 1_000);
        return values.length > 0 ? Math.max(...values.map(({ value }) => value)) : undefined;
      }
      const sumOf = (
        name: 'ActivitiesScheduled' | 'ActivitiesStarted' | 'ActivityScheduleTime',
      ): number | undefined => world.activity.sums(name, now, at).find((each) => each.at === at)?.sum;
      if (metric === 'ActivityScheduleTime') {
        const [sum, started] = [sumOf('ActivityScheduleTime'), sumOf('ActivitiesStarted')];
        return sum === undefined || !started ? undefined : sum / started;
      }
      if (metric === 'ActivitiesWaiting') {
        const [scheduled, started] = [sumOf('ActivitiesScheduled'), sumOf('ActivitiesStarted')];
        if (scheduled === undefined && started === undefined) return undefined;
        return (scheduled ?? 0) - (started ?? 0);
      }
      throw new Error(`the metric ${metric} is not known`);
    },
  };
}

function keda(path: string): Candidate['make'] {
  return (world) => new SimulatedKubernetes(world.fleet, kedaRules(path, world.most, namedMetrics(world)));
}

function hpa(path: string): Candidate['make'] {
  return (world) => new SimulatedKubernetes(world.fleet, hpaRules(path, world.most, namedMetrics(world)));
}

function ecs(path: string): Candidate['make'] {
  return (world) => {
    const { read, latest, tick } = alarmMetrics(world);
    const service = new SimulatedEcs(world.fleet, ecsRules(path, world.most), read, latest);
    return {
      tick: (now) => {
        tick(now);
        service.tick(now);
      },
    };
  };
}

/**
 * Knows the true queue and the true number of tasks at work, as late as CloudWatch is, and sets the number of workers by
 * itself: by the same rule, at once upwards, and downwards after the same five minutes. Never while something waits.
 */
export class Oracle implements Scaler {
  readonly #world: World;
  readonly #truth: { at: number; waiting: number; atWork: number }[] = [];
  readonly #wanted: { at: number; workers: number }[] = [];

  readonly #least: number;

  constructor(world: World, least: number) {
    this.#world = world;
    this.#least = least;
  }

  tick(now: number): void {
    if (this.#world.fleet.desired < this.#least) this.#world.fleet.setDesired(this.#least, now);
    if (now % 15_000 !== 0) return;
    const { activity, fleet, most } = this.#world;
    this.#truth.push({ at: now, waiting: activity.queue.length, atWork: fleet.atWork });
    const until = activity.publishedUntil(now);
    while ((this.#truth[1]?.at ?? Infinity) <= until) this.#truth.shift();
    const [known] = this.#truth;
    if (!known || known.at > until) return;
    const crew = {
      workers: fleet.desired,
      unreadable: 0,
      slots: 0,
      atWork: known.atWork,
      slotsOfWorker: fleet.slotsOfWorker,
    };
    const backlog = {
      waiting: known.waiting,
      sure: 'proved' as const,
      countedUntil: until,
      scheduledPerMinute: 0,
    };
    const runMs = activity.meanRunMs(now);
    const workers = Math.min(most, workersWanted({ crew, backlog, runMs, withinMs: WITHIN_MS, idle: true }));
    this.#wanted.push({ at: now, workers });
    while ((this.#wanted[0]?.at ?? now) <= now - 5 * MINUTE) this.#wanted.shift();
    const kept = Math.max(this.#least, ...this.#wanted.map((each) => each.workers));
    if (kept > fleet.desired || (kept < fleet.desired && activity.queue.length === 0))
      fleet.setDesired(kept, now);
  }
}

const RIVALS = 'bench/rivals/scaling';

export const ORACLE = 'oracle';
const ORACLE_OF_ONE = 'oracle, one at least';

export const CANDIDATES: readonly Candidate[] = [
  { name: ORACLE, make: (world) => new Oracle(world, 0) },
  { name: 'ours, keda.yaml', oracle: ORACLE, make: keda('deploy/kubernetes/keda.yaml') },
  { name: 'ours, autoscaling.yaml', oracle: ORACLE, make: ecs('deploy/ecs/autoscaling.yaml') },
  { name: ORACLE_OF_ONE, make: (world) => new Oracle(world, 1) },
  { name: 'ours, hpa.yaml', oracle: ORACLE_OF_ONE, make: hpa('deploy/kubernetes/hpa.yaml') },
  { name: 'KEDA before', make: keda(`${RIVALS}/keda-before.yaml`) },
  { name: 'ECS before', make: ecs(`${RIVALS}/ecs-before.yaml`) },
  { name: 'full slots (HPA)', make: hpa(`${RIVALS}/full-slots.yaml`) },
  { name: 'Cumulus, difference', make: ecs(`${RIVALS}/cumulus-difference.yaml`) },
  { name: 'Cumulus, schedule time', make: ecs(`${RIVALS}/cumulus-schedule-time.yaml`) },
];
