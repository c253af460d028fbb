import type { Fault } from './faults/seams.js';
import type { Violation } from './invariants.js';
import { drawPlan, type Plan } from './plan.js';
import { seedIds } from './random.js';
import { EPOCH, setWallClock } from './timeline.js';
import { World } from './world.js';

export interface Result {
  readonly violation: Violation | undefined;
  /** A hash of everything that happened: the same for each run of a plan. */
  readonly hash: string;
  /** Milliseconds of the simulated world, and real ones. */
  readonly simulatedMs: number;
  readonly realMs: number;
  readonly steps: number;
  readonly leases: number;
  /** How each execution ended, in the order in which they were started. */
  readonly ends: readonly string[];
  /** What happened last. */
  readonly lines: readonly string[];
}

/** A plan of nothing. Run once, it loads all that a worker loads at its start, which takes real time. */
const EMPTY: Plan = {
  ...drawPlan(0),
  workers: 1,
  troubleMs: 1_000,
  events: [],
  outbox: true,
  deferred: true,
  uses: true,
};
let warm: Promise<unknown> | undefined;

/** Runs a plan. @param keep how many of the last lines are kept @param fault a mistake that its workers make */
export async function simulate(plan: Plan, keep = 400, fault?: Fault): Promise<Result> {
  warm ??= runOnce({ ...EMPTY, calls: 'lean' }, 0).then(() => runOnce({ ...EMPTY, calls: 'sdk' }, 0));
  await warm;
  return runOnce(plan, keep, fault);
}

async function runOnce(plan: Plan, keep: number, fault?: Fault): Promise<Result> {
  const world = new World(plan, keep, fault);
  const began = performance.now();
  const restore = [
    world.timeline.countTurns(),
    setWallClock(world.timeline),
    seedIds(plan.seed),
    world.watchProcess(),
  ];
  try {
    await world.run();
  } catch (error) {
    world.invariants.broken(
      'no crash',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    for (const each of restore) each();
    world.close();
  }
  const { chronicle, timeline, invariants } = world;
  return {
    violation: invariants.violation,
    hash: chronicle.digest(),
    simulatedMs: timeline.now - EPOCH,
    realMs: performance.now() - began,
    steps: timeline.steps,
    leases: chronicle.byNumber.length,
    ends: world.service.executions.map(({ execution: { status, end } }) => `${status} ${end?.error ?? ''}`),
    lines: chronicle.lines,
  };
}
