import { fileURLToPath } from 'node:url';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Plan } from '../../test/soak/faults.js';
import type { WireRecord } from '../../test/soak/wire.js';
import { startChild } from './child.js';
import type { Feed, ServiceSettings } from './service-process.js';

// Seven lines about Node 20 help nobody who reads figures.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** A local service in a process of its own, seeded with one machine of one Task state. */
export interface Service {
  readonly url: string;
  /** Starts an execution. @returns its ARN. */
  start(input: object): Promise<string>;
  describe(executionArn: string): Promise<{ status?: string; output?: string }>;
  /** Resolves to true while any execution is running. */
  isBusy(): Promise<boolean>;
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
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint: url, region: 'us-east-1', credentials, cacheMiddleware: true });
  return {
    url,
    start: async (input) => {
      const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
      return (await client.send(command)).executionArn ?? '';
    },
    describe: (executionArn) => client.send(new DescribeExecutionCommand({ executionArn })),
    isBusy: async () => {
      const running = { stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 } as const;
      return ((await client.send(new ListExecutionsCommand(running))).executions ?? []).length > 0;
    },
    feed: async (feed) => void (await child.ask('feed', feed)),
    fed: async () => (await child.ask('fed')) as number[],
    plan: async (plan) => void (await child.ask('plan', plan)),
    workers: async () => (await child.ask('workers')) as number,
    open: async () => (await child.ask('open')) as number,
    record: async () => (await child.ask('record')) as { record: WireRecord; now: number },
    stop: async () => {
      client.destroy();
      await child.stop();
    },
  };
}
