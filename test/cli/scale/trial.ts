import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { expect } from '@jest/globals';
import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import type { FleetEstimate } from '../../../src/framework/cli/scale/estimate.js';
import { FleetScaler } from '../../../src/framework/cli/scale/fleet-scaler.js';
import { silentLog } from '../../../src/framework/base/log/log.js';
import { type Held, holding } from '../../support/work.js';
import { ARN, createWorld, type World, type WorkerWorld } from '../../support/world.js';

import { believed, type Metrics } from './stand-in.js';
/** The numbers of a generator with this seed, each from 0 to below 1. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface TrueTask {
  readonly execution: string;
  readonly scheduledAt: number;
  startedAt?: number;
  stoppedAt?: number;
  endedAt?: number;
}

/** Late by this much CloudWatch may be: a minute, three minutes after its end, and the interval at which it is asked. */
const LATE_MS = 4 * MINUTE_MS + 20_000;

export class Trial {
  readonly tasks: TrueTask[] = [];
  readonly workers: { world: WorkerWorld; held: Held[] }[] = [];
  scaler: FleetScaler;
  /** True while the name of the workers finds nobody, though they go on. */
  hidden = false;
  /** True if tasks may have ended since it was last looked. */
  ended = false;
  #published = 0;

  constructor(
    readonly world: World,
    readonly machine: string,
    readonly metrics: Metrics,
    readonly put: (name: string, at: number, sum: number) => Promise<void>,
    readonly random: () => number,
    readonly hides: boolean,
  ) {
    this.#published = Math.floor(world.clock.now() / MINUTE_MS) * MINUTE_MS;
    this.scaler = this.makeScaler();
  }

  makeScaler(): FleetScaler {
    const options = {
      activityArns: [ARN],
      fleet: 'trial',
      slotsOfWorker: 3,
      withinMs: MINUTE_MS,
      publish: true,
    };
    return new FleetScaler(options, {
      clock: this.world.clock,
      log: silentLog,
      metrics: this.metrics,
      readWorkers: async () => ({
        unreadable: [],
        wrongClocks: [],
        workers: (this.hidden ? [] : this.workers).map(({ world: { worker } }) =>
          believed(JSON.parse(JSON.stringify(worker.status())), this.world.clock.now()),
        ),
      }),
    });
  }

  async step(): Promise<void> {
    if (this.hides && this.random() < 0.15) this.hidden = !this.hidden;
    const dice = this.random();
    if (dice < 0.4) await this.#start(1 + Math.floor(this.random() * 3));
    else if (dice < 0.55) await this.#abort();
    else if (dice < 0.75) this.#work();
    else if (dice < 0.87) await this.#add();
    else this.#kill();
    await this.advance(5_000 + this.random() * 100_000);
  }

  async advance(ms: number): Promise<void> {
    await this.world.clock.advance(ms);
    await this.#publishDue();
    await this.scaler.tick();
  }

  async #start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const execution = await this.world.execute(this.machine, { n: this.tasks.length });
      this.tasks.push({ execution, scheduledAt: this.world.clock.now() });
    }
    await this.world.clock.advance(0);
  }

  async #abort(): Promise<void> {
    const waiting = this.waiting();
    const task = waiting[Math.floor(this.random() * waiting.length)];
    if (!task) return;
    await this.world.client.send(new StopExecutionCommand({ executionArn: task.execution }));
    task.stoppedAt = this.world.clock.now();
  }

  #work(): void {
    this.ended = true;
    const held = this.workers.flatMap((each) => each.held.splice(0, 1));
    for (const each of held) each.succeed();
  }

  async #add(): Promise<void> {
    if (this.workers.length >= 3) return;
    const { type, held } = holding();
    const world = await this.world.worker({ activities: [type], concurrency: 3, grace: '1s' });
    this.workers.push({ world, held });
  }

  /** Nothing is heard of it any more. */
  #kill(): void {
    this.ended = true;
    const [gone] = this.workers.splice(Math.floor(this.random() * this.workers.length), 1);
    for (const each of gone?.held ?? []) each.succeed();
    void gone?.world.worker.stop();
  }

  /** The tasks that wait. The service hands them out in their order. */
  waiting(): TrueTask[] {
    return this.tasks.filter(
      ({ startedAt, stoppedAt }) => startedAt === undefined && stoppedAt === undefined,
    );
  }

  /** The tasks that run by the numbers that CloudWatch has. */
  shownAtWork(): TrueTask[] {
    const isKnown = (at: number | undefined): boolean => at !== undefined && at < this.#published;
    return this.tasks.filter(({ startedAt, endedAt }) => isKnown(startedAt) && !isKnown(endedAt));
  }

  async #publishDue(): Promise<void> {
    const now = this.world.clock.now();
    while (this.#published + MINUTE_MS + 2.5 * MINUTE_MS <= now) {
      const at = this.#published;
      const inIt = (time: number | undefined): boolean =>
        time !== undefined && time >= at && time < at + MINUTE_MS;
      const scheduled = this.tasks.filter(({ scheduledAt }) => inIt(scheduledAt)).length;
      const started = this.tasks.filter(({ startedAt }) => inIt(startedAt)).length;
      const ended = this.tasks.filter(({ endedAt }) => inIt(endedAt)).length;
      if (scheduled > 0) await this.put('ActivitiesScheduled', at, scheduled);
      if (started > 0) await this.put('ActivitiesStarted', at, started);
      if (ended > 0) await this.put('ActivitiesSucceeded', at, ended);
      this.#published += MINUTE_MS;
    }
  }
}

/** Runs random steps. @returns how many estimates were looked at */
export async function tryIt(
  open: (world: World) => Metrics,
  put: Trial['put'],
  { seed, steps, hides }: { readonly seed: number; readonly steps: number; readonly hides: boolean },
): Promise<{ looked: number; blind: number }> {
  const world = await createWorld();
  const machine = world.machine(ARN);
  const trial = new Trial(world, machine, open(world), put, randomOf(seed), hides);
  const note = async (): Promise<void> => {
    for (const task of trial.tasks) {
      const { stoppedAt, endedAt: over } = task;
      if ((stoppedAt ?? over) !== undefined || (task.startedAt !== undefined && !trial.ended)) continue;
      const { startedAt, endedAt } = await timesOf(world, task.execution);
      if (startedAt !== undefined) task.startedAt = startedAt;
      if (endedAt !== undefined) task.endedAt = endedAt;
    }
    trial.ended = false;
  };
  let [looked, blind] = [0, 0];
  try {
    for (let step = 0; step < steps; step++) {
      await trial.step();
      await note();
      const answer = (scaler: FleetScaler) => scaler.estimate().catch(({ message }: Error) => message);
      const found = await answer(trial.scaler);
      const again = trial.makeScaler();
      await again.tick();
      expect(await answer(again)).toEqual(found);
      trial.scaler = again;
      const unseen = trial.hidden ? trial.shownAtWork().length : 0;
      expect([unseen, unseen > 0 && typeof found !== 'string']).toEqual([unseen, false]);
      if (unseen > 0) {
        expect(found).toMatch(/ were started and have not ended: the fleet is left as it is$/);
        blind++;
      }
      if (typeof found === 'string') continue;
      check(found, trial, world.clock.now());
      looked++;
    }
  } finally {
    for (const { held } of trial.workers) for (const each of held) each.succeed();
    await world.close();
  }
  return { looked, blind };
}

async function timesOf(
  world: World,
  executionArn: string,
): Promise<{ startedAt: number | undefined; endedAt: number | undefined }> {
  const { GetExecutionHistoryCommand } = await import('@aws-sdk/client-sfn');
  const { events = [] } = await world.client.send(new GetExecutionHistoryCommand({ executionArn }));
  const at = (name: string) => events.find(({ type }) => type === name)?.timestamp?.getTime();
  return { startedAt: at('ActivityStarted'), endedAt: at('ActivitySucceeded') };
}

function check({ activities }: FleetEstimate, trial: Trial, now: number): void {
  const [found] = activities;
  if (!found) throw new Error('there is no estimate of the activity');
  const { waiting, emptyMinuteAt = Number.NEGATIVE_INFINITY, why } = found;
  const since = (at: number | undefined, from: number): boolean => at !== undefined && at >= from;
  const late = trial.tasks.filter(
    ({ scheduledAt, startedAt, stoppedAt }) =>
      since(scheduledAt, now - LATE_MS) || since(startedAt, now - LATE_MS) || since(stoppedAt, now - LATE_MS),
  ).length;
  const stopped = trial.tasks.filter(({ stoppedAt }) => since(stoppedAt, emptyMinuteAt)).length;
  const truth = trial.waiting();
  const told = `${why}; ${truth.length} wait in truth, ${late} things happened lately, ${stopped} were stopped`;
  expect([told, Math.abs(waiting - truth.length) <= late + stopped]).toEqual([told, true]);
  const waitsLong = truth.some(({ scheduledAt }) => scheduledAt < now - LATE_MS);
  expect([told, waitsLong && waiting === 0]).toEqual([told, false]);
}
