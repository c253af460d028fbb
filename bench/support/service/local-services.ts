import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answerOf, ask, dismiss } from '../child.js';
import { RawClient } from './raw-client.js';
import { rivalFile } from '../workers/rivals.js';

/** The local Step Functions, by their names in the figures. */
const FILES = {
  Stepwright: fileURLToPath(new URL('local-process.js', import.meta.url)),
  'bare HTTP server': fileURLToPath(new URL('bare-process.js', import.meta.url)),
  'stepfunctions-local': rivalFile('stepfunctions-local.js'),
} as const;

export type LocalCandidate = keyof typeof FILES;

const INPUT = '{"who":"hoge"}';
const OUTPUT = '{"message":"Hello hoge!"}';
/** The longest that a step may take before the benchmark fails. */
const LIMIT_MS = 180_000;

/** An activity, and a machine of one state that it works for. */
export interface Machine {
  readonly activityArn: string;
  readonly stateMachineArn: string;
}

/** A local service in a process of its own. */
export interface LocalProcess {
  readonly url: string;
  readonly pid: number;
  create(name: string): Promise<Machine>;
  /** Starts executions of a machine whose only state is a Wait of a day. */
  park(executions: number): Promise<void>;
  /** Bytes in its heap after its garbage was collected. */
  heap(): Promise<number>;
  stop(): Promise<void>;
}

export async function startLocal(candidate: LocalCandidate): Promise<LocalProcess> {
  const env = { ...process.env, AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: 'true' };
  const child = fork(FILES[candidate], { stdio: 'inherit', execArgv: ['--expose-gc'], env });
  const { url } = (await answerOf(child)) as { url: string };
  return {
    url,
    pid: child.pid ?? -1,
    create: (name) => create(url, name),
    park: (executions) => park(url, executions),
    heap: async () => (await ask(child, 'heap')) as number,
    stop: () => dismiss(child),
  };
}

async function create(url: string, name: string): Promise<Machine> {
  const client = await RawClient.open(url);
  const { activityArn } = (await client.call('CreateActivity', { name })) as Machine;
  const Task = { Type: 'Task', Resource: activityArn, TimeoutSeconds: 300, HeartbeatSeconds: 60, End: true };
  const { stateMachineArn } = (await client.call('CreateStateMachine', {
    name,
    definition: JSON.stringify({ StartAt: 'Task', States: { Task } }),
    roleArn: 'arn:aws:iam::123456789012:role/bench',
  })) as Machine;
  client.close();
  return { activityArn, stateMachineArn };
}

async function park(url: string, executions: number): Promise<void> {
  const Wait = { Type: 'Wait', Seconds: 86_400, End: true };
  const client = await RawClient.open(url);
  const { stateMachineArn } = (await client.call('CreateStateMachine', {
    name: 'Waits',
    definition: JSON.stringify({ StartAt: 'Wait', States: { Wait } }),
    roleArn: 'arn:aws:iam::123456789012:role/bench',
  })) as Machine;
  for (let n = 0; n < executions; n++) await client.call('StartExecution', { stateMachineArn, input: INPUT });
  client.close();
}

/** The figures of several executions. */
export interface Executed {
  readonly perSecond: number;
  /** The ARNs of all, oldest first. */
  readonly executionArns: readonly string[];
  /** The number of empty polls. */
  readonly emptyPolls: number;
}

/**
 * Takes executions through start, poll and success, each of the connections one at a time. A poll that brings nothing
 * is sent again.
 * @throws Error where a task's input is not the execution's
 */
export async function execute(
  url: string,
  machine: Machine,
  executions: number,
  connections: number,
): Promise<Executed> {
  const clients = await Promise.all(Array.from({ length: connections }, () => RawClient.open(url)));
  const executionArns: string[] = [];
  const limit = performance.now() + LIMIT_MS;
  let started = 0;
  let emptyPolls = 0;
  const from = performance.now();
  const loop = async (client: RawClient): Promise<void> => {
    while (started++ < executions) {
      const { stateMachineArn, activityArn } = machine;
      const { executionArn } = (await client.call('StartExecution', { stateMachineArn, input: INPUT })) as {
        executionArn: string;
      };
      executionArns.push(executionArn);
      for (;;) {
        const poll = { activityArn, workerName: 'raw' };
        const task = (await client.call('GetActivityTask', poll)) as { taskToken?: string; input?: string };
        if (performance.now() > limit) throw new Error(`it was not done within ${LIMIT_MS / 1_000} s`);
        if (!task.taskToken) {
          emptyPolls++;
          continue;
        }
        if (task.input !== INPUT) throw new Error(`a task came with ${task.input}`);
        await client.call('SendTaskSuccess', { taskToken: task.taskToken, output: OUTPUT });
        break;
      }
    }
  };
  try {
    await Promise.all(clients.map(loop));
    return { perSecond: (executions * 1_000) / (performance.now() - from), executionArns, emptyPolls };
  } finally {
    for (const client of clients) client.close();
  }
}

/**
 * Waits until each of these executions has ended, and asserts that it succeeded with its output.
 * @returns how long that took, in milliseconds
 */
export async function assertSucceeded(url: string, executionArns: readonly string[]): Promise<number> {
  const client = await RawClient.open(url);
  const from = performance.now();
  for (const executionArn of executionArns) {
    for (;;) {
      const execution = (await client.call('DescribeExecution', { executionArn })) as {
        status: string;
        output?: string;
      };
      if (execution.status === 'SUCCEEDED' && execution.output === OUTPUT) break;
      if (execution.status !== 'RUNNING' || performance.now() - from > LIMIT_MS)
        throw new Error(`${executionArn} is ${execution.status} with ${execution.output}`);
      await sleep(20);
    }
  }
  client.close();
  return performance.now() - from;
}
