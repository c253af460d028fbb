import { MINUTE_MS, type QueueCounts } from '../../../src/framework/cli/scale/backlog.js';
import { type Estimate, estimate, workersWanted } from '../../../src/framework/cli/scale/estimate.js';
import { COUNTS_MS } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { ScaleInDelay } from '../../../src/framework/cli/scale/published-estimates.js';
import { seenIn } from '../../../src/framework/cli/scale/worker-statuses.js';
import { countRunning } from '../../../src/framework/cli/scale/unseen-work.js';
import { type Alarm, type AlarmMetrics, SimulatedEcs } from './ecs.js';
import { SimulatedKubernetes } from './kubernetes.js';
import { ecsRules, hpaRules, kedaRules, type MetricNamed } from './templates.js';
import { ARN, type Scaler, type World } from './world.js';

export interface Candidate {
  readonly name: string;
  /** The oracle that a candidate of ours is measured by, which keeps as many workers at least. @default none */
  readonly oracle?: string;
  readonly make: (world: World) => Scaler;
}

/** The command's defaults. */
const WITHIN_MS = MINUTE_MS;
/** The history that is read, so that a simulated day is over in seconds; the command reads a day. */
const HISTORY_MS = 180 * MINUTE_MS;

interface Answer extends Estimate {
  /** True where no worker is seen, and tasks run by CloudWatch. */
  readonly isBlind: boolean;
}

/** The estimate as `stepwright scaler` serves it, from the same code. */
class SimulatedScaler {
  #counts: QueueCounts = { scheduled: [], started: [], readAt: Number.NEGATIVE_INFINITY };
  #runMs: number | undefined;
  #latest: { readonly at: number; readonly answer: Answer } | undefined;

  constructor(private readonly world: World) {}

  /** What /scale answers: undefined where it refuses to, because no worker is seen. */
  wanted(now: number): number | undefined {
    const { isBlind, workersWanted: wanted } = this.at(now);
    return isBlind ? undefined : wanted;
  }

  at(now: number): Answer {
    if (this.#latest?.at !== now) this.#latest = { at: now, answer: this.#estimate(now) };
    return this.#latest.answer;
  }

  #estimate(now: number): Answer {
    const { activity, fleet, tells } = this.world;
    const since = now - HISTORY_MS;
    if (now - this.#counts.readAt >= COUNTS_MS) {
      const [scheduled, started] = (['scheduled', 'started'] as const).map((each) =>
        activity.sums(each, now, since),
      );
      this.#counts = { scheduled: scheduled ?? [], started: started ?? [], readAt: now };
      this.#runMs = activity.meanRunMs(now);
    }
    // The first of them may tell something else than the truth.
    const seen = fleet.statuses(ARN, now).map((status, index) => {
      const told = index === 0 ? tells(status, now) : status;
      return seenIn({ ...(told as object), name: `worker-${index}` }, now);
    });
    const workers = seen.flatMap((each) => (typeof each === 'string' ? [] : [each.worker]));
    const made = estimate({
      now,
      activityArn: ARN,
      counts: this.#counts,
      runMs: this.#runMs,
      withinMs: WITHIN_MS,
      workers,
      unreadable: seen.length - workers.length,
      slotsOfWorker: fleet.slotsOfWorker,
      emptyMinuteAt: this.#latest?.answer.emptyMinuteAt,
    });
    if (made.workers > 0) return { ...made, isBlind: false };
    const ended = activity.sums('ended', now, since);
    const sums = { started: activity.sums('started', now, since), ended, ran: ended };
    return { ...made, isBlind: countRunning(sums, undefined) > 0 };
  }
}

/** The metrics that the templates of Kubernetes name. */
function namedMetrics(world: World): MetricNamed {
  const scaler = new SimulatedScaler(world);
  const { fleet } = world;
  return (what) => {
    if (what === 'workersWanted') return (now) => scaler.wanted(now);
    if (what === 'least') return (now) => scaler.at(now).workersWanted;
    // Scraped each 15 s, and asked for through an adapter: half a minute old.
    if (what === 'stepwright_scaler_workers_wanted') return late(30_000, (now) => scaler.wanted(now));
    if (what === 'ActivityScheduleTime') return (now) => scheduleTime(world, now, now - 5 * MINUTE_MS) ?? 0;
    const full = (now: number): number | undefined => {
      const slots = fleet.ready(now) * fleet.slotsOfWorker;
      return slots === 0 ? undefined : fleet.atWork / slots;
    };
    if (/running.*slots_limit/.test(what)) return late(15_000, full);
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

/** The mean of the latest minute with a datapoint since then, or of exactly this minute. */
function scheduleTime(
  { activity }: World,
  now: number,
  since: number,
  minuteAt?: number,
): number | undefined {
  const sums = activity.sums('scheduleTime', now, since);
  const waited = minuteAt === undefined ? sums.at(-1) : sums.find(({ at }) => at === minuteAt);
  const started = activity.sums('started', now, since).find(({ at }) => at === waited?.at);
  return waited && started && waited.sum / started.sum;
}

/** The datapoints that the alarms of ECS look at: those of AWS/States, and those that the scaler publishes. */
class EcsMetrics implements AlarmMetrics {
  readonly #scaler: SimulatedScaler;
  readonly #steady = new ScaleInDelay();
  readonly #published: { readonly at: number; readonly value: number }[] = [];

  constructor(private readonly world: World) {
    this.#scaler = new SimulatedScaler(world);
  }

  tick(now: number): void {
    if (now % COUNTS_MS !== 0) return;
    const { isBlind, workersMissing } = this.#scaler.at(now);
    if (!isBlind) this.#published.push({ at: now, value: this.#steady.note(workersMissing, now) });
    else if (workersMissing > 0) this.#published.push({ at: now, value: 1 });
    while ((this.#published[0]?.at ?? now) < now - 30 * MINUTE_MS) this.#published.shift();
  }

  latest({ MetricName: metric, Period }: Alarm, now: number): number {
    const periodMs = Period * 1_000;
    const lateMs = metric === 'WorkersMissing' ? 0 : 3 * MINUTE_MS;
    return Math.floor((now - lateMs) / periodMs) * periodMs - periodMs;
  }

  read({ MetricName: metric, Period }: Alarm, minuteAt: number, now: number): number | undefined {
    const { activity } = this.world;
    if (metric === 'ActivityScheduleTime') return scheduleTime(this.world, now, minuteAt, minuteAt);
    if (metric === 'WorkersMissing') {
      const until = minuteAt + Period * 1_000;
      const values = this.#published.filter(({ at }) => at >= minuteAt && at < until);
      return values.length > 0 ? Math.max(...values.map(({ value }) => value)) : undefined;
    }
    if (metric !== 'ActivitiesWaiting') throw new Error(`the metric ${metric} is not known`);
    const [scheduled, started] = (['scheduled', 'started'] as const).map(
      (each) => activity.sums(each, now, minuteAt).find(({ at }) => at === minuteAt)?.sum,
    );
    return scheduled === undefined && started === undefined ? undefined : (scheduled ?? 0) - (started ?? 0);
  }
}

const keda =
  (path: string): Candidate['make'] =>
  (world) =>
    new SimulatedKubernetes(world.fleet, kedaRules(path, world.most, namedMetrics(world)));

const hpa =
  (path: string): Candidate['make'] =>
  (world) =>
    new SimulatedKubernetes(world.fleet, hpaRules(path, world.most, namedMetrics(world)));

const ecs =
  (path: string): Candidate['make'] =>
  (world) =>
    new SimulatedEcs(world.fleet, ecsRules(path, world.most), new EcsMetrics(world));

/**
 * Knows the true queue and the true number of tasks at work, as late as CloudWatch is, and sets the number of workers by
 * itself: by the same rule, at once upwards, and downwards after the same five minutes. Never while something waits.
 */
class Oracle implements Scaler {
  readonly #truth: { at: number; waiting: number; atWork: number }[] = [];
  readonly #wanted: { at: number; workers: number }[] = [];

  constructor(
    private readonly world: World,
    private readonly least: number,
  ) {}

  tick(now: number): void {
    const { activity, fleet, most } = this.world;
    if (fleet.desired < this.least) fleet.setDesired(this.least, now);
    if (now % 15_000 !== 0) return;
    this.#truth.push({ at: now, waiting: activity.queue.length, atWork: fleet.atWork });
    const until = activity.publishedUntil(now);
    while ((this.#truth[1]?.at ?? Infinity) <= until) this.#truth.shift();
    const [known] = this.#truth;
    if (!known || known.at > until) return;
    const { slotsOfWorker, desired } = fleet;
    const crew = { workers: desired, unreadable: 0, slots: 0, atWork: known.atWork, slotsOfWorker };
    const counted = { waiting: known.waiting, countedUntil: until, scheduledPerMinute: 0 };
    const backlog = { ...counted, sure: 'proved' as const };
    const runMs = activity.meanRunMs(now);
    const workers = Math.min(most, workersWanted({ crew, backlog, runMs, withinMs: WITHIN_MS, idle: true }));
    this.#wanted.push({ at: now, workers });
    while ((this.#wanted[0]?.at ?? now) <= now - 5 * MINUTE_MS) this.#wanted.shift();
    const kept = Math.max(this.least, ...this.#wanted.map((each) => each.workers));
    if (kept > desired || (kept < desired && activity.queue.length === 0)) fleet.setDesired(kept, now);
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
  { name: 'KEDA without the scaler', make: keda(`${RIVALS}/keda-before.yaml`) },
  { name: 'ECS without the scaler', make: ecs(`${RIVALS}/ecs-before.yaml`) },
  { name: 'Cumulus, difference', make: ecs(`${RIVALS}/cumulus-difference.yaml`) },
];
