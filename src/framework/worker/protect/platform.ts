import type { Abortable } from '../../base/abort.js';
import type { PlatformName } from '../../base/worker-status.js';

/**
 * A platform that can be asked to leave this worker's container alone while it scales in. Each call ends when its
 * signal aborts.
 */
export interface Platform {
  readonly name: PlatformName;
  /** The time after which protection that was granted lapses by itself, in milliseconds; undefined: never. */
  readonly lapsesMs: number | undefined;
  /**
   * Gives back the protection that an earlier process in the same container has left behind. Called once, at the start.
   * @default nothing can be left behind for longer than `lapsesMs`
   */
  readonly clear?: (signal: Abortable) => Promise<void>;
  /**
   * Asks for protection, or for more time of it.
   * @param since the time at which the oldest running task was received, in epoch milliseconds
   * @throws Refused where it was not granted, and Error where that is not known. The message says what to do.
   */
  readonly protect: (since: number, signal: Abortable) => Promise<void>;
  /** Gives the protection back. @throws Error as `protect` does */
  readonly release: (signal: Abortable) => Promise<void>;
}

/** The error of a call that has certainly changed nothing. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
