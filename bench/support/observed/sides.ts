import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answerOf, ask, dismiss } from '../child.js';

/** What is recorded of each task. */
export const RECORDED = ['nothing', 'log', 'Prometheus', 'OpenTelemetry metrics', 'traces'] as const;
export type Recorded = (typeof RECORDED)[number];

/** A worker of ours, or a loop that records the same by the library itself: the floor. */
export interface SideName {
  readonly who: 'Stepwright' | 'the floor';
  readonly recorded: Recorded;
}

/** One process in which sides take turns. All of them have its compiled code, its heap and its noise. */
export interface Sides {
  /** Runs one side alone. @returns the processor time of the whole process for one task, in microseconds */
  turn(side: SideName, tasks: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startSides(sides: readonly SideName[]): Promise<Sides> {
  const file = fileURLToPath(new URL('sides-process.js', import.meta.url));
  const child = fork(file, [JSON.stringify(sides)], {
    // What is logged goes through a pipe, as in a container.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  await answerOf(child);
  return {
    turn: async (side, tasks) => (await ask(child, 'turn', { side, tasks })) as number,
    stop: () => dismiss(child),
  };
}
