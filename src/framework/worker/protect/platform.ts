import type { Abortable } from '../../base/abort.js';
import type { PlatformName } from '../../base/worker-status.js';

/**
 * A platform (ECS or Kubernetes) that can be asked not to remove this worker's container when it scales in. Each call
 * ends when its signal aborts.
 */
export interface Platform {
  readonly name: PlatformName;
  /**
   * The milliseconds after which protection expires unless it is renewed; undefined if it never expires. Then it is
   * released at the start, since an earlier process in the same container may have been killed while it was protected.
   */
  readonly lapsesMs: number | undefined;
  /**
   * Requests protection, or renews it.
   * @param since the time at which the oldest running task was received, in epoch milliseconds
   * @throws Refused if protection was certainly not granted, and Error if it isn't known whether it was granted. The
   * message says what to do.
   */
  readonly protect: (since: number, signal: Abortable) => Promise<void>;
  /**
   * Releases the protection.
   * @throws Refused if the protection was certainly not released, and Error if it isn't known whether it was released
   */
  readonly release: (signal: Abortable) => Promise<void>;
}

/** Thrown if the platform has refused a call, so that the call has certainly changed nothing. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
