import { afterEach, expect, test } from '@jest/globals';
import { createWorker, type Worker } from 'stepwright';
import { silentLog } from '../../src/framework/base/log/log.js';
import { mulberry32 } from '../support/random.js';
import { activity } from '../support/work.js';
import { ARN, createWorld, type World } from '../support/world.js';
import { faultPlan } from './faults.js';
import { type Ending, type Fate, type Figures, judge, violations } from './judge.js';
import { record } from './wire.js';

const EXECUTIONS = 200;
const BATCH = 15;
const BATCH_MS = 500;
const TASK_MS = 300;
const ROLL_MS = 3_000;
const HEARTBEAT_SECONDS = 5;
const LIMIT_MS = 300_000;

let world: World;
afterEach(() => world.close());

/** Workers that come and go: the oldest drains while its successor already polls. */
class Rolling {
  readonly fates: Fate[] = [];
  readonly #running: Worker[] = [];
  readonly #all: Promise<void>[] = [];
  #started = 0;

  async start(): Promise<void> {
    const type = activity(
      async (n, task) => {
        await world.clock.sleep(TASK_MS, task.signal);
        return { done: n };
      },
      { concurrency: 20, heartbeat: '2s' },
    );
    const workerName = `w${++this.#started}`;
    const worker = await createWorker(
      { endpoint: world.service.url, activities: [type], workerName, grace: '20s' },
      { clock: world.clock, random: mulberry32(this.#started), log: silentLog },
    );
    this.#running.push(worker);
    this.#all.push(worker.run());
  }

  async replaceOldest(): Promise<void> {
    this.stopOldest();
    await this.start();
  }

  /** @returns whether there was one. */
  stopOldest(): boolean {
    const worker = this.#running.shift();
    if (!worker) return false;
    this.fates.push({ worker: worker.status().name, drainedAt: world.clock.now() });
    void worker.stop();
    return true;
  }

  /** Stops all, and moves time on until each has ended. */
  async close(): Promise<void> {
    while (this.stopOldest());
    const left = new Set(this.#all);
    for (const each of left) void each.then(() => left.delete(each));
    while (left.size > 0) await world.clock.advance(1_000);
  }
}

/** Starts executions in batches while workers are replaced, until every execution has ended. */
async function soak(seed: number): Promise<Figures> {
  const recorder = record(() => world.clock.now(), faultPlan(seed));
  world = await createWorld({
    fault: recorder.hook,
    random: mulberry32(seed),
    pollHoldMs: 2_000,
    closedPollWindowMs: 2_000,
  });
  const machine = world.machine(ARN, {
    HeartbeatSeconds: HEARTBEAT_SECONDS,
    Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 20, BackoffRate: 1 }],
  });
  const fleet = new Rolling();
  await fleet.start();
  await fleet.start();
  const arns: string[] = [];
  for (let ms = 0; !isOver(arns.length, recorder.record.leases, ms); ms += BATCH_MS) {
    const batch = Array.from(
      { length: Math.min(BATCH, EXECUTIONS - arns.length) },
      (_, i) => arns.length + i,
    );
    arns.push(...(await Promise.all(batch.map((n) => world.execute(machine, n)))));
    if (ms > 0 && ms % ROLL_MS === 0) await fleet.replaceOldest();
    await world.clock.advance(BATCH_MS);
  }
  await fleet.close();
  const endings = await Promise.all(arns.map((arn, n) => endingOf(arn, n)));
  return judge(recorder.record, fleet.fates, endings, HEARTBEAT_SECONDS * 1_000);
}

/** Whether each execution has had a task that succeeded. */
function isOver(
  started: number,
  leases: readonly { end: { kind: string } | undefined }[],
  ms: number,
): boolean {
  if (ms > LIMIT_MS) return true;
  return started === EXECUTIONS && leases.filter(({ end }) => end?.kind === 'succeeded').length >= EXECUTIONS;
}

async function endingOf(executionArn: string, n: number): Promise<Ending> {
  const { status = '', output } = await world.describe(executionArn);
  return { status, asItShould: status === 'SUCCEEDED' && output === JSON.stringify({ done: n }) };
}

test.each([2, 3])(
  'a fifth of all calls fails and workers are replaced all the time, and nothing is lost that could be kept (seed %i)',
  async (seed) => {
    const figures = await soak(seed);
    expect(violations(figures)).toEqual([]);
    expect(figures).toMatchObject({ executions: EXECUTIONS, endedAsTheyShould: EXECUTIONS });
    // Otherwise nothing was tried.
    expect(figures.faults).toBeGreaterThan(figures.calls / 10);
    expect(figures.lost.wire).toBeGreaterThan(0);
    if (process.env['SHOW']) console.log(figures);
  },
  60_000,
);
