import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { percentile } from '../measure/median.js';
import { randomOf } from '../random.js';
import { hookOf } from '../service/fault-plan.js';
import {
  type Cell,
  FEED_SECONDS,
  SETTLE_MS,
  SLOTS,
  TASK_MS,
  TASKS_A_SECOND,
  WARM_UP_MS,
  WORKERS,
} from '../workers/under-pressure.js';
import type { Candidate } from '../workers/workers.js';
import { hire, type Overrides } from './members.js';
import { SimulatedService } from './simulated-service.js';

/** The figures of a cell in the table of partial failure. */
export interface CellFigures {
  readonly perSecond: number;
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
}

/** Loopback's. */
const DISTANCE = { leastMs: 0, mostMs: 4 };

/** A cell of the table of partial failure without sockets, to hold a simulation against what it simulates. */
export async function simulateCell(
  { plan }: Cell,
  candidate: Candidate,
  overrides: Overrides,
): Promise<CellFigures> {
  const clock = new HandClock(0, { promisesOnly: true });
  const fault = plan && hookOf(plan, clock);
  const service = new SimulatedService({
    clock,
    random: randomOf(1),
    distance: DISTANCE,
    quotas: false,
    ...(fault && { fault }),
  });
  for (let n = 1; n <= WORKERS; n++)
    hire(
      candidate,
      { name: `w${n}`, port: service.port, clock, random: randomOf(n), slots: SLOTS },
      overrides,
    );
  const from = clock.now() + WARM_UP_MS;
  const to = clock.now() + FEED_SECONDS * 1_000;
  while (clock.now() < to) {
    service.schedule(TASK_MS);
    await clock.advance(1_000 / TASKS_A_SECOND);
  }
  await clock.advance(SETTLE_MS);
  const { tasks } = service;
  const accepted = tasks.filter(({ succeededAt = 0 }) => succeededAt >= from && succeededAt <= to);
  const watched = tasks.filter(({ scheduledAt }) => scheduledAt >= from);
  const waits = watched.map(({ scheduledAt, startedAt }) => (startedAt ?? clock.now()) - scheduledAt);
  return {
    perSecond: (accepted.length * 1_000) / (to - from),
    waitP50Ms: percentile(waits, 50),
    waitP99Ms: percentile(waits, 99),
  };
}
