import { readFileSync } from 'node:fs';
import type { HostileBody } from './bodies.js';
import { jsonata } from '../conformance/row.js';
import type { HostileInput } from './inputs.js';

const ROLE = 'arn:aws:iam::123456789012:role/any';
/** The longest that a trial waits for an input that ends by itself: 10 s of processor time last long on a busy machine. */
const GIVE_UP_MS = 550_000;
/** The time after which a trial stops an input that goes on. */
const STOP_MS = 1_500;
/** The pause before the next of the other executions, and before the next look at an execution. */
const OTHERS_MS = 100;
const LOOK_MS = 25;

/** The end of an input. */
interface Ended {
  /** Undefined after a success; 'ABORTED' if the trial has stopped it. */
  readonly error: string | undefined;
  readonly cause: string;
}

/** The end of an input, and what others noticed of it, in milliseconds. */
export interface Outcome extends Ended {
  /**
   * The longest from the start of another execution to the answer of an open poll. It is the processor time of the service's
   * main thread where the system measures it, so that other processes of a busy machine don't count.
   */
  readonly slowestMs: number;
  /** The longest real time from the start to the end of another execution whose state is written in JSONata. */
  readonly turnMs: number;
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
    const query = JSON.stringify(jsonata({ Type: 'Pass', Output: '{% 1 + 1 %}' }));
    await this.#call('CreateStateMachine', { name: 'Query', definition: query, roleArn: ROLE });
    await this.#serveOther();
    await this.#serveQuery();
  }

  /** Creates the machine of an input, runs it to its end or stops it, and deletes it. */
  run(input: HostileInput): Promise<Outcome> {
    return this.#beside(async () => {
      const executionArn = await this.start(input);
      if (typeof executionArn !== 'string') return executionArn;
      const ended = await this.#end(executionArn, input.goesOn ? STOP_MS : GIVE_UP_MS);
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

  /** Serves the other machines until the trial ends. */
  async #beside(trial: () => Promise<Ended>): Promise<Outcome> {
    const trying = { isDone: false };
    const ended = trial().finally(() => (trying.isDone = true));
    const most = async (serve: () => Promise<number>): Promise<number> => {
      let mostMs = 0;
      do {
        mostMs = Math.max(mostMs, await serve());
        await new Promise((resolve) => setTimeout(resolve, OTHERS_MS));
      } while (!trying.isDone);
      return mostMs;
    };
    const others = [most(() => this.#serveOther()), most(() => this.#serveQuery())];
    const [slowestMs = 0, turnMs = 0] = await Promise.all(others);
    return { ...(await ended), slowestMs, turnMs };
  }

  async #end(executionArn: string, mostMs: number): Promise<Ended> {
    const began = performance.now();
    for (;;) {
      const { status, error, cause } = await this.#call('DescribeExecution', { executionArn });
      if (status !== 'RUNNING') {
        const how = status === 'SUCCEEDED' ? undefined : String(error ?? status);
        return { error: how, cause: String(cause).slice(0, 300) };
      }
      if (performance.now() - began > mostMs) await this.#call('StopExecution', { executionArn });
      else await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
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

  /** Runs one execution of the machine in JSONata. @returns the time from its start to its end */
  async #serveQuery(): Promise<number> {
    const began = performance.now();
    const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:Query';
    let { executionArn } = await this.#call('StartExecution', { stateMachineArn, input: '{}' });
    // It may be refused while the executions take too much memory.
    while (executionArn === undefined)
      ({ executionArn } = await this.#call('StartExecution', { stateMachineArn, input: '{}' }));
    for (;;) {
      const { status } = await this.#call('DescribeExecution', { executionArn });
      if (status !== 'RUNNING') return performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
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
