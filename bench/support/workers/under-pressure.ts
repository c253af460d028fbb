import { setTimeout as sleep } from 'node:timers/promises';
import { watchIdle } from '../measure/idle.js';
import { type Steady, steadyFigures } from '../measure/steady.js';
import type { Plan } from '../service/fault-plan.js';
import { until } from '../until.js';
import { type Contestant, withContestants } from './contestant.js';
import type { Candidate } from './workers.js';

export const WORKERS = 2;
export const SLOTS = 20;
export const TASK_MS = 300;
export const TASKS_A_SECOND = 100;
/** A lease without a sign of life lapses so soon that a cell can wait for it. */
const HEARTBEAT_SECONDS = 4;
const HEARTBEAT_MS = 1_500;
/** The time that each cell is fed, unless `--seconds` sets another. */
export const FEED_SECONDS = 8;
export const WARM_UP_MS = 2_000;
/** The longest that the last reports may take once no tasks arrive. */
export const SETTLE_MS = HEARTBEAT_SECONDS * 1_000 + 500;

/** One line of the table: a kind of fault, and how much of it. */
export interface Cell {
  readonly fault: string;
  /** Percent of the calls, or polls a second. */
  readonly rate: number;
  readonly plan: Plan | undefined;
}

export interface Measurement {
  readonly cell: Cell;
  readonly candidate: Candidate;
  readonly steady: Steady;
  /** The idle part of the machine while it was measured. */
  readonly idle: number;
}

/** Runs all candidates at once, each at a service of its own with the same faults. */
export async function measure(
  cell: Cell,
  candidates: readonly Candidate[],
  seconds: number,
): Promise<Measurement[]> {
  const settings = {
    workers: WORKERS,
    slots: SLOTS,
    heartbeatMs: HEARTBEAT_MS,
    service: { state: { HeartbeatSeconds: HEARTBEAT_SECONDS } },
  };
  return withContestants(
    candidates,
    () => settings,
    async (contestant) => {
      const idle = watchIdle();
      const steady = await bear(contestant, cell.plan, seconds);
      return { cell, candidate: contestant.candidate, steady, idle: idle() };
    },
  );
}

async function bear({ service }: Contestant, plan: Plan | undefined, seconds: number): Promise<Steady> {
  await service.plan(plan);
  const tasks = seconds * TASKS_A_SECOND;
  await service.feed({ tasks, perSecond: TASKS_A_SECOND, sleepMs: TASK_MS });
  await sleep(seconds * 1_000);
  const fed = await service.fed();
  // A candidate with a backlog is not waited for.
  const settled = async (): Promise<boolean> => (await service.open()) === 0;
  await until(settled, SETTLE_MS).catch(() => {});
  const { record, now } = await service.record();
  return steadyFigures({ record, now, fed, warmUpMs: WARM_UP_MS, lapseMs: HEARTBEAT_SECONDS * 1_000 });
}
