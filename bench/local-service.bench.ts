import { setTimeout as sleep } from 'node:timers/promises';
import { type Benchmark, brokenOf, cpuMs, inTurns, percentile, show } from './benchmark.js';
import { LOCAL_CANDIDATES, type LocalCandidate, LocalProcess, type Task } from './support/local-services.js';
import { RawClient } from './support/raw-client.js';
import { install } from './support/workers.js';

const [CONNECTIONS, ROUNDS, EXECUTIONS] = [32, 3, 5_000];
/** Executions in a Wait, of which 100,000 may take 300 MB. */
const [WAITING, WAITING_MB] = [20_000, 300];
/** Executions that wait for their tasks, half of them leased, polls of another activity, and starts beside these. */
const [PARKED, POLLS, STARTS] = [1_000, 1_000, 200];
const [PROMISED_PER_SECOND, PROMISED_ARRIVAL_MS] = [2_000, 50];

async function withService<T>(who: LocalCandidate, use: (service: LocalProcess) => Promise<T>): Promise<T> {
  const service = await LocalProcess.start(who);
  try {
    return await use(service);
  } finally {
    await service.stop();
  }
}

interface Speed {
  readonly perSecond: number;
  /** Processor time of the service for one. */
  readonly cpuMs: number;
}

/** In a fresh process each round. */
const speedOf = (who: LocalCandidate): Promise<Speed> =>
  withService(who, async (service) => {
    const machine = await service.create('HelloWorld');
    const from = cpuMs(service.pid);
    const perSecond = await service.execute(machine, EXECUTIONS, CONNECTIONS);
    return { perSecond, cpuMs: (cpuMs(service.pid) - from) / EXECUTIONS };
  });

/** The heap that 100,000 executions in a Wait take, in megabytes. */
const waitingMb = (): Promise<number> =>
  withService('Stepwright', async (service) => {
    await service.park(1_000);
    const before = await service.heap();
    await service.park(WAITING);
    return (((await service.heap()) - before) / WAITING) * 0.1;
  });

interface Arrival {
  readonly middleMs: number;
  readonly longestMs: number;
}

/** How soon a task is at its worker, beside many executions that wait and many open polls. */
const arrival = (): Promise<Arrival> =>
  withService('Stepwright', async (service) => {
    const [parked, fresh] = [await service.create('Parked'), await service.create('Fresh')];
    const opened = Array.from({ length: POLLS }, () => RawClient.open(service.url));
    const [starter, polls] = [await RawClient.open(service.url), await Promise.all(opened)];
    const start = (stateMachineArn: string, n: number): Promise<object> =>
      starter.call('StartExecution', { stateMachineArn, input: JSON.stringify({ n }) });
    for (let n = 0; n < PARKED; n++) await start(parked.stateMachineArn, n);
    for (let n = 0; n < PARKED / 2; n++)
      await starter.call('GetActivityTask', { activityArn: parked.activityArn });
    const arrivals = new Map<number, (at: number) => void>();
    for (const poll of polls)
      void keepPolling(poll, fresh.activityArn, (n) => arrivals.get(n)?.(performance.now()));
    await sleep(1_000);
    const times: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      const from = performance.now();
      const arrived = new Promise<number>((resolve) => arrivals.set(n, resolve));
      await start(fresh.stateMachineArn, n);
      times.push((await arrived) - from);
      await sleep(5);
    }
    for (const client of [starter, ...polls]) client.close();
    return { middleMs: percentile(times), longestMs: Math.max(...times) };
  });

/** One connection that always has a poll open. */
async function keepPolling(
  client: RawClient,
  activityArn: string,
  arrived: (n: number) => void,
): Promise<void> {
  for (;;) {
    const { taskToken, input = '' } = await client.call<Task>('GetActivityTask', { activityArn });
    if (taskToken === undefined) continue;
    arrived((JSON.parse(input) as { n: number }).n);
    await client.call('SendTaskSuccess', { taskToken, output: '{}' });
  }
}

export default {
  title: `the local service under a raw keep-alive client with ${CONNECTIONS} connections, each in a process of its own`,
  run: async ({ rounds = ROUNDS }) => {
    const speeds = await inTurns(rounds, install(LOCAL_CANDIDATES), speedOf);
    const heapMb = await waitingMb();
    const arrivals = (await inTurns(rounds, [undefined], arrival)).get(undefined);
    const { middleMs = Number.NaN, longestMs = Number.NaN } = arrivals ?? {};
    const ours = speeds.get('Stepwright')?.perSecond ?? 0;
    return {
      tables: [
        {
          title: `${EXECUTIONS} executions of HelloWorld: start, poll, success`,
          columns: ['', 'executions a second', "the service's processor time for one"],
          rows: [...speeds].map(([who, speed]) => [who, show(speed.perSecond), show(speed.cpuMs, 'ms')]),
        },
        {
          title: `With ${PARKED} waiting executions and ${POLLS} open polls`,
          columns: ['from a start to its worker', 'at most', '100,000 executions in a Wait'],
          rows: [[show(middleMs, 'ms'), show(longestMs, 'ms'), show(heapMb, 'MB')]],
        },
      ],
      broken: brokenOf([
        [ours >= PROMISED_PER_SECOND, `${show(ours)} executions/s, ${PROMISED_PER_SECOND} are promised`],
        [
          longestMs <= PROMISED_ARRIVAL_MS,
          `a task at its worker after ${show(longestMs)} ms, ${PROMISED_ARRIVAL_MS} are promised`,
        ],
        [heapMb <= WAITING_MB, `${show(heapMb)} MB for 100,000 executions, ${WAITING_MB} are promised`],
      ]),
    };
  },
} satisfies Benchmark;
