import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { answerOf, ask, dismiss } from '../child.js';
import type { Plan } from './fault-plan.js';
import type { Feed } from './feeder.js';
import type { ServiceSettings } from './service-process.js';
import type { WireRecord } from '../measure/wire.js';

// Seven lines about Node 20 help nobody who reads figures.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

export const ACTIVITY_ARN = 'arn:aws:states:us-east-1:123456789012:activity:BenchActivity';

/** A local service in a process of its own, seeded with one machine of one Task state. */
export interface Service {
  readonly url: string;
  readonly activityArn: string;
  readonly client: SFNClient;
  /** Starts an execution. @returns its ARN. */
  start(input: object): Promise<string>;
  /** Schedules a task for each of these inputs at the same instant, in one execution; at most 1,600. */
  startCrowd(inputs: readonly object[]): Promise<void>;
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
  /** The number of polls that wait for a task. */
  parked(): Promise<number>;
  /** The number of leases so far. Cheaper than the record. */
  leases(): Promise<number>;
  /** The number of leases that have not ended. */
  open(): Promise<number>;
  /** The number of calls so far. */
  calls(): Promise<WireRecord['calls']>;
  /** Everything that was recorded so far, and when that was on the service's clock. */
  record(): Promise<{ record: WireRecord; now: number }>;
  stop(): Promise<void>;
}

export async function startService(settings: Partial<ServiceSettings> = {}): Promise<Service> {
  const given: ServiceSettings = { activityArn: ACTIVITY_ARN, state: {}, ...settings };
  const file = fileURLToPath(new URL('service-process.js', import.meta.url));
  const child = fork(file, [JSON.stringify(given)], { stdio: 'inherit' });
  const { url, machineArn, crowdArn } = (await answerOf(child)) as Record<string, string>;
  if (!url) throw new Error('the service did not say where it is');
  const client = makeClient(url);
  const start = async (stateMachineArn: string | undefined, input: object): Promise<string> => {
    const command = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    return (await client.send(command)).executionArn ?? '';
  };
  return {
    url,
    activityArn: given.activityArn,
    client,
    start: (input) => start(machineArn, input),
    startCrowd: async (inputs) => void (await start(crowdArn, groups(inputs))),
    describe: (executionArn) => client.send(new DescribeExecutionCommand({ executionArn })),
    isBusy: async () => {
      const running = { stateMachineArn: machineArn, statusFilter: 'RUNNING', maxResults: 1 } as const;
      return ((await client.send(new ListExecutionsCommand(running))).executions ?? []).length > 0;
    },
    feed: async (feed) => void (await ask(child, 'feed', feed)),
    fed: async () => (await ask(child, 'fed')) as number[],
    plan: async (plan) => void (await ask(child, 'plan', plan)),
    workers: async () => (await ask(child, 'workers')) as number,
    parked: async () => (await ask(child, 'parked')) as number,
    leases: async () => (await ask(child, 'leases')) as number,
    open: async () => (await ask(child, 'open')) as number,
    calls: async () => (await ask(child, 'calls')) as WireRecord['calls'],
    record: async () => (await ask(child, 'record')) as { record: WireRecord; now: number },
    stop: async () => {
      client.destroy();
      await dismiss(child);
    },
  };
}

const GROUP = 40;
const groups = (inputs: readonly object[]): (readonly object[])[] =>
  Array.from({ length: Math.ceil(inputs.length / GROUP) }, (_, i) =>
    inputs.slice(i * GROUP, (i + 1) * GROUP),
  );

function makeClient(endpoint: string): SFNClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new SFNClient({ endpoint, region: 'us-east-1', credentials, cacheMiddleware: true });
}
