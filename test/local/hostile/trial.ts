import { readFileSync } from 'node:fs';
import type { HostileBody } from './bodies.js';
import type { HostileInput } from './inputs.js';

const ROLE = 'arn:aws:iam::123456789012:role/any';
/** The longest that a trial waits for an input. Its cost is checked elsewhere, since a busy machine is slow. */
const GIVE_UP_MS = 40_000;

/**
 * The pause before the next of the other executions, and before the next look at an execution. The service's processor
 * time for them counts as that of the input, so they have to be few: on a busy machine an input takes many seconds.
 */
const OTHERS_MS = 30;
const LOOK_MS = 25;

/** The end of an input. */
interface Ended {
  /** Undefined after a success. */
  readonly error: string | undefined;
  readonly cause: string;
}

/** The period, in milliseconds, over which the service's processor time is looked at to see that it is idle. */
const IDLE_MS = 50;

/** The end of an input, and its cost for others, in milliseconds. */
export interface Outcome extends Ended {
  /** Real time, or the processor time of the service's process where the system measures it and that is less. */
  readonly tookMs: number;
  /**
   * The longest from the start of another execution to the answer of an open poll. It is the processor time of the service's
   * main thread where the system measures it, so that other processes of a busy machine don't count.
   */
  readonly slowestMs: number;
}

type Answer = Readonly<Record<string, unknown>>;

/** Tries inputs on a service, and starts other executions beside them. */
export class Trial {
  #machines = 0;

  constructor(
    private readonly url: string,
    private readonly pid: number,
  ) {}

  /** Makes the machine of the others, with one task. */
  async prepare(): Promise<void> {
    await this.#call('CreateActivity', { name: 'Other' });
    const Resource = 'arn:aws:states:us-east-1:123456789012:activity:Other';
    const definition = JSON.stringify({ StartAt: 'T', States: { T: { Type: 'Task', Resource, End: true } } });
    await this.#call('CreateStateMachine', { name: 'Other', definition, roleArn: ROLE });
    await this.#serveOther();
  }

  /** Creates the machine of an input, runs it to its end, and deletes it. */
  run(input: HostileInput): Promise<Outcome> {
    return this.#beside(async () => {
      const executionArn = await this.start(input);
      if (typeof executionArn !== 'string') return executionArn;
      const ended = await this.#end(executionArn);
      const stateMachineArn = executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');
      await this.#call('DeleteStateMachine', { stateMachineArn });
      return ended;
    });
  }

  /** Serves the other machine while something else goes on. */
  async during(disturbance: () => Promise<void>): Promise<Outcome> {
    return this.#beside(async () => {
      await disturbance();
      return { error: undefined, cause: '' };
    });
  }

  /** Makes a call with exactly this body. */
  send({ operation, body }: HostileBody): Promise<Outcome> {
    return this.#beside(async () => {
      const answer = await this.#send(operation, body);
      const { __type: type, message } = answer;
      const error = typeof type === 'string' ? type.replace(/.*#/, '') : undefined;
      return { error, cause: String(message).slice(0, 300) };
    });
  }

  /** Serves the other machine until the trial ends. */
  async #beside(trial: () => Promise<Ended>): Promise<Outcome> {
    const began = performance.now();
    const ran = processMs(this.pid);
    const trying = { tookMs: 0, done: false };
    const ended = trial().finally(() => {
      trying.tookMs = Math.min(performance.now() - began, processMs(this.pid) - ran);
      trying.done = true;
    });
    let slowestMs = 0;
    do {
      slowestMs = Math.max(slowestMs, await this.#serveOther());
      await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
    } while (!trying.done);
    return { ...(await ended), tookMs: trying.tookMs, slowestMs };
  }

  async #end(executionArn: string): Promise<Ended> {
    const began = performance.now();
    for (;;) {
      const { status, error, cause } = await this.#call('DescribeExecution', { executionArn });
      if (status === 'RUNNING' && performance.now() - began < GIVE_UP_MS) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        continue;
      }
      await this.#call('StopExecution', { executionArn });
      await this.#idle(began);
      const how = status === 'SUCCEEDED' ? undefined : String(error ?? status);
      return { error: how, cause: String(cause).slice(0, 300) };
    }
  }

  /** Waits until the service works no more for an execution that has ended: its cost includes what goes on after it. */
  async #idle(began: number): Promise<void> {
    for (let share = 1; share > 0.5 && performance.now() - began < GIVE_UP_MS;) {
      const used = mainThreadMs(this.pid);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      share = (mainThreadMs(this.pid) - used) / IDLE_MS;
    }
  }

  /** @returns the execution's ARN, or the refusal of its machine */
  async start({ machine, input = {} }: HostileInput): Promise<string | Ended> {
    const definition = typeof machine === 'string' ? machine : JSON.stringify(machine);
    const name = `Hostile${this.#machines++}`;
    const created = await this.#call('CreateStateMachine', { name, definition, roleArn: ROLE });
    const { stateMachineArn } = created;
    if (stateMachineArn === undefined)
      return { error: 'refused', cause: String(created['message']).slice(0, 300) };
    const started = await this.#call('StartExecution', { stateMachineArn, input: JSON.stringify(input) });
    const { executionArn } = started;
    if (typeof executionArn === 'string') return executionArn;
    return { error: 'refused', cause: String(started['message']).slice(0, 300) };
  }

  /** Runs one execution of the other machine. @returns the time from its start to the poll that got its task */
  async #serveOther(): Promise<number> {
    const Other = 'arn:aws:states:us-east-1:123456789012:activity:Other';
    const polled = this.#call('GetActivityTask', { activityArn: Other });
    const began = mainThreadMs(this.pid);
    const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:Other';
    // It may be refused while the executions take too much memory.
    for (let started: unknown; started === undefined;)
      started = (await this.#call('StartExecution', { stateMachineArn, input: '{}' }))['executionArn'];
    const { taskToken } = await polled;
    const took = mainThreadMs(this.pid) - began;
    await this.#call('SendTaskSuccess', { taskToken, output: '{}' });
    return took;
  }

  #call(operation: string, body: object): Promise<Answer> {
    return this.#send(operation, JSON.stringify(body));
  }

  async #send(operation: string, body: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'x-amz-target': `AWSStepFunctions.${operation}` },
      body,
    });
    return JSON.parse(await response.text()) as Answer;
  }
}

/** Returns the processor time of a process's main thread, or real time where the system does not measure it. */
function mainThreadMs(pid: number): number {
  try {
    const [nanoseconds = ''] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return performance.now();
  }
}

/** Returns that of all its threads, ended ones included. Linux counts it in hundredths of a second. */
function processMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return performance.now();
  }
}
