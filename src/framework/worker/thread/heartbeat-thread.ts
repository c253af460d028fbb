import { AsyncResource } from 'node:async_hooks';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { ThreadProtectionClient } from '../protect/thread-protection-client.js';
import type { servePages } from '../health/page-server.js';
import { ThreadHealthClient } from '../health/thread-health-client.js';
import type { AsOf, Renewal } from '../../aws/activity-calls.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import type { Heartbeat, TrackedLease } from '../heartbeat/heartbeats.js';
import type { SchedulerOptions } from '../heartbeat/heartbeat-scheduler.js';
import { LeaseLedger, ledgerMemory } from './lease-ledger.js';
import { type StartedThread, startThread, type StartThread } from './start-thread.js';
import { ThreadHeartbeat } from './thread-heartbeat.js';
import { type FromThread, type ThreadOptions, toError, type ToThread, TURN_MS } from './thread-messages.js';

/**
 * An AWS region whose heartbeats the thread can send, because its calls are made without the AWS SDK (the thread
 * doesn't load it).
 */
export interface LeanRegion {
  readonly region: string;
  readonly port: ActivityPort;
  readonly recipes: Recipes;
}

/** The source of the credentials with which the main thread signs its calls. */
export interface IdentitySource extends Pick<Renewal, 'asOf' | 'refused'> {
  /** Returns the credentials to sign the next call with. */
  current(): Identity | Promise<Identity>;
}

export interface HeartbeatThreadOptions {
  /** The system clock. The heartbeat thread reads the same clock. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly rate: number;
  readonly stallAfterMs: number | false;
  /** Starts the thread. @default a thread of this process */
  readonly start?: StartThread;
  /** Opens the health port on the main thread, where the heartbeat thread has ended. @default over HTTP */
  readonly servePages?: typeof servePages;
  /**
   * Called once, if the thread ends although `close` wasn't called.
   * @param left the heartbeats that the thread was sending and that weren't released yet
   */
  readonly onEnded: (error: Error, left: Iterable<ThreadHeartbeat>) => void;
}

/** Callbacks for what happens to a worker's heartbeats, and for blocks of its main thread. */
export interface HeartbeatListener extends Pick<SchedulerOptions, 'onStretch' | 'onAnswer' | 'onSent'> {
  /**
   * Called when the main thread's event loop runs again after it was blocked. `gaveUp`: true if it was blocked for so
   * long that the heartbeat thread had stopped sending heartbeats.
   */
  readonly onBlocked: (blockedMs: number, gaveUp: boolean) => void;
  /** Called every {@link TURN_MS} while the main thread's event loop runs. */
  readonly onTurn: () => void;
}

/**
 * The heartbeat thread reads new tasks from the ledger (shared memory) only every {@link TURN_MS}. If a task's
 * heartbeat interval is below this, the thread gets a message to read the ledger at once.
 */
const SOON_MS = 5_000;
/**
 * The interval at which the main thread checks if its credentials have changed. If they have, it sends them to the
 * heartbeat thread.
 */
const HAND_OVER_MS = 10_000;

/**
 * Represents the heartbeat thread on the main thread: starts it, and exchanges messages with it. The heartbeat thread
 * sends heartbeats and serves the health port, even while the main thread is blocked.
 */
export class HeartbeatThread {
  /** Makes the health port's pages on the main thread; the heartbeat thread requests them and serves them. */
  readonly health: ThreadHealthClient;
  /** Makes the heartbeat thread request scale-in protection. */
  readonly protection = new ThreadProtectionClient({
    send: (message) => {
      this.#requestsProtection = true;
      this.#send(message);
    },
    isRunning: () => this.#thread !== undefined && !this.#ended,
  });
  readonly #options: HeartbeatThreadOptions;
  readonly #turns = new SharedArrayBuffer(4);
  readonly #ledgerMemory = ledgerMemory();
  readonly #ledger = new LeaseLedger(this.#ledgerMemory);
  /**
   * The running thread; undefined until it is started: for the health port, for scale-in protection, or for the first
   * task before its handler is called. It loads even if that handler blocks the main thread. A worker without tasks
   * saves its 15 MB.
   */
  #thread: StartedThread | undefined;
  /** True if the thread has to request scale-in protection. It then starts {@link TURN_MS} after the worker. */
  #requestsProtection = false;
  /** Messages that are sent once the thread is started. */
  #unsent: ToThread[] = [];
  /**
   * The async context in which messages from the thread are handled. It is made outside of any task, so that messages
   * aren't handled in the context of the task for which the thread was started.
   */
  readonly #context = new AsyncResource('stepwright:heartbeats');
  /**
   * The AWS regions, by the port (the object that makes a region's calls). `index`: the position in the order in which
   * regions were opened, by which the shared memory with the tasks refers to a region.
   */
  readonly #regions = new Map<ActivityPort, LeanRegion & { readonly index: number }>();
  readonly #beats = new Map<number, ThreadHeartbeat>();
  readonly #timers: Cancel[] = [];
  #lastId = 0;
  #released: number[] = [];
  #listener: HeartbeatListener | undefined;
  #credentials: IdentitySource | undefined;
  /** The credentials that were last sent to the thread; undefined until the first ones were sent. */
  #handed: { readonly identity: Identity; readonly number: number; readonly asOf: AsOf } | undefined;
  #closed = false;
  #ended = false;

  constructor(options: HeartbeatThreadOptions) {
    this.#options = options;
    this.health = new ThreadHealthClient((message) => {
      this.#send(message);
      this.#start();
    }, options.servePages);
  }

  #start(): void {
    if (this.#thread || this.#closed || this.#ended) return;
    const { rate, stallAfterMs, start = startThread } = this.#options;
    const options: ThreadOptions = {
      turns: this.#turns,
      ledger: this.#ledgerMemory,
      rate,
      stallAfterMs,
      addresses: defaultAddresses(),
    };
    try {
      const thread = this.#context.runInAsyncScope(() =>
        start(options, {
          onMessage: (message) => this.#context.runInAsyncScope(() => this.#take(message)),
          onExit: (error) => this.#end(error),
        }),
      );
      this.#thread = thread;
      for (const message of this.#unsent) thread.postMessage(message);
      this.#unsent = [];
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /**
   * Prepares the thread to send heartbeats in a region. If `track` is called before the thread has loaded, the task's
   * heartbeats begin once it has.
   * @param region its `port` identifies the region in `track`
   */
  open(region: LeanRegion, credentials: IdentitySource): void {
    this.#regions.set(region.port, { ...region, index: this.#regions.size });
    this.#send({ kind: 'region', region: region.region, recipes: region.recipes });
    this.#credentials = credentials;
    void this.#handOver();
    region.port.onMended?.(() => void this.#handOver());
  }

  /**
   * From now on calls the listener's callbacks, and counts up the shared number that shows the heartbeat thread that
   * the main thread's event loop is running.
   */
  follow(listener: HeartbeatListener): void {
    this.#listener = listener;
    const turns = new Int32Array(this.#turns);
    const show = (): void => {
      Atomics.add(turns, 0, 1);
      listener.onTurn();
    };
    show();
    const { clock } = this.#options;
    this.#timers.push(
      clock.every(TURN_MS, () => {
        if (this.#requestsProtection) this.#start();
        show();
      }),
      clock.every(HAND_OVER_MS, () => void this.#handOver()),
    );
  }

  /**
   * Makes the thread send the heartbeats of a task. Returns undefined if the thread can't: the task's region wasn't
   * opened with `open`, or the thread has ended.
   */
  track(lease: TrackedLease): Heartbeat | undefined {
    const region = this.#regions.get(lease.port);
    if (!region) return undefined;
    this.#start();
    if (this.#ended) return undefined;
    const { token, everyMs, leasedAt } = lease;
    const id = ++this.#lastId;
    const written = this.#ledger.begin({ id, region: region.index, token, everyMs, leasedAt });
    const beat = new ThreadHeartbeat(lease, {
      ask: () => this.#send({ kind: 'send-now', id }),
      release: () => this.#release(id, written),
    });
    this.#beats.set(id, beat);
    if (!written) this.#send({ kind: 'track', id, region: region.region, token, everyMs, leasedAt });
    else if (everyMs < SOON_MS) this.#send({ kind: 'read-ledger' });
    return beat;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    await this.#thread?.terminate();
  }

  async #handOver(): Promise<void> {
    try {
      const identity = await this.#credentials?.current();
      const asOf = this.#credentials?.asOf();
      if (!identity || !asOf || (this.#handed && isSame(identity, this.#handed.identity))) return;
      const { accessKeyId, secretAccessKey, sessionToken } = identity;
      const number = (this.#handed?.number ?? 0) + 1;
      this.#handed = { identity, number, asOf };
      this.#send({
        ...{ kind: 'identity', number },
        identity: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      });
    } catch {
      // Calls report that credentials are missing. The thread keeps those that it has.
    }
  }

  /**
   * Called when the service has refused a heartbeat because of its credentials. Sends the current credentials to the
   * thread. If the thread has used them already, renews them.
   */
  async #refused({ number, type, error }: Extract<FromThread, { kind: 'refused' }>): Promise<void> {
    await this.#handOver();
    if (this.#handed?.number === number)
      this.#credentials?.refused({ type, error: toError(error) }, this.#handed.asOf);
  }

  #send(message: ToThread): void {
    if (this.#closed || this.#ended) return;
    if (this.#thread) return this.#thread.postMessage(message);
    // Credentials may be renewed many times before the thread is needed. It needs the last ones.
    if (message.kind === 'identity') this.#unsent = this.#unsent.filter(({ kind }) => kind !== 'identity');
    this.#unsent.push(message);
  }

  /**
   * Makes the thread stop sending a task's heartbeats, by writing an entry to the ledger (the memory that both threads
   * share). If the ledger has no room, sends a message instead, one for all tasks that end in this turn of the event
   * loop.
   */
  #release(id: number, written: boolean): void {
    if (!this.#beats.delete(id)) return;
    if (written && this.#ledger.end(id)) return;
    this.#released.push(id);
    if (this.#released.length > 1) return;
    this.#context.runInAsyncScope(() =>
      turn.after(() => {
        const ids = this.#released;
        this.#released = [];
        this.#send({ kind: 'release', ids });
      }),
    );
  }

  #take(message: FromThread): void {
    if (message.kind === 'results') this.#takeResults(message);
    else if (message.kind === 'gone') {
      const beat = this.#beats.get(message.id);
      this.#beats.delete(message.id);
      beat?.gone(toError(message.error));
    } else if (message.kind === 'load') this.#listener?.onStretch(message.stretched, message.load);
    else if (message.kind === 'unblocked') this.#listener?.onBlocked(message.blockedMs, message.gaveUp);
    else if (message.kind === 'refused') void this.#refused(message);
    else if (message.kind === 'protection' || message.kind === 'unprotected') this.protection.take(message);
    else this.health.take(message);
  }

  #takeResults({ accepted, answered, lateMs, failed }: Extract<FromThread, { kind: 'results' }>): void {
    for (const [id, at] of accepted) {
      this.#beats.get(id)?.accepted(at);
      this.#listener?.onAnswer();
    }
    for (const id of answered) this.#beats.get(id)?.answered();
    for (const late of lateMs) this.#listener?.onSent?.(late);
    for (const error of failed) this.#listener?.onAnswer(toError(error));
  }

  #end(error: Error): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#options.onEnded(error, this.#beats.values());
    this.#beats.clear();
    this.#context.runInAsyncScope(() => this.protection.threadEnded());
    void this.#context.runInAsyncScope(() => this.#serveFromMain());
  }

  async #serveFromMain(): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.health.serveFromMain()) log.warn('probes are answered from the main thread from now on');
    } catch (error) {
      log.error(
        { error: showError(error as Error) },
        'the health port can not be opened again: no probe is answered',
      );
    }
  }
}

/**
 * Returns the main thread's settings for network addresses, for use in the heartbeat thread. The two modules are loaded
 * only here, so that tests without a heartbeat thread don't load them.
 */
function defaultAddresses(): ThreadOptions['addresses'] {
  const { getDefaultResultOrder } = process.getBuiltinModule('node:dns');
  const { getDefaultAutoSelectFamily } = process.getBuiltinModule('node:net');
  return { order: getDefaultResultOrder(), autoSelectFamily: getDefaultAutoSelectFamily() };
}

const isSame = (one: Identity, other: Identity): boolean =>
  one.accessKeyId === other.accessKeyId &&
  one.sessionToken === other.sessionToken &&
  one.secretAccessKey === other.secretAccessKey;
