import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from './child.js';
import { RawClient } from './raw-client.js';

const OURS = fileURLToPath(new URL('local-process.js', import.meta.url));
const RIVAL = fileURLToPath(new URL('../../../bench/rivals/stepfunctions-local.js', import.meta.url));

/** The local Step Functions, by their names in the figures. */
const PROCESSES = {
  Stepwright: [OURS, 'stepwright'],
  'stepfunctions-local': [RIVAL, ''],
  'a bare HTTP server': [OURS, 'bare'],
} as const;

export type LocalCandidate = keyof typeof PROCESSES;
export const LOCAL_CANDIDATES = Object.keys(PROCESSES) as readonly LocalCandidate[];

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
export class LocalProcess {
  private constructor(
    readonly url: string,
    readonly pid: number,
    private readonly child: Child,
  ) {}

  static async start(candidate: LocalCandidate): Promise<LocalProcess> {
    const [file, given] = PROCESSES[candidate];
    const child = await startChild(file, given, ['--expose-gc']);
    return new LocalProcess(child.first as string, child.pid, child);
  }

  async create(name: string): Promise<Machine> {
    const { activityArn } = await this.#call<Machine>('CreateActivity', { name });
    const Task = {
      Type: 'Task',
      Resource: activityArn,
      TimeoutSeconds: 300,
      HeartbeatSeconds: 60,
      End: true,
    };
    return { activityArn, stateMachineArn: await this.#createMachine(name, Task) };
  }

  /** Starts executions of a machine whose only state is a Wait of a day. */
  async park(executions: number): Promise<void> {
    const stateMachineArn = await this.#createMachine('Waits', { Type: 'Wait', Seconds: 86_400, End: true });
    const client = await RawClient.open(this.url);
    for (let n = 0; n < executions; n++)
      await client.call('StartExecution', { stateMachineArn, input: INPUT });
    client.close();
  }

  /** Bytes in its heap after its garbage was collected. */
  async heap(): Promise<number> {
    return (await this.child.ask('heap')) as number;
  }

  stop(): Promise<void> {
    return this.child.stop();
  }

  /**
   * Takes executions through start, poll and success, each of the connections one at a time. A poll that brings nothing
   * is sent again. Then waits until each has succeeded with its output.
   * @returns executions a second, without the wait
   */
  async execute(machine: Machine, executions: number, connections: number): Promise<number> {
    const opened = Array.from({ length: connections }, () => RawClient.open(this.url));
    const clients = await Promise.all(opened);
    const executionArns: string[] = [];
    const limit = performance.now() + LIMIT_MS;
    const { stateMachineArn, activityArn } = machine;
    let started = 0;
    const loop = async (client: RawClient): Promise<void> => {
      while (started++ < executions) {
        const start = { stateMachineArn, input: INPUT };
        const { executionArn } = await client.call<{ executionArn: string }>('StartExecution', start);
        executionArns.push(executionArn);
        for (let taskToken: string | undefined; !taskToken;) {
          const task = await client.call<Task>('GetActivityTask', { activityArn, workerName: 'raw' });
          if (performance.now() > limit) throw new Error(`it was not done within ${LIMIT_MS / 1_000} s`);
          ({ taskToken } = task);
          if (!taskToken) continue;
          if (task.input !== INPUT) throw new Error(`a task came with ${task.input}`);
          await client.call('SendTaskSuccess', { taskToken, output: OUTPUT });
        }
      }
    };
    try {
      const from = performance.now();
      await Promise.all(clients.map(loop));
      const perSecond = (executions * 1_000) / (performance.now() - from);
      for (const executionArn of executionArns) await this.#assertSucceeded(executionArn, clients[0], limit);
      return perSecond;
    } finally {
      for (const client of clients) client.close();
    }
  }

  async #assertSucceeded(executionArn: string, client: RawClient | undefined, limit: number): Promise<void> {
    for (let status: string | undefined; status !== 'SUCCEEDED';) {
      const found = await client?.call<{ status: string; output: string }>('DescribeExecution', {
        executionArn,
      });
      status = found?.status;
      if (status === 'SUCCEEDED' && found?.output === OUTPUT) return;
      if (status !== 'RUNNING' || performance.now() > limit)
        throw new Error(`${executionArn} is ${status} with ${found?.output}`);
      await sleep(20);
    }
  }

  async #createMachine(name: string, state: object): Promise<string> {
    const definition = JSON.stringify({ StartAt: 'Only', States: { Only: state } });
    const roleArn = 'arn:aws:iam::123456789012:role/bench';
    return (await this.#call<Machine>('CreateStateMachine', { name, definition, roleArn })).stateMachineArn;
  }

  async #call<T>(operation: string, input: object): Promise<T> {
    const client = await RawClient.open(this.url);
    const output = await client.call<T>(operation, input);
    client.close();
    return output;
  }
}

export interface Task {
  readonly taskToken?: string;
  readonly input?: string;
}
