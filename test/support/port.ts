import { silentLog } from '../../src/framework/base/log/log.js';
import type { ActivityPort, PollAnswer, ReportAnswer } from '../../src/framework/aws/activity-port.js';
import type { Clock } from '../../src/framework/base/time/clock.js';
import type { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import type { RunnableHandler } from '../../src/framework/worker/handler-loop.js';
import type { CurrentCredentials } from '../../src/framework/worker/thread/handed-credentials.js';
import { WorkerHeartbeats } from '../../src/framework/worker/thread/worker-heartbeats.js';
import { Worker, type WorkerParts } from '../../src/framework/worker/worker.js';

/** Makes a port without sockets, which accepts every report and polls as the test says. */
export function portOf(poll: ActivityPort['poll'], reports: Partial<ActivityPort> = {}): ActivityPort {
  const ok = async (): Promise<ReportAnswer> => ({ kind: 'ok' });
  return { poll, report: ok, heartbeat: ok, ...reports };
}

/** Credentials that are always the same. */
export const credentials: CurrentCredentials = {
  current: () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
  generation: 0,
  refused: () => false,
};

/** Returns a source of numbers from 0 to below 1 that are the same in each run (Park and Miller's constants). */
export function seeded(seed: number): () => number {
  let last = seed;
  return () => (last = (last * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Returns a token bucket of one second, full at first, that returns true to refuse. A refused call takes no token. */
export function bucket(clock: { now(): number }, perSecond: number): () => boolean {
  let tokens = perSecond;
  let at = clock.now();
  return () => {
    tokens = Math.min(perSecond, tokens + ((clock.now() - at) * perSecond) / 1000);
    at = clock.now();
    if (tokens < 1) return true;
    tokens--;
    return false;
  };
}

export const task = (n: number): PollAnswer => ({ kind: 'task', token: `t${n}`, input: '{}' });

export interface WorkerOnPort {
  readonly clock: HandClock;
  /** One for each handler. @default one */
  readonly names?: readonly string[];
  readonly work?: () => Promise<unknown>;
  readonly handler?: Partial<RunnableHandler>;
  readonly random?: () => number;
  /** @default sent from the main thread */
  readonly heartbeats?: WorkerParts['heartbeats'];
}

/** Heartbeats at the default rate. On a hand clock the main thread sends them. */
export const heartbeatsOn = (clock: Clock, random: () => number): WorkerHeartbeats =>
  new WorkerHeartbeats({ clock, random, log: silentLog, heartbeatRate: 250, stallAfterMs: false });

/** A running worker on a port, whose handlers take 10 tasks at once. */
export function workerOn(port: ActivityPort, options: WorkerOnPort): Worker {
  const { clock, names = ['a'], work = async () => {}, handler = {}, random = () => 0.5 } = options;
  const own = heartbeatsOn(clock, random);
  const { heartbeats = own } = options;
  const handle: RunnableHandler['handle'] = async (_text, _context, onOutcome) => {
    await work();
    onOutcome({ status: 'succeeded', output: '1' });
  };
  const handlers = names.map((name) => ({
    name: `Work.${name}`,
    activityArn: `arn:${name}`,
    handle,
    port,
    heartbeatMs: 20_000,
    timeoutMs: false as const,
    concurrency: 10,
    pollers: { min: 1, max: 10 },
    ...handler,
  }));
  const worker = new Worker({
    name: 'worker',
    handlers,
    clock,
    random,
    heartbeats,
    log: silentLog,
    reportLimitMs: 900_000,
    graceMs: 1_000,
    drain: 'run' as const,
    close: () => own.close(),
    scopeOf: () => 'test',
  });
  void worker.run();
  return worker;
}
