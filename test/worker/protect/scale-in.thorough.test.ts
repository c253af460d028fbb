import { expect, test } from '@jest/globals';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { tokenHash } from '../../../src/framework/base/show.js';
import { StepFunctions } from '../../../src/framework/local/engine/step-functions.js';
import { EnginePort } from '../../../src/framework/testing/machine/engine.js';
import { IntervalHeartbeats } from '../../../src/framework/testing/harness/task-runtime.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import type { RunnableHandler } from '../../../src/framework/worker/handler-loop.js';
import type { Platform } from '../../../src/framework/worker/protect/platform.js';
import type { Heartbeat, Lease } from '../../../src/framework/worker/heartbeat/heartbeats.js';
import { AskedProtection } from '../../../src/framework/worker/protect/protection.js';
import { Worker } from '../../../src/framework/worker/worker.js';
import { stream } from '../../simulate/random.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const PROTECT_AFTER = MINUTE;
/** The longest that the platform of the simulation takes for a call. */
const CALL_MS = 2 * SECOND;
/** Nine hours of tasks that take three. */
const [FLEET, LONG_MS, HOURS] = [8, 3 * HOUR, 9];
const ARNS = ['Long', 'Short'].map((name) => `arn:aws:states:us-east-1:123456789012:activity:${name}`);
const [LONG = '', SHORT = ''] = ARNS;

/** One worker's platform: what it holds, and the calls. It lapses as ECS' protection does. */
class PlatformModel implements Platform {
  readonly name = 'ecs';
  readonly lapsesMs = HOUR;
  calls = 0;
  /** The instants at which the running tasks were received. */
  readonly running = new Set<{ readonly since: number }>();
  #until = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: HandClock,
    private readonly random: () => number,
    private readonly failing: number,
  ) {}

  get holds(): boolean {
    return this.clock.now() < this.#until;
  }

  protect = (): Promise<void> => this.#call(() => (this.#until = this.clock.now() + HOUR));
  release = (): Promise<void> => this.#call(() => (this.#until = Number.NEGATIVE_INFINITY));

  /** Some calls fail, half of these after they have done their work. */
  async #call(work: () => void): Promise<void> {
    this.calls++;
    await this.clock.sleep(this.random() * CALL_MS);
    const fails = this.random() < this.failing;
    if (!fails || this.random() < 0.5) work();
    if (fails) throw new Error('ThrottlingException');
  }
}

interface Member {
  readonly worker: Worker;
  readonly platform: PlatformModel;
  readonly ended: Promise<void>;
  stopped: boolean;
}

interface Figures {
  /** The ages of the tasks that a scale-in has cut, in milliseconds. */
  readonly cut: number[];
  scaleIns: number;
  finished: number;
  /** The longest that a worker was protected after the last of its old tasks had ended. */
  longestKept: number;
  /** The calls of the workers that only ever had short tasks. */
  callsForShort: number;
  calls: number;
}

interface Fleet {
  readonly protects: boolean;
  readonly failing?: number;
  readonly seed: string;
}

/** A fleet: a long task each half hour, short ones each minute, a scale-in each ten minutes. */
async function simulate({ protects, failing = 0, seed }: Fleet): Promise<Figures> {
  const clock = new HandClock(undefined, { promisesOnly: true });
  const random = stream(1, seed);
  const engine = new StepFunctions({ clock, random });
  const port = new EnginePort(engine);
  const machines = ARNS.map((Resource) => {
    engine.activities.create(Resource);
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1_000, BackoffRate: 1, IntervalSeconds: 1 }];
    const States = { Work: { Type: 'Task', Resource, Retry, End: true } };
    return engine.createMachine({
      name: Resource.slice(-5).replace(':', ''),
      definition: JSON.stringify({ StartAt: 'Work', States }),
    });
  });
  const figures: Figures = {
    cut: [],
    scaleIns: 0,
    finished: 0,
    longestKept: 0,
    callsForShort: 0,
    calls: 0,
  };
  let hired = 0;
  const hire = (activityArn: string): Member => {
    const platform = new PlatformModel(clock, random, failing);
    const handler: RunnableHandler = {
      name: 'Work.run',
      activityArn,
      port,
      concurrency: 2,
      pollers: { min: 1, max: 2 },
      heartbeatMs: 5 * MINUTE,
      timeoutMs: false,
      handle: async (text, { signal }, onOutcome) => {
        const task = { since: clock.now() };
        platform.running.add(task);
        await clock.sleep(Number(text), signal);
        platform.running.delete(task);
        if (signal.aborted) return onOutcome({ status: 'failed', error: 'Cut', cause: '{}' });
        figures.finished++;
        onOutcome({ status: 'succeeded', output: 'null' });
      },
    };
    const beats = new IntervalHeartbeats(clock);
    /** When each task was received whose outcome is not accepted. */
    const begun = new Map<string, number>();
    const oldest = (): number | undefined => (begun.size > 0 ? Math.min(...begun.values()) : undefined);
    const asked = protects
      ? new AskedProtection({
          platform,
          afterMs: PROTECT_AFTER,
          clock,
          random,
          oldest,
          tell: () => {},
        })
      : undefined;
    const track = (lease: Lease): Heartbeat => {
      begun.set(lease.token, lease.leasedAt);
      const beat = beats.track(lease);
      return {
        lastAt: undefined,
        now: () => beat.now(),
        release: () => (begun.delete(lease.token), beat.release()),
      };
    };
    const heartbeats = { follow: () => {}, track };
    const worker = new Worker({
      name: `w${hired++}`,
      handlers: [handler],
      clock,
      random,
      log: silentLog,
      heartbeats,
      reportLimitMs: 15 * MINUTE,
      graceMs: MINUTE,
      drain: 'run',
      close: () => Promise.resolve(),
      scopeOf: () => 'test',
      ...(asked && { protection: { status: undefined, follow: () => {}, close: () => asked.close() } }),
    });
    return { worker, platform, ended: worker.run(), stopped: false };
  };
  const fleet = Array.from({ length: FLEET }, () => hire(LONG));
  const shorts = [hire(SHORT), hire(SHORT)];
  const start = (kind: number, ms: number): void => {
    const machine = machines[kind];
    if (machine) engine.start(machine, String(Math.round(ms)));
  };

  /** ECS takes any task of the service that is not protected. */
  const scaleIn = (): void => {
    const free = fleet.filter(({ stopped, platform }) => !stopped && !platform.holds);
    const victim = free[Math.floor(random() * free.length)];
    if (!victim) return;
    figures.scaleIns++;
    victim.stopped = true;
    // A task that ends within the grace is not cut.
    const doomed = victim.worker.status().tasks.map(({ task, ageMs }) => ({ task, ageMs }));
    const gone = new Set<string>();
    for (const event of ['task:succeeded', 'task:gone'] as const)
      victim.worker.on(event, ({ token }) => void gone.add(tokenHash(token)));
    void victim.worker.stop().then(() => {
      for (const { task, ageMs } of doomed) if (!gone.has(task)) figures.cut.push(ageMs);
    });
    clock.after(5 * MINUTE, () => fleet.push(hire(LONG)));
  };

  // At every age of a task there is a scale-in.
  clock.every(29 * MINUTE + 47 * SECOND, () => start(0, LONG_MS));
  clock.every(MINUTE, () => start(0, 20 * SECOND));
  clock.every(20 * SECOND, () => start(1, 50 * SECOND));
  clock.every(10 * MINUTE, scaleIn);
  const keptSince = new Map<Member, number>();
  clock.every(SECOND, () => {
    for (const member of fleet) {
      const { running, holds } = member.platform;
      const isOld = holds && [...running].some(({ since }) => clock.now() - since >= PROTECT_AFTER);
      if (isOld || !holds) keptSince.delete(member);
      else if (!keptSince.has(member)) keptSince.set(member, clock.now());
      const since = keptSince.get(member) ?? clock.now();
      figures.longestKept = Math.max(figures.longestKept, clock.now() - since);
    }
  });
  await clock.advance(HOURS * HOUR);
  figures.callsForShort = shorts.reduce((sum, { platform }) => sum + platform.calls, 0);
  figures.calls = fleet.reduce((sum, { platform }) => sum + platform.calls, 0);
  engine.close();
  return figures;
}

test('long tasks outlive a scale-in each ten minutes', async () => {
  const { cut, scaleIns, longestKept, callsForShort, finished, calls } = await simulate({
    protects: true,
    seed: 'honoured',
  });
  expect(scaleIns).toBeGreaterThan(5.8 * HOURS);
  // Asked at the first second after a minute, and granted within one call.
  expect(Math.max(0, ...cut)).toBeLessThanOrEqual(PROTECT_AFTER + SECOND + CALL_MS);
  expect(longestKept).toBeLessThanOrEqual(MINUTE);
  expect(callsForShort).toBe(0);
  expect(finished).toBeGreaterThan(55 * HOURS);
  // Each long task costs an ask, a renewal each 20 minutes, and a give-back.
  expect(calls).toBeLessThan(2 * HOURS * (3 * (LONG_MS / HOUR) + 2));
}, 600_000);

test('without protection the same scale-ins cut tasks that have run for hours', async () => {
  const { cut } = await simulate({ protects: false, seed: 'honoured' });
  expect(cut.filter((ageMs) => ageMs > HOUR).length).toBeGreaterThan(HOURS / 2);
}, 600_000);

test('a platform that fails a third of its calls is asked until it grants, and is given all back', async () => {
  const { cut, longestKept, callsForShort } = await simulate({
    protects: true,
    seed: 'failing',
    failing: 0.33,
  });
  // Three calls in a row that fail are one in thirty.
  expect(Math.max(0, ...cut)).toBeLessThanOrEqual(PROTECT_AFTER + 40 * SECOND);
  expect(longestKept).toBeLessThanOrEqual(3 * MINUTE);
  expect(callsForShort).toBe(0);
}, 600_000);
