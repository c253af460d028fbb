import type { Recipes } from '../../aws/lean/recipe.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { type Clock, systemClock } from '../../base/time/clock.js';
import type { servePages } from '../health/page-server.js';
import type { Heartbeat, TrackedLease, Heartbeats } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { type HeartbeatListener, HeartbeatThread, type IdentitySource } from './heartbeat-thread.js';
import type { ThreadHeartbeat } from './thread-heartbeat.js';

export interface WorkerHeartbeatsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The most heartbeats a second. */
  readonly rate: number;
  /**
   * The milliseconds of a block after which the main thread is taken for stuck, so that no heartbeat is sent; false:
   * never.
   */
  readonly stallAfterMs: number | false;
}

/** A region in which handlers poll, whose tasks need heartbeats. */
export interface HeartbeatRegion {
  readonly region: string;
  readonly port: ActivityPort;
  /** The recipes of the port's requests; undefined where the port's calls go through the SDK. */
  readonly recipes: Recipes | undefined;
}

/**
 * The heartbeats of a worker, and the one place that decides which thread sends them. A thread of their own sends them,
 * so that code which blocks the event loop costs no lease, as long as
 * - the clock is the machine's, which both threads read,
 * - all regions have lean calls, since a thread loads no SDK,
 * - and that thread has not ended.
 *
 * Otherwise the main thread sends them.
 */
export class WorkerHeartbeats implements Heartbeats {
  readonly #options: WorkerHeartbeatsOptions;
  readonly #thread: HeartbeatThread | undefined;
  #listener: HeartbeatListener | undefined;
  /** The scheduler on the main thread; undefined until heartbeats are sent from there. */
  #scheduler: HeartbeatScheduler | undefined;

  constructor(options: WorkerHeartbeatsOptions) {
    this.#options = options;
    if (options.clock !== systemClock) return;
    const onEnded = (error: Error, left: Iterable<ThreadHeartbeat>): void => this.#threadEnded(error, left);
    this.#thread = new HeartbeatThread({ ...options, onEnded });
  }

  /**
   * Serves the health port's pages from the heartbeat thread, also while the main thread is blocked. Undefined where
   * there is no such thread.
   */
  get serve(): typeof servePages | undefined {
    return this.#thread?.health.serve;
  }

  /**
   * Lets the thread send the heartbeats of these regions, which must be all regions of the worker.
   * @param credentials the credentials that calls are signed with
   */
  connect(regions: readonly HeartbeatRegion[], credentials: IdentitySource): void {
    for (const { port } of regions) port.onMended?.(() => this.#scheduler?.mended());
    if (!this.#thread) return;
    const lean = regions.flatMap(({ recipes, ...rest }) => (recipes ? { ...rest, recipes } : []));
    if (lean.length < regions.length) return this.#options.log.info(BY_SDK);
    for (const region of lean) this.#thread.open(region, credentials);
  }

  /** Begins to report to the listener, and to watch whether the main thread is blocked. To be called once. */
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
    for (const beat of left) beat.continueWith(this.#fromMain());
  }

  #fromMain(): HeartbeatScheduler {
    const { clock, rate, random } = this.#options;
    const { onStretch = () => {}, onAnswer = () => {}, onSent } = this.#listener ?? {};
    this.#scheduler ??= new HeartbeatScheduler({ clock, rate, random, onStretch, onAnswer, onSent });
    return this.#scheduler;
  }
}

const BY_SDK =
  "heartbeats leave from the main thread, so code that blocks it for long costs leases: calls go through the AWS SDK's own client";

const THREAD_ENDED =
  'the thread of heartbeats ended: they leave from the main thread from now on, and code that blocks it costs leases';
