import type { Clock } from '../../../src/framework/base/time/clock.js';
import type { ActivityPort } from '../../../src/framework/aws/activity-port.js';

/** One process of a fleet. */
export interface Member {
  /** Stops it, as by SIGTERM. Resolves when nothing of it is left; an unfinished task may keep it for ever. */
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

/** Returns the work time of a simulated task. */
export const sleepMsOf = (input: string): number => (JSON.parse(input) as { sleepMs: number }).sleepMs;
