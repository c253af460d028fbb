import { randomUUID } from 'node:crypto';
import {
  CreateStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { LocalServiceOptions } from 'stepwright/local';
import { type Bench, openBench, ROLE } from './service.js';

/** How a machine of one state has ended. Its output is parsed. */
export interface Ended {
  readonly status: string | undefined;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

const ended = ({ status, output, error, cause }: Partial<Record<keyof Ended, string>>): Ended => ({
  status,
  error,
  cause,
  output: output === undefined ? undefined : JSON.parse(output),
});

async function create({ client }: Bench, state: object, type: 'EXPRESS' | 'STANDARD'): Promise<string> {
  const definition = JSON.stringify({ StartAt: 'X', States: { X: state } });
  const name = randomUUID();
  const created = await client.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE, type }));
  return created.stateMachineArn ?? '';
}

/**
 * Runs an EXPRESS machine of one state.
 * @param seconds the steps in which the clock is advanced. @default it stands still
 */
export async function run(
  bench: Bench,
  state: object,
  input: unknown = {},
  seconds?: number,
): Promise<Ended> {
  const stateMachineArn = await create(bench, state, 'EXPRESS');
  bench.client.config.disableHostPrefix = true;
  const command = new StartSyncExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  const running = bench.client.send(command);
  if (seconds === undefined) return ended(await running);
  const isOver = running.then(() => true);
  for (;;) {
    await bench.clock.advance(seconds * 1_000);
    const turn = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
    if (await Promise.race([isOver, turn])) return ended(await running);
  }
}

export const outcome = async (options: LocalServiceOptions, state: object, input?: unknown): Promise<Ended> =>
  run(await openBench(options), state, input);

/** Runs a STANDARD machine of one state, and returns its events. The clock is advanced a second at a time. */
export async function eventsOf(options: LocalServiceOptions, state: object): Promise<HistoryEvent[]> {
  const bench = await openBench(options);
  const stateMachineArn = await create(bench, state, 'STANDARD');
  const { executionArn } = await bench.client.send(new StartExecutionCommand({ stateMachineArn }));
  for (;;) {
    const { events = [] } = await bench.client.send(new GetExecutionHistoryCommand({ executionArn }));
    if (/^Execution(?:Succeeded|Failed)$/.test(events.at(-1)?.type ?? '')) return events;
    await bench.clock.advance(1_000);
  }
}
