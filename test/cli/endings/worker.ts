import { setTimeout as nap } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { startLocalService } from 'stepwright/local';
import { type Ending, type Program, startProgram } from '../../support/crash/program.js';
import type { Streams } from '../../support/crash/streams.js';
import { faultPlan } from '../../support/faults.js';

export const MAIN = 'dist/src/framework/cli/main.js';
const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Endings';

/** What a worker does when it is stopped. */
export type Phase = 'booting' | 'looking activities up' | 'working' | 'draining';

/** A worker in a process, and the service that it works for. */
export interface EndingWorker {
  readonly program: Program;
  /** Starts an execution. @returns a function that resolves with its status. */
  execute(input: object): Promise<() => Promise<string | undefined>>;
  /** Resolves when handlers have sent so many heartbeats that they asked for. */
  beats(count: number): Promise<void>;
  /** Answers its polls. */
  endPolls(): void;
  close(): Promise<void>;
  /** Resolves when the worker has asked which activities there are. */
  lookedUp(): Promise<void>;
}

export async function startWorker(
  phase: Phase,
  streams: Streams,
  flags: readonly string[] = [],
): Promise<EndingWorker> {
  const faults = faultPlan();
  const service = await startLocalService({ port: 0, fault: faults.hook });
  service.seedActivity(ARN);
  const States = { Work: { Type: 'Task', Resource: ARN, End: true } };
  const machine = service.seedMachine({
    name: 'Endings',
    definition: JSON.stringify({ StartAt: 'Work', States }),
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint: service.url, region: 'us-east-1', credentials });
  if (phase === 'looking activities up') faults.always('ListActivities', { kind: 'black-hole' });
  const program = startProgram(MAIN, {
    args: [
      'start',
      '--config',
      'test/fixtures/endings/endings.config.mjs',
      '--endpoint',
      service.url,
      ...flags,
    ],
    env: {
      BOOT: phase === 'booting' ? 'never' : '',
      ACTIVITY: phase === 'looking activities up' ? 'Endings' : ARN,
    },
    streams,
  });
  let ending: Ending | undefined;
  void program.ended.then((ended) => (ending = ended));
  const called = async (operation: string, count: number): Promise<void> => {
    while (faults.count(operation) < count) {
      if (ending) throw new Error(`it ended before that: ${JSON.stringify(ending)}`);
      await nap(10);
    }
  };
  return {
    program,
    endPolls: () => service.endPolls(),
    beats: (count) => called('SendTaskHeartbeat', count),
    lookedUp: () => called('ListActivities', 1),
    execute: async (input) => {
      const start = { stateMachineArn: machine, input: JSON.stringify(input) };
      const { executionArn } = await client.send(new StartExecutionCommand(start));
      return async () => (await client.send(new DescribeExecutionCommand({ executionArn }))).status;
    },
    close: async () => {
      program.signal('SIGKILL');
      await program.ended;
      client.destroy();
      await service.close();
    },
  };
}

/** The exit code of a worker, and the status of the execution that it had last. */
export interface Stopped extends Pick<Ending, 'code' | 'stdout' | 'stderr'> {
  readonly task: string | undefined;
}

/** Runs a worker to a phase, with more log lines than a stream takes, and stops it. A drain is stopped a second time. */
export async function stopped(phase: Phase, streams: Streams, flags?: readonly string[]): Promise<Stopped> {
  const worker = await startWorker(phase, streams, flags);
  const { program } = worker;
  try {
    if (phase === 'booting') await program.until(() => program.said().includes('booting'));
    if (phase === 'looking activities up') await worker.lookedUp();
    const isAtWork = phase === 'working' || phase === 'draining';
    const status = isAtWork
      ? await worker.execute({ print: true, hold: true, stubborn: phase === 'draining' })
      : undefined;
    if (isAtWork) await worker.beats(1);
    program.signal('SIGTERM');
    if (phase === 'working') worker.endPolls();
    // A signal within 100 ms of the first is the same request, so the second one is a later one of these.
    const again = phase === 'draining' ? setInterval(() => program.signal('SIGTERM'), 20) : undefined;
    const { code, stdout, stderr } = await program.ended;
    clearInterval(again);
    return { code, stdout, stderr, task: await status?.() };
  } finally {
    await worker.close();
  }
}

/** The expected end in each phase. A second signal ends a drain. */
export const AS_IT_SHOULD = {
  booting: { code: 0, task: undefined },
  'looking activities up': { code: 0, task: undefined },
  working: { code: 0, task: 'SUCCEEDED' },
  draining: { code: 143, task: 'RUNNING' },
} satisfies Record<Phase, Partial<Stopped>>;
