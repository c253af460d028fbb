import { silentLog } from '../../../src/framework/base/log/log.js';
import type { RunnableHandler } from '../../../src/framework/worker/handler-loop.js';
import { WorkerHeartbeats } from '../../../src/framework/worker/thread/worker-heartbeats.js';
import { Worker, type WorkerParts } from '../../../src/framework/worker/worker.js';
import type { Candidate } from '../workers/workers.js';
import { bareLoop } from './bare-loop-model.js';
import { type Hiring, type Member, sleepMsOf } from './member.js';
import { ARN } from './simulated-service.js';
import { stepFunctionWorker } from './step-function-worker-model.js';

/**
 * Settings of the framework's parts that replace a fleet's own, so that the constants of its policies can be chosen by a
 * fleet's figures.
 */
export interface Overrides {
  readonly parts?: Partial<WorkerParts>;
  readonly handler?: Partial<RunnableHandler>;
}

/** The members of simulated fleets, by their names in tables: our worker itself, the rivals as models. */
const MODELS: Readonly<Partial<Record<Candidate, (hiring: Hiring, overrides: Overrides) => Member>>> = {
  Stepwright: hireWorker,
  'bare loop': bareLoop,
  'step-function-worker': stepFunctionWorker,
};

export const MEMBERS = Object.keys(MODELS) as readonly Candidate[];

/** @throws Error where there is no model of the candidate */
export function hire(candidate: Candidate, hiring: Hiring, overrides: Overrides): Member {
  const model = MODELS[candidate];
  if (!model) throw new Error(`there is no model of ${candidate}`);
  return model(hiring, overrides);
}

const HEARTBEAT_MS = 20_000;

/** A worker as `createWorker` makes it, but for the connection: with the defaults of the config. */
function hireWorker({ name, port, clock, random, slots }: Hiring, overrides: Overrides): Member {
  const handler: RunnableHandler = {
    name: 'Simulated.run',
    activityArn: ARN,
    port,
    concurrency: slots,
    pollers: { min: 1, max: slots },
    heartbeatMs: HEARTBEAT_MS,
    timeoutMs: false,
    handle: async (text, { signal }, onOutcome) => {
      await clock.sleep(sleepMsOf(text), signal);
      onOutcome({ status: 'succeeded', output: 'null' });
    },
    ...overrides.handler,
  };
  const worker = new Worker({
    name,
    handlers: [handler],
    clock,
    random,
    log: silentLog,
    heartbeats: new WorkerHeartbeats({ clock, random, log: silentLog, rate: 250, stallAfterMs: false }),
    reportLimitMs: 900_000,
    graceMs: 60_000,
    drain: 'run',
    close: () => Promise.resolve(),
    scopeOf: () => 'simulated',
    ...overrides.parts,
  });
  const ended = worker.run();
  return {
    stop: () => {
      void worker.stop();
      return ended;
    },
  };
}
