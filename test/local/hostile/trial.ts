import type { HostileInput } from './inputs.js';

const ROLE = 'arn:aws:iam::123456789012:role/any';
/** How long an input may be at it before the trial gives up. */
const GIVE_UP_MS = 10_000;

/** How an input ended, and how others fared meanwhile. Milliseconds. */
export interface Outcome {
  readonly error: string | undefined;
  readonly cause: string;
  readonly tookMs: number;
  /** The longest from the start of another execution to a poll that was open. */
  readonly slowestMs: number;
}

type Answer = Readonly<Record<string, unknown>>;

/** Tries inputs on a service, and starts other executions beside them. */
export class Trial {
  #machines = 0;

  constructor(private readonly url: string) {}

  /** Makes what the others run: a machine with one task. */
  async prepare(): Promise<void> {
    await this.#call('CreateActivity', { name: 'Other' });
    const Resource = 'arn:aws:states:us-east-1:123456789012:activity:Other';
    const definition = JSON.stringify({ StartAt: 'T', States: { T: { Type: 'Task', Resource, End: true } } });
    await this.#call('CreateStateMachine', { name: 'Other', definition, roleArn: ROLE });
    await this.#serveOther();
  }

  async run(input: HostileInput): Promise<Outcome> {
    const began = performance.now();
    const executionArn = await this.start(input);
    if (typeof executionArn !== 'string')
      return { ...executionArn, tookMs: performance.now() - began, slowestMs: 0 };
    let slowestMs = 0;
    for (;;) {
      slowestMs = Math.max(slowestMs, await this.#serveOther());
      const { status, error, cause } = await this.#call('DescribeExecution', { executionArn });
      const tookMs = performance.now() - began;
      if (status === 'RUNNING' && tookMs < GIVE_UP_MS) continue;
      await this.#call('StopExecution', { executionArn });
      const how = status === 'SUCCEEDED' ? undefined : String(error ?? status);
      return { error: how, cause: String(cause).slice(0, 300), tookMs, slowestMs };
    }
  }

  /** @returns the execution's ARN, or how the machine was refused */
  async start({ machine, input = {} }: HostileInput): Promise<string | { error: string; cause: string }> {
    const definition = typeof machine === 'string' ? machine : JSON.stringify(machine);
    const name = `Hostile${this.#machines++}`;
    const created = await this.#call('CreateStateMachine', { name, definition, roleArn: ROLE });
    const { stateMachineArn } = created;
    if (stateMachineArn === undefined)
      return { error: 'refused', cause: String(created['message']).slice(0, 300) };
    const started = await this.#call('StartExecution', { stateMachineArn, input: JSON.stringify(input) });
    return String(started['executionArn']);
  }

  /** One execution of the other machine, from its start to its end. @returns how long its task took to a poll */
  async #serveOther(): Promise<number> {
    const Other = 'arn:aws:states:us-east-1:123456789012:activity:Other';
    const polled = this.#call('GetActivityTask', { activityArn: Other });
    const began = performance.now();
    const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:Other';
    await this.#call('StartExecution', { stateMachineArn, input: '{}' });
    const { taskToken } = await polled;
    const took = performance.now() - began;
    await this.#call('SendTaskSuccess', { taskToken, output: '{}' });
    return took;
  }

  async #call(operation: string, body: object): Promise<Answer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'x-amz-target': `AWSStepFunctions.${operation}` },
      body: JSON.stringify(body),
    });
    return JSON.parse(await response.text()) as Answer;
  }
}
