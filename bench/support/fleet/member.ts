import type { Clock } from '../../../src/framework/base/time/clock.js';
import type { ActivityPort } from '../../../src/framework/aws/port.js';

/** One process of a fleet. */
export interface Member {
  /** It is told to go, as by SIGTERM. Resolves when nothing of it is left; what it never finishes may keep it for ever. */
  stop(): Promise<void>;
}

export interface Hiring {
  readonly name: string;
  readonly port: ActivityPort;
  readonly clock: Clock;
  readonly random: () => number;
  /** Tasks at once. */
  readonly slots: number;
}

/** How long a task of the simulation works. */
export const sleepMsOf = (input: string): number => (JSON.parse(input) as { sleepMs: number }).sleepMs;
