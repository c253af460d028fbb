import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type LocalService, startLocalService } from 'stepwright/local';
import { type FaultPlan, faultPlan } from '../../support/faults.js';
import { start, type Streams, type Victim } from './streams.js';

export type Phase = 'booting' | 'looking activities up' | 'polling' | 'working' | 'draining';

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Deaths';
const MACHINE = { StartAt: 'Work', States: { Work: { Type: 'Task', Resource: ARN, End: true } } };
/** The length of a log line that is more than any pipe, terminal or tiny disk takes. */
const TOO_MUCH = 300;

/** The exit code of a process, and the status of its last execution. */
export interface Death {
  readonly code: number | null;
  readonly task: string | undefined;
}

/** A worker with a service of its own, and a server that receives its messages. */
export interface Life {
  readonly victim: Victim;
  readonly service: LocalService;
  readonly faults: FaultPlan;
  /** Resolves when the config or a handler has sent this message. Rejects if the process exits first. */
  readonly told: (word: string) => Promise<void>;
  /** Resolves when this holds. Rejects if the process exits first. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Starts an execution. @returns a function that resolves with its status */
  execute(input: object): Promise<() => Promise<string>>;
  readonly close: () => Promise<void>;
}

export async function begin(
  phase: Phase,
  streams: Streams,
  options: { process1?: boolean; flags?: readonly string[]; opened?: string } = {},
): Promise<Life> {
  const faults = faultPlan();
  const service = await startLocalService({ port: 0, fault: faults.hook });
  const machine = service.seedMachine({ name: 'Deaths', definition: JSON.stringify(MACHINE) });
  service.seedActivity(ARN);
  const words = new Set<string>();
  const ear = createServer(({ url = '' }, response) => {
    words.add(url.slice(1));
    response.end();
  });
  await new Promise<void>((resolve) => ear.listen(0, '127.0.0.1', resolve));
  if (phase === 'looking activities up') faults.always('ListActivities', { kind: 'black-hole' });
  const victim = start(
    [
      ...['start', '--config', 'test/fixtures/deaths/deaths.config.mjs', '--endpoint', service.url],
      ...(options.flags ?? []),
    ],
    {
      TELL: `http://127.0.0.1:${(ear.address() as AddressInfo).port}`,
      BOOT: phase === 'booting' ? 'never' : '',
      ACTIVITY: phase === 'looking activities up' ? 'Deaths' : ARN,
      OPENED: options.opened ?? '',
    },
    streams,
    options,
  );
  let end: { readonly code: number | null } | undefined;
  void victim.ended.then((code) => (end = { code }));
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      if (end) throw new Error(`it ended with ${end.code} before that`);
      await new Promise((next) => setTimeout(next, 10));
    }
  };
  return {
    victim,
    service,
    faults,
    until,
    told: (word) => until(() => words.has(word)),
    execute: async (input) => {
      const { executionArn } = await call(service.url, 'StartExecution', {
        stateMachineArn: machine,
        input: JSON.stringify(input),
      });
      return async () => (await call(service.url, 'DescribeExecution', { executionArn }))['status'] ?? '';
    },
    close: async () => {
      victim.bury();
      ear.closeAllConnections();
      ear.close();
      await service.close();
    },
  };
}

/** Runs a worker to this phase, then breaks its streams, logs more than they take, and stops it. */
export async function die(life: Life, phase: Phase): Promise<Death> {
  const { victim, service, faults, told, until } = life;
  if (phase === 'booting') await told('booting');
  else if (phase === 'looking activities up') await until(() => faults.count('ListActivities') > 0);
  else await until(() => service.parkedPolls > 0);
  if (phase === 'booting' || phase === 'looking activities up') {
    victim.stop();
    return { code: await victim.ended, task: undefined };
  }

  const status = await life.execute({ lines: TOO_MUCH, print: true });
  await settled(life, status);
  const held =
    phase === 'polling'
      ? status
      : await life.execute({ lines: TOO_MUCH, hold: true, stubborn: phase === 'draining' });
  if (phase !== 'polling') await told('working');
  victim.stop();
  if (phase === 'draining') {
    await told('draining');
    // A signal within 100 ms of the first is the same request, so the second request comes later.
    const again = setInterval(() => victim.signal('SIGTERM'), 20);
    const code = await victim.ended;
    clearInterval(again);
    return { code, task: await held() };
  }
  service.endPolls();
  return { code: await victim.ended, task: await held() };
}

async function settled({ until }: Life, status: () => Promise<string>): Promise<void> {
  let now = 'RUNNING';
  const look = setInterval(() => void status().then((answer) => (now = answer)), 20);
  await until(() => now !== 'RUNNING').finally(() => clearInterval(look));
}

async function call(url: string, operation: string, body: object): Promise<Record<string, string>> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSStepFunctions.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
    },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, string>;
}
