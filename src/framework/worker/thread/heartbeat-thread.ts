import { AsyncResource } from 'node:async_hooks';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
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

/** A region whose heartbeats the thread can send, because its calls don't need the SDK. */
export interface LeanRegion {
  readonly region: string;
  readonly port: ActivityPort;
  readonly recipes: Recipes;
}

/** Returns the credentials of the main thread's calls. */
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
  /**
   * Called once, if the thread ends before it is closed.
   * @param left the heartbeats that the thread was sending and that aren't released
   */
  readonly onEnded: (error: Error, left: Iterable<ThreadHeartbeat>) => void;
}

/** Gets told about the heartbeats of a worker. */
export interface HeartbeatListener extends Pick<SchedulerOptions, 'onStretch' | 'onAnswer' | 'onSent'> {
  /**
   * Called when the main thread's event loop runs again after a block. `gaveUp`: true if the main thread had counted as
   * stuck, so that heartbeats had stopped.
   */
  readonly onBlocked: (blockedMs: number, gaveUp: boolean) => void;
  /** Called every {@link TURN_MS} while the main thread's event loop runs. */
  readonly onTurn: () => void;
}

/** If a task's heartbeat interval is below this, the heartbeat thread gets a message to read the ledger at once. */
const SOON_MS = 5_000;
/** The interval at which the main thread checks for new credentials, which it sends to the heartbeat thread. */
const HAND_OVER_MS = 10_000;

/**
 * The main thread's side of the heartbeat thread: starts it, and exchanges messages with it. The heartbeat thread sends
 * heartbeats and serves the health port.
 */
export class HeartbeatThread {
  /** The main thread's side of the health port, which the heartbeat thread serves. */
  readonly health = new ThreadHealthClient((message) => {
    this.#send(message);
    this.#start();
  });
  readonly #options: HeartbeatThreadOptions;
  readonly #turns = new SharedArrayBuffer(4);
  readonly #ledgerMemory = ledgerMemory();
  readonly #ledger = new LeaseLedger(this.#ledgerMemory);
  /**
   * Undefined until the thread is needed: by the first task, by the health port, or {@link TURN_MS} after the worker's
   * start. So loading it doesn't delay the first polls.
   */
  #thread: StartedThread | undefined;
  /** Messages that are sent once the thread is started. */
  #unsent: ToThread[] = [];
  /** The async context in which the thread's messages are handled. It belongs to no task. */
  readonly #context = new AsyncResource('stepwright:heartbeats');
  /** The regions by their ports, each with its index in the order in which regions were opened. */
  readonly #regions = new Map<ActivityPort, LeanRegion & { readonly index: number }>();
  readonly #beats = new Map<number, ThreadHeartbeat>();
  readonly #timers: Cancel[] = [];
  #lastId = 0;
  #released: number[] = [];
  #listener: HeartbeatListener | undefined;
  #credentials: IdentitySource | undefined;
  /** The credentials that the thread has; undefined until the first ones were sent. */
  #handed: { readonly identity: Identity; readonly number: number; readonly asOf: AsOf } | undefined;
  #closed = false;
  #ended = false;

  constructor(options: HeartbeatThreadOptions) {
    this.#options = options;
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
   * Makes the thread send the heartbeats of a region. Tasks that are tracked before the thread has loaded wait until it
   * has.
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
   * From now on reports to the listener, and shows the heartbeat thread that the main thread's event loop is running.
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
        this.#start();
        show();
      }),
      clock.every(HAND_OVER_MS, () => void this.#handOver()),
    );
  }

  /**
   * Makes the thread send the heartbeats of a task. Returns undefined if the task's port wasn't opened, or if the
   * thread has ended.
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

  /** Renews the credentials with which the thread signs its calls, unless it has got others meanwhile. */
  async #refused({ number, type, error }: Extract<FromThread, { kind: 'refused' }>): Promise<void> {
    await this.#handOver();
    if (this.#handed?.number === number)
      this.#credentials?.refused({ type, error: toError(error) }, this.#handed.asOf);
  }

  #send(message: ToThread): void {
    if (this.#closed || this.#ended) return;
    if (this.#thread) this.#thread.postMessage(message);
    else this.#unsent.push(message);
  }

  /**
   * Ends a heartbeat in the thread. This is written to the ledger. If the ledger has no room, a message is sent, one
   * for all heartbeats that end in this turn of the event loop.
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
 * Returns how the main thread looks up network addresses. The two modules are loaded here, since a test bed needs
 * neither.
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
