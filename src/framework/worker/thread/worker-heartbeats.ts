import type { Recipes } from '../../aws/lean/recipe.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { ThreadProtectionClient } from '../protect/thread-protection-client.js';
import type { servePages } from '../health/page-server.js';
import type { Heartbeat, TrackedLease, Heartbeats } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { type HeartbeatListener, HeartbeatThread, type IdentitySource } from './heartbeat-thread.js';
import type { StartThread } from './start-thread.js';
import type { ThreadHeartbeat } from './thread-heartbeat.js';

export interface WorkerHeartbeatsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The most heartbeats per second. */
  readonly rate: number;
  /**
   * If the main thread is blocked for this many milliseconds, it counts as stuck, and no more heartbeats are sent.
   * `false`: it never counts as stuck.
   */
  readonly stallAfterMs: number | false;
  /**
   * Starts the thread that sends heartbeats. @default a worker thread of this process; if a clock was passed in, no
   * thread is started
   */
  readonly startHeartbeatThread?: StartThread;
  /** Opens the health port on the main thread, where the heartbeat thread has ended. @default over HTTP */
  readonly servePages?: typeof servePages;
}

/** An AWS region in which handlers poll for tasks. The tasks' heartbeats are sent to the same region. */
export interface HeartbeatRegion {
  readonly region: string;
  readonly port: ActivityPort;
  /**
   * The recipes of the region's requests: the parts that are the same in each request. Undefined if calls go through
   * the AWS SDK.
   */
  readonly recipes: Recipes | undefined;
}

/**
 * Sends the heartbeats of a worker. They are sent from a separate thread if possible, so that code that blocks the
 * event loop doesn't make tasks time out. It is possible if
 * - the clock is the system clock, which both threads can read,
 * - calls in all regions are made without the AWS SDK, since the thread doesn't load it,
 * - and the thread has not ended.
 *
 * Otherwise the main thread sends them.
 */
export class WorkerHeartbeats implements Heartbeats {
  readonly #options: WorkerHeartbeatsOptions;
  readonly #thread: HeartbeatThread | undefined;
  #listener: HeartbeatListener | undefined;
  /** Sends heartbeats from the main thread; undefined while the heartbeat thread sends all of them. */
  #scheduler: HeartbeatScheduler | undefined;
  /**
   * True once the heartbeat thread has ended unexpectedly. The main thread's scheduler then takes over, and doesn't
   * know how many heartbeats were just sent.
   */
  #takesOver = false;

  constructor(options: WorkerHeartbeatsOptions) {
    this.#options = options;
    const { clock, startHeartbeatThread: start } = options;
    if (clock !== systemClock && !start) return;
    const onEnded = (error: Error, left: Iterable<ThreadHeartbeat>): void => this.#threadEnded(error, left);
    this.#thread = new HeartbeatThread({ ...options, start, onEnded });
  }

  /**
   * Serves the pages of the health port from the heartbeat thread, even while the main thread is blocked. Undefined if
   * there is no heartbeat thread.
   */
  get serve(): typeof servePages | undefined {
    return this.#thread?.health.serve;
  }

  /**
   * Requests scale-in protection from the heartbeat thread, even while the main thread is blocked. Undefined if there is
   * no heartbeat thread.
   */
  get protection(): ThreadProtectionClient | undefined {
    return this.#thread?.protection;
  }

  /**
   * Prepares the heartbeat thread to send heartbeats in these regions. Called once, with all regions of the worker.
   * @param credentials the credentials with which calls are signed
   */
  connect(regions: readonly HeartbeatRegion[], credentials: IdentitySource): void {
    for (const { port } of regions) port.onMended?.(() => this.#scheduler?.mended());
    if (!this.#thread) return;
    const lean = regions.flatMap(({ recipes, ...rest }) => (recipes ? { ...rest, recipes } : []));
    if (lean.length < regions.length) return this.#options.log.info(BY_SDK);
    for (const region of lean) this.#thread.open(region, credentials);
  }

  /** From now on calls the listener's callbacks, and checks if the main thread is blocked. To be called once. */
  follow(listener: HeartbeatListener): void {
    this.#listener = listener;
    this.#thread?.follow(listener);
  }

  track(lease: TrackedLease): Heartbeat {
    return this.#thread?.track(lease) ?? this.#fromMain().track(lease);
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  #threadEnded(error: Error, left: Iterable<ThreadHeartbeat>): void {
    this.#options.log.error({ error: showError(error) }, THREAD_ENDED);
    this.#takesOver = true;
    for (const beat of left) beat.continueWith(this.#fromMain());
  }

  #fromMain(): HeartbeatScheduler {
    const { clock, rate, random } = this.#options;
    const { onStretch = () => {}, onAnswer = () => {}, onSent } = this.#listener ?? {};
    const takesOver = this.#takesOver;
    this.#scheduler ??= new HeartbeatScheduler({
      ...{ clock, rate, random, takesOver, onStretch, onAnswer, onSent },
    });
    return this.#scheduler;
  }
}

const BY_SDK =
  "heartbeats leave from the main thread, so code that blocks it for long costs leases: calls go through the AWS SDK's own client";

const THREAD_ENDED =
  'the thread of heartbeats ended: they leave from the main thread from now on, and code that blocks it costs leases';
