import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { start } from '../hello/candidates.js';
import { startStub } from '../hello/stub.js';
import { cpuNowMs } from './cpu-now.js';

/** The observers of a worker. */
export interface Watch {
  readonly who: string;
  /** Its metrics are fetched each second that it works. */
  readonly scraped?: boolean;
  /** The telemetry that the app registers, as `telemetry.ts` reads it. */
  readonly registered?: string;
}

/** The figures of a worker in one turn. */
export interface Turn {
  readonly tasks: number;
  readonly ms: number;
  /** The processor time of the worker's process. */
  readonly cpuMs: number;
}

/** A worker that is warm and has nothing to do until its next turn. */
export interface Watched {
  turn(ms: number): Promise<Turn>;
  stop(): Promise<void>;
}

/** The code that is compiled by then is the code that runs for days. */
const WARM_TASKS = 15_000;
const WARM_LIMIT_MS = 60_000;
const SCRAPE_MS = 1_000;
/** The longest that running tasks may take when it is held. */
const EBB_MS = 60;

const telemetry = fileURLToPath(new URL('telemetry.js', import.meta.url));

/** @throws Error where it does no tasks */
export async function startWatched(watch: Watch, inFlight: number): Promise<Watched> {
  const { who, scraped, registered } = watch;
  const stub = await startStub();
  const port = scraped ? await freePort() : undefined;
  const worker = start('Stepwright', {
    ...{ url: stub.url, inFlight },
    env: {
      ...(port !== undefined && { STEPWRIGHT_HEALTH_PORT: String(port) }),
      ...(registered !== undefined && { BENCH_TELEMETRY: registered }),
    },
    node: registered === undefined ? [] : ['--import', telemetry],
  });
  const stop = async (): Promise<void> => {
    await worker.stop();
    await stub.stop();
  };
  const limit = performance.now() + WARM_LIMIT_MS;
  while ((await stub.counted()).accepted < WARM_TASKS) {
    if (performance.now() > limit) {
      await stop();
      throw new Error(`${who}: it did not do ${WARM_TASKS} tasks in a minute`);
    }
    await sleep(20);
  }
  await stub.hold(true);
  let workedMs = SCRAPE_MS;
  const scrape = async (ms: number): Promise<void> => {
    workedMs += ms;
    if (port === undefined || workedMs < SCRAPE_MS) return;
    workedMs -= SCRAPE_MS;
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    if (!text.includes('stepwright_tasks_completed_total')) throw new Error(`${who}: /metrics has no tasks`);
  };
  return {
    stop,
    turn: async (ms) => {
      const [from, cpu] = [await stub.counted(), cpuNowMs(worker.pid)];
      await stub.hold(false);
      const scraping = scrape(ms);
      await sleep(ms);
      await stub.hold(true);
      await sleep(EBB_MS);
      await scraping;
      const [to, used] = [await stub.counted(), cpuNowMs(worker.pid) - cpu];
      return { tasks: to.accepted - from.accepted, ms: to.at - from.at - EBB_MS, cpuMs: used };
    },
  };
}

/** Resolves to a free port of loopback. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port of loopback is free');
  return address.port;
}
