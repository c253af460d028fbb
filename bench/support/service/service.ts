import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { answerOf, ask, dismiss } from '../child.js';
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
  describe(executionArn: string): Promise<{ status?: string; output?: string }>;
  /** Whether any execution is still running. */
  isBusy(): Promise<boolean>;
  /** How many leases were given out so far. Cheaper than the record. */
  leases(): Promise<number>;
  /** Everything that was recorded so far, and when that was on the service's clock. */
  record(): Promise<{ record: WireRecord; now: number }>;
  stop(): Promise<void>;
}

export async function startService(settings: Partial<ServiceSettings> = {}): Promise<Service> {
  const given: ServiceSettings = { activityArn: ACTIVITY_ARN, state: {}, ...settings };
  const file = fileURLToPath(new URL('service-process.js', import.meta.url));
  const child = fork(file, [JSON.stringify(given)], { stdio: 'inherit' });
  const { url, machineArn } = (await answerOf(child)) as { url: string; machineArn: string };
  const client = makeClient(url);
  return {
    url,
    activityArn: given.activityArn,
    client,
    start: async (input) => {
      const command = new StartExecutionCommand({
        stateMachineArn: machineArn,
        input: JSON.stringify(input),
      });
      return (await client.send(command)).executionArn ?? '';
    },
    describe: (executionArn) => client.send(new DescribeExecutionCommand({ executionArn })),
    isBusy: async () => {
      const running = { stateMachineArn: machineArn, statusFilter: 'RUNNING', maxResults: 1 } as const;
      return ((await client.send(new ListExecutionsCommand(running))).executions ?? []).length > 0;
    },
    leases: async () => (await ask(child, 'leases')) as number,
    record: async () => (await ask(child, 'record')) as { record: WireRecord; now: number },
    stop: async () => {
      client.destroy();
      await dismiss(child);
    },
  };
}

function makeClient(endpoint: string): SFNClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new SFNClient({ endpoint, region: 'us-east-1', credentials, cacheMiddleware: true });
}
