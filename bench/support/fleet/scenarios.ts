import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { percentile } from '../measure/median.js';
import { randomOf } from '../random.js';
import type { Candidate } from '../workers/workers.js';
import type { Calls } from './call-counts.js';
import type { Member } from './member.js';
import { hire, type Overrides } from './members.js';
import { BUCKET, type Outage, SimulatedService, type SimulatedTask } from './simulated-service.js';

/** Tasks at once, of each worker. */
export const SLOTS = 10;
/** The average work time of a task; each takes up to half more or less. */
export const TASK_MS = 1_000;
/** Half of what the buckets give. */
export const TASKS_A_SECOND = 150;
export const BURST = 5_000;

const MINUTE = 60_000;
/** A deploy starts its workers within so much. */
const START_MS = 10_000;
/** Until every poll of the beginning was answered, and the fleet is at rest. */
const REST_MS = 100_000;
const WATCH_MS = 2 * MINUTE;
export const OUTAGE_MS = 2 * MINUTE;
const ROLL_MS = 3 * MINUTE;
/** The longest that a backlog is watched. */
const LIMIT_MS = 10 * MINUTE;

export interface Crew {
  readonly candidate: Candidate;
  readonly size: number;
  readonly seed: number;
  readonly overrides: Overrides;
}

/** The figures of a fleet in one scenario. */
export interface Outcome {
  readonly calls: Calls;
  /** The times from schedule to start, in milliseconds; NaN where no task was scheduled. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** The time to finish all tasks of a burst or an outage; Infinity where it took longer than was watched. */
  readonly workedOffMs?: number;
  /** The least that it can take with these buckets and slots. */
  readonly atLeastMs?: number;
  /** Tasks whose token reached a worker, and that were never finished. */
  readonly lost: number;
  /** The most polls that were open at a time, looked at each second. */
  readonly mostPolls: number;
}

/** The scenarios of a fleet, by their names in tables. */
export const SCENARIOS = {
  idle,
  steady,
  burst,
  'outage (gone)': (crew: Crew) => outage(crew, 'gone'),
  'outage (black hole)': (crew: Crew) => outage(crew, 'black hole'),
  'rolling deploy': rollingDeploy,
} as const satisfies Record<string, (crew: Crew) => Promise<Outcome>>;

export type Scenario = keyof typeof SCENARIOS;

/** A fleet at its service, on a clock of its own. */
class Simulation {
  readonly clock = new HandClock(0, { promisesOnly: true });
  readonly service: SimulatedService;
  readonly #random: () => number;
  readonly #members: Member[] = [];
  #hired = 0;
  #feeding = false;
  #mostPolls = 0;

  constructor(private readonly crew: Crew) {
    this.#random = randomOf(crew.seed);
    this.service = new SimulatedService({ clock: this.clock, random: this.#random });
    this.clock.every(1_000, () => {
      this.#mostPolls = Math.max(this.#mostPolls, this.service.parkedPolls);
    });
  }

  /** Starts the whole fleet and lets it come to rest. */
  async begin(): Promise<void> {
    for (let n = 0; n < this.crew.size; n++) {
      this.clock.after(Math.round(this.#random() * START_MS), () => this.hire());
    }
    await this.clock.advance(REST_MS);
    this.#mostPolls = 0;
  }

  hire(): void {
    const { candidate, overrides, seed } = this.crew;
    const { clock, service } = this;
    const name = `w${++this.#hired}`;
    const random = randomOf(seed + this.#hired);
    this.#members.push(hire(candidate, { name, port: service.port, clock, random, slots: SLOTS }, overrides));
  }

  dismissOldest(): void {
    void this.#members.shift()?.stop();
  }

  /** Tasks come at random from now on, so many a second on average. */
  feed(): void {
    this.#feeding = true;
    const next = (): void => {
      if (!this.#feeding) return;
      this.schedule();
      const gapMs = (-Math.log(1 - this.#random()) * 1_000) / TASKS_A_SECOND;
      this.clock.after(gapMs, next);
    };
    next();
  }

  stopFeeding(): void {
    this.#feeding = false;
  }

  schedule(): void {
    this.service.schedule(Math.round(TASK_MS * (0.5 + this.#random())));
  }

  /** Moves on until all these tasks are finished. @returns when the last was */
  async finish(tasks: readonly SimulatedTask[]): Promise<number> {
    const limit = this.clock.now() + LIMIT_MS;
    while (this.clock.now() < limit) {
      if (tasks.every(isFinished)) return Math.max(...tasks.map((task) => endOf(task) ?? 0));
      await this.clock.advance(1_000);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Returns the figures since `from`. */
  outcome(from: number): Outcome {
    const now = this.clock.now();
    const tasks = this.service.tasks.filter(({ scheduledAt }) => scheduledAt >= from);
    const waits = tasks.map(({ scheduledAt, startedAt }) => (startedAt ?? now) - scheduledAt);
    const longAgo = now - MINUTE;
    const lost = this.service.tasks.filter(
      (task) =>
        task.startedAt !== undefined && task.startedAt < longAgo && !task.lostOnTheWire && !isFinished(task),
    );
    return {
      calls: this.service.counts.between(from, now),
      waitP50Ms: percentile(waits, 50),
      waitP99Ms: percentile(waits, 99),
      lost: lost.length,
      mostPolls: this.#mostPolls,
    };
  }
}

const endOf = ({ succeededAt, failedAt }: SimulatedTask): number | undefined => succeededAt ?? failedAt;
const isFinished = (task: SimulatedTask): boolean => endOf(task) !== undefined;

async function idle(crew: Crew): Promise<Outcome> {
  const simulation = new Simulation(crew);
  await simulation.begin();
  const from = simulation.clock.now();
  await simulation.clock.advance(WATCH_MS);
  return simulation.outcome(from);
}

async function steady(crew: Crew): Promise<Outcome> {
  const simulation = new Simulation(crew);
  await simulation.begin();
  simulation.feed();
  await simulation.clock.advance(MINUTE);
  const from = simulation.clock.now();
  await simulation.clock.advance(WATCH_MS);
  return simulation.outcome(from);
}

async function burst(crew: Crew): Promise<Outcome> {
  const simulation = new Simulation(crew);
  await simulation.begin();
  const from = simulation.clock.now();
  for (let n = 0; n < BURST; n++) simulation.schedule();
  const finishedAt = await simulation.finish(simulation.service.tasks);
  const outcome = simulation.outcome(from);
  return { ...outcome, workedOffMs: finishedAt - from, atLeastMs: leastMs(BURST, crew.size) };
}

async function outage(crew: Crew, kind: Outage): Promise<Outcome> {
  const simulation = new Simulation(crew);
  await simulation.begin();
  const { clock, service } = simulation;
  simulation.feed();
  await clock.advance(MINUTE);
  const from = clock.now();
  service.setOutage(kind);
  await clock.advance(OUTAGE_MS);
  service.setOutage();
  const returnedAt = clock.now();
  const backlog = service.tasks.filter((task) => task.startedAt === undefined);
  // Running tasks may lose their leases to the outage; the others are still unleased.
  const finishedAt = await simulation.finish(backlog);
  const outcome = simulation.outcome(from);
  const calls = service.counts.between(returnedAt, clock.now());
  // Workers that came back together must not stay in step.
  const settledAt = returnedAt + MINUTE;
  await clock.advance(Math.max(0, settledAt + WATCH_MS - clock.now()));
  const { busiest } = service.counts.between(settledAt, settledAt + WATCH_MS);
  return {
    ...outcome,
    calls: { ...calls, busiest },
    workedOffMs: finishedAt - returnedAt,
    atLeastMs: leastMs(backlog.length, crew.size),
  };
}

/** Replaces each worker once, evenly over three minutes: the new one starts, then the old one stops. */
async function rollingDeploy(crew: Crew): Promise<Outcome> {
  const simulation = new Simulation(crew);
  await simulation.begin();
  const { clock } = simulation;
  simulation.feed();
  await clock.advance(MINUTE);
  const from = clock.now();
  for (let n = 0; n < crew.size; n++) {
    await clock.advance(ROLL_MS / crew.size);
    simulation.hire();
    simulation.dismissOldest();
  }
  await clock.advance(MINUTE);
  const until = clock.now();
  simulation.stopFeeding();
  // Every lease is finished by then, or never will be.
  await clock.advance(2 * MINUTE);
  return { ...simulation.outcome(from), calls: simulation.service.counts.between(from, until) };
}

/** No fleet can be done sooner: each task takes a token of the polls' full bucket, and a slot for its time. */
const leastMs = (tasks: number, size: number): number =>
  Math.max(((tasks - BUCKET.holds) * 1_000) / BUCKET.perSecond, (tasks * TASK_MS) / (size * SLOTS)) + TASK_MS;
