import { afterEach } from '@jest/globals';
import { SFNClient, type HistoryEvent } from '@aws-sdk/client-sfn';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { startLocalService, type LocalService, type LocalServiceOptions } from 'stepwright/local';

/** A local service on a hand clock, with a client of the unmodified SDK. */
export interface Bench {
  readonly clock: HandClock;
  readonly service: LocalService;
  readonly client: SFNClient;
}

export const ROLE = 'arn:aws:iam::123456789012:role/any';

const benches: Bench[] = [];

afterEach(async () => {
  for (const { client, service } of benches.splice(0)) {
    client.destroy();
    await service.close();
  }
});

/** Starts a service that is closed after the test. */
export async function openBench(options: LocalServiceOptions = {}): Promise<Bench> {
  const clock = new HandClock();
  const service = await startLocalService({ port: 0, clock, random: () => 0.5, ...options });
  const bench = { clock, service, client: newClient(service) };
  benches.push(bench);
  return bench;
}

/** Creates a client as a user would, without retries. */
export function newClient({ url }: Pick<LocalService, 'url'>, region = 'us-east-1'): SFNClient {
  return new SFNClient({
    endpoint: url,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

/** Returns events without their timestamps, and with numbers in place of the SDK's types. */
export function bare(events: HistoryEvent[] | undefined): object[] {
  return (events ?? []).map((event) => {
    const { timestamp, ...rest } = event;
    if (!(timestamp instanceof Date)) throw new Error('an event without an instant');
    return rest;
  });
}
