import { fileURLToPath } from 'node:url';
import type { Plan } from '../../test/soak/faults.js';
import type { WireRecord } from '../../test/soak/wire.js';
import { startChild } from './child.js';
import type { Feed, ServiceSettings } from './service-process.js';

/** A local service in a process of its own, seeded with one machine of one Task state. */
export interface Service {
  readonly url: string;
  readonly stateMachineArn: string;
  /** Begins to start executions from within the service's process. One feed at a time. */
  feed(feed: Feed): Promise<void>;
  /** Resolves to the start of each task of the feed, on the service's clock, in order, after the last. */
  fed(): Promise<readonly number[]>;
  /** Sets the faults from now on; none by default. */
  plan(plan?: Plan): Promise<void>;
  /** The number of workers that have polled so far. */
  workers(): Promise<number>;
  /** The number of leases that have not ended. */
  open(): Promise<number>;
  /** Everything that was recorded so far, and when that was on the service's clock. */
  record(): Promise<{ readonly record: WireRecord; readonly now: number }>;
  stop(): Promise<void>;
}

export async function startService(settings: ServiceSettings = {}): Promise<Service> {
  const file = fileURLToPath(new URL('service-process.js', import.meta.url));
  const child = await startChild(file, settings);
  const { url, stateMachineArn } = child.first as { url: string; stateMachineArn: string };
  return {
    url,
    stateMachineArn,
    feed: async (feed) => void (await child.ask('feed', feed)),
    fed: async () => (await child.ask('fed')) as number[],
    plan: async (plan) => void (await child.ask('plan', plan)),
    workers: async () => (await child.ask('workers')) as number,
    open: async () => (await child.ask('open')) as number,
    record: async () => (await child.ask('record')) as { record: WireRecord; now: number },
    stop: () => child.stop(),
  };
}
